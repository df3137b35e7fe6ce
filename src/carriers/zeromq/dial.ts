/**
 * A connection to a `dreamos receive --listen`. The library would connect anew by itself, and would not say what was lost; so each of
 * its sockets is one connection here, and who has it makes the next one.
 */
import type { Dealer } from 'zeromq';
import { greeting, mostLineBytes } from '../frames.ts';
import { CarrierDown } from '../port.ts';
import { createTalk, type Talk, type TalkOptions } from '../talk.ts';
import { hostTrouble, type LookUp, oneByOne, dialOptions } from './socket.ts';
import type { KeyPair } from './keys.ts';
import type { Zeromq } from './package.ts';

export interface DialOptions {
  readonly address: string;
  readonly keys: KeyPair;
  /** The public one of who listens there. */
  readonly far: string;
  /** The other end has to say what it is within this; milliseconds. */
  readonly helloMs?: number;
  /** As over a pipe; milliseconds. */
  readonly answerMs?: number;
  readonly lookUp?: LookUp;
}

export interface Dialed<A> {
  readonly talk: Talk<A>;
  readonly say: (frame: Uint8Array | string) => void;
  readonly hello: string;
}

const helloWithinMs = 20_000;
/** Who has asked waits no longer. */
export const answerWithinMs = 60_000;
const hourMs = 3_600_000;
/** Of what is answered: a page of messages, which has more around it than one alone. */
const mostAnswerBytes = 4 * mostLineBytes;

/** @throws CarrierDown */
export async function dial<A>(
  zmq: Zeromq,
  { address, keys, far, helloMs = helloWithinMs, answerMs = answerWithinMs, lookUp }: DialOptions,
  answerIn: TalkOptions<A>['answerIn'],
  signal: AbortSignal,
): Promise<Dialed<A>> {
  const trouble = await unlessStopped(hostTrouble(address, lookUp), signal);
  if (trouble !== undefined) throw new CarrierDown(trouble);
  const socket = new zmq.Dealer({
    ...dialOptions(zmq, { address, keys, far }),
    // With -1 (never) it would throw away what has come and is not read yet.
    reconnectInterval: hourMs,
    maxMessageSize: mostAnswerBytes,
    // Those that wait here have their number above already.
    sendHighWaterMark: 0,
  });
  const talk = createTalk<A>({
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
  let hint: string | undefined;
  const refused = (): void => {
    hint = `If it is missing there: echo 'peer <name of this root> ${keys.publicKey}' >> <the file>; then start its receive anew`;
    talk.end('the key of this root is not in the file of the other one, or too many are connected there');
  };
  void watch(socket, talk.end, refused).catch(failed);
  try {
    socket.connect(address);
    say(greeting);
  } catch (error) {
    failed(error);
  }
  const hello = await talk.greeted(signal).catch((error: Error) => {
    throw new CarrierDown(error.message, { hint });
  });
  return { talk, say, hello };
}

/** How long a look-up takes is the resolver's. @returns `undefined`: the signal has come before */
async function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let stop: () => void = () => undefined;
  const stopped = new Promise<undefined>((resolve) => (stop = () => resolve(undefined)));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function hear(socket: Dealer, each: (line: string) => void): Promise<void> {
  for await (const [frame] of socket) each(String(frame));
}

/** What the library says of the connection is the only word of its end. */
async function watch(socket: Dealer, end: (why: string) => void, refused: () => void): Promise<void> {
  for await (const event of socket.events) {
    if (event.type === 'close') end('nobody listens there, or nothing leads there');
    else if (event.type === 'handshake:error:auth') refused();
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
