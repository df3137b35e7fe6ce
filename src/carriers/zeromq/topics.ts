import { type Ask, CarrierDown, type FarTopics, type Told } from '../port.ts';
import { dial, type DialOptions } from './dial.ts';
import type { Zeromq } from './package.ts';
import { proofOf } from './proof.ts';
import { nonceIn, questionLine, type Said, saidIn } from './questions.ts';
import { type Hearing, hearRings } from './rings.ts';

/** The topics of a root where `dreamos receive --listen` runs. What breaks is connected anew by the next question. */
export function zeromqTopics(zmq: Zeromq, options: DialOptions, signal: AbortSignal): FarTopics {
  const { address, keys, far } = options;
  let line: ReturnType<typeof connect> | undefined;
  let ends = new AbortController();
  let bell: number | undefined;
  let hearing: Hearing | undefined;
  let hint: () => void = () => undefined;
  const stopped = (): void => ends.abort();
  signal.addEventListener('abort', stopped, { once: true });
  /** @param ended ends it, also while it is being made */
  const connect = async (ended: AbortSignal) => {
    const { talk, say, hello } = await dial<Said>(zmq, options, saidIn, ended);
    const nonce = nonceIn(hello);
    if (nonce === undefined) {
      talk.end('it tells nothing of its topics');
      throw new CarrierDown('its version of dreamos tells nobody of its topics');
    }
    const stop = (): void => talk.end('listening was ended');
    ended.addEventListener('abort', stop, { once: true });
    if (ended.aborted) stop();
    void talk.ended.then(() => {
      line = undefined;
      hint();
    });
    return { talk, say, proof: proofOf(keys, far, nonce) };
  };
  const begin = (): ReturnType<typeof connect> => {
    ends = new AbortController();
    if (signal.aborted) ends.abort();
    return connect(ends.signal);
  };
  const answered = async (ask: Ask): Promise<Told> => {
    line ??= begin();
    const { talk, say, proof } = await line.catch((error: unknown) => {
      line = undefined;
      throw error;
    });
    const { n, answer } = talk.add();
    say(questionLine({ n, ask, proof }));
    const said = await answer;
    bell = said.bell;
    hearing?.at(bell);
    return said.told;
  };
  return {
    words: address,
    ask: async (ask, withinMs = Infinity) => {
      if (withinMs === Infinity) return answered(ask);
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        // Its answer would come to the next question's time.
        ends.abort();
      }, withinMs);
      try {
        return await answered(ask);
      } catch (error) {
        throw isLate ? new CarrierDown(`nothing was answered for ${withinMs / 1000} s`) : error;
      } finally {
        clearTimeout(timer);
      }
    },
    watch: (rung) => {
      hint = rung;
      hearing = hearRings(zmq, { address, keys, far }, rung);
      hearing.at(bell);
      return hearing;
    },
    close: async () => {
      hint = () => undefined;
      signal.removeEventListener('abort', stopped);
      hearing?.close();
      (await line?.catch(() => undefined))?.talk.end('listening was ended');
    },
  };
}
