/**
 * ZeroMQ to a `dreamos receive --listen` of another machine: nothing of it is kept on the way, so what is not answered when the
 * connection breaks is brought again, as over a pipe.
 */
import { answerIn, parcelLine } from '../frames.ts';
import type { Answer, Carrier, Connection } from '../port.ts';
import { dial, type DialOptions } from './dial.ts';
import type { Zeromq } from './package.ts';

export function zeromqCarrier(zmq: Zeromq, options: DialOptions): Carrier {
  return { words: options.address, connect: (signal) => connect(zmq, options, signal) };
}

async function connect(zmq: Zeromq, options: DialOptions, signal: AbortSignal): Promise<Connection> {
  const { talk, say } = await dial<Answer>(zmq, options, answerIn, signal);
  return {
    ended: talk.ended,
    publish: async (parcel) => {
      const { n, answer } = talk.add();
      say(parcelLine({ n, parcel }));
      return answer;
    },
    close: async () => talk.end('the bridge was stopped'),
  };
}
