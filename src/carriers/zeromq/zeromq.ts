/**
 * ZeroMQ to a `dreamos receive --listen` of another machine: nothing of it is kept on the way, so what is not answered when the
 * connection breaks is brought again, as over a pipe. The library would connect anew by itself, and would not say what was lost; so each
 * of its sockets is one connection here, and the bridge makes the next one.
 */
import type { Dealer } from 'zeromq';
import { answerIn, greeting, mostLineBytes, parcelLine } from '../frames.ts';
import type { Answer, Carrier, Connection } from '../port.ts';
import { createTalk } from '../talk.ts';
import { oneByOne, socketOptions } from './socket.ts';
import type { KeyPair } from './keys.ts';
import type { Zeromq } from './package.ts';

export interface ZeromqOptions {
  readonly address: string;
  readonly keys: KeyPair;
  /** The public one of who listens there. */
  readonly far: string;
  /** The other end has to say what it is within this; milliseconds. */
  readonly helloMs?: number;
  /** As over a pipe; milliseconds. */
  readonly answerMs?: number;
}

const helloWithinMs = 20_000;
const answerWithinMs = 60_000;
const hourMs = 3_600_000;

export function zeromqCarrier(zmq: Zeromq, options: ZeromqOptions): Carrier {
  return { words: options.address, connect: (signal) => connect(zmq, options, signal) };
}

async function connect(zmq: Zeromq, options: ZeromqOptions, signal: AbortSignal): Promise<Connection> {
  const { address, keys, far, helloMs = helloWithinMs, answerMs = answerWithinMs } = options;
  const socket = new zmq.Dealer({
    ...socketOptions(address),
    context: new zmq.Context({ blocky: false }),
    curveServerKey: far,
    curvePublicKey: keys.publicKey,
    curveSecretKey: keys.secretKey,
    // With -1 (never) it would throw away what has come and is not read yet.
    reconnectInterval: hourMs,
    linger: 0,
    maxMessageSize: mostLineBytes,
    // Those that wait here have their number above already.
    sendHighWaterMark: 0,
  });
  const talk = createTalk<Answer>({
    answerIn,
    helloMs,
    who: 'who listens there has',
    stranger: 'no `dreamos receive` listens there',
    answerMs,
    onEnd: () => socket.close(),
  });
  const failed = (error: unknown): void => talk.end((error as Error).message);
  const send = oneByOne((frame: Uint8Array | string) => socket.send(frame));
  const say = (frame: Uint8Array | string): void => void send(frame).catch(failed);
  void hear(socket, talk.hear).catch(failed);
  void watch(socket, talk.end).catch(failed);
  try {
    socket.connect(address);
    say(greeting);
  } catch (error) {
    failed(error);
  }
  await talk.greeted(signal);

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

async function hear(socket: Dealer, each: (line: string) => void): Promise<void> {
  for await (const [frame] of socket) each(String(frame));
}

/** What the library says of the connection is the only word of its end. */
async function watch(socket: Dealer, end: (why: string) => void): Promise<void> {
  for await (const event of socket.events) {
    if (event.type === 'close') end('nobody listens there, or nothing leads there');
    else if (event.type === 'handshake:error:auth')
      end('the key of this root is not in the file of the other one, or too many are connected there');
    else if (event.type === 'handshake:error:protocol' || event.type === 'handshake:error:other')
      end('the other end does not have the key that this one has of it, or speaks something else');
    else if (event.type === 'disconnect') {
      await turnOfLoop();
      end('the connection has broken');
    }
  }
}

/** What came before the end may be told of behind it: each socket of the two has a turn in between. */
async function turnOfLoop(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
