import { CarrierDown, type FarTopics } from '../port.ts';
import { dial, type DialOptions } from './dial.ts';
import type { Zeromq } from './package.ts';
import { proofOf } from './proof.ts';
import { nonceIn, questionLine, type Said, saidIn } from './questions.ts';
import { type Hearing, hearRings } from './rings.ts';

/** The topics of a root where `dreamos receive --listen` runs. What breaks is connected anew by the next question. */
export function zeromqTopics(zmq: Zeromq, options: DialOptions, signal: AbortSignal): FarTopics {
  const { address, keys, far } = options;
  let line: ReturnType<typeof connect> | undefined;
  let bell: number | undefined;
  let hearing: Hearing | undefined;
  let hint: () => void = () => undefined;
  const connect = async () => {
    const { talk, say, hello } = await dial<Said>(zmq, options, saidIn, signal);
    const nonce = nonceIn(hello);
    if (nonce === undefined) {
      talk.end('it tells nothing of its topics');
      throw new CarrierDown('its version of dreamos tells nobody of its topics');
    }
    const stop = (): void => talk.end('listening was ended');
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    void talk.ended.then(() => {
      signal.removeEventListener('abort', stop);
      line = undefined;
      hint();
    });
    return { talk, say, proof: proofOf(keys, far, nonce) };
  };
  return {
    words: address,
    ask: async (ask) => {
      line ??= connect();
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
    },
    watch: (rung) => {
      hint = rung;
      hearing = hearRings(zmq, { address, keys, far }, rung);
      hearing.at(bell);
      return hearing;
    },
    close: async () => {
      hint = () => undefined;
      hearing?.close();
      (await line?.catch(() => undefined))?.talk.end('listening was ended');
    },
  };
}
