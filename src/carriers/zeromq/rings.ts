/**
 * The bell of who tells others of its topics: a socket that whoever may connect hears, whatever a policy lets him hear. So it says
 * only that something was published somewhere, by another number than before; what it was is asked for, as somebody. The number is said
 * again now and then, and to who has just come: who has missed one knows it by the next, and a line on which nothing is said is dead.
 */
import { randomBytes } from 'node:crypto';
import type { Subscriber, XPublisher } from 'zeromq';
import type { Rings, Tell } from '../port.ts';
import { handshakeMs, ringsDomain, type Guarded } from './guard.ts';
import type { KeyPair } from './keys.ts';
import type { Zeromq } from './package.ts';
import { oneByOne, dialOptions, socketOptions, untilClosed, withPort } from './socket.ts';

const usualBeatMs = 5000;
/** Who listens asks once a minute at least. */
const usualQuietMs = 5 * 60_000;
/** So many may fail to come. */
const lostBeats = 3;
const lookAgainMs = 1000;
/** It holds of the handshake, too, whose messages are larger than all that is said. */
const mostBytes = 4096;

export interface Ringer {
  /** Begins it, where it does not ring. @returns the port where it rings; `undefined`: it cannot now */
  port(): Promise<number | undefined>;
  close(): Promise<void>;
}

export interface RingerOptions {
  /** Where it is asked; it rings at the next port, or at any other one that is free. */
  readonly address: string;
  readonly secretKey: string;
  readonly watch: Tell['watch'];
  /** Its connections are counted. */
  readonly onOpen: (socket: Guarded) => void;
  readonly warn: (message: string) => void;
  readonly beatMs?: number;
  /** It ends when nobody has asked for longer, and begins anew when somebody does; milliseconds. */
  readonly quietMs?: number;
}

export function createRinger(zmq: Zeromq, context: InstanceType<Zeromq['Context']>, options: RingerOptions): Ringer {
  const { quietMs = usualQuietMs, warn } = options;
  let begun: ReturnType<typeof beginRinging> | undefined;
  let ended: Promise<void> = Promise.resolve();
  let askedAt = 0;
  const end = (): Promise<void> => {
    const one = begun;
    begun = undefined;
    const closed = ended.then(async () => (await one?.catch(() => undefined))?.close());
    ended = closed.catch(() => undefined);
    return closed;
  };
  const onBeat = (): void => {
    if (performance.now() - askedAt <= quietMs) return;
    end().catch((error: unknown) => warn(`What rings has not ended as it should: ${(error as Error).message}`));
  };
  return {
    port: async () => {
      askedAt = performance.now();
      begun ??= ended.then(() => beginRinging(zmq, context, options, onBeat));
      const one = begun;
      try {
        return (await one).port;
      } catch (error) {
        if (begun === one) begun = undefined;
        warn(`Who listens is not rung for, and looks once a second: ${(error as Error).message}`);
        return undefined;
      }
    },
    close: end,
  };
}

async function beginRinging(
  zmq: Zeromq,
  context: InstanceType<Zeromq['Context']>,
  { address, secretKey, watch, onOpen, beatMs = usualBeatMs }: RingerOptions,
  onBeat: () => void,
): Promise<{ port: number; close: () => Promise<void> }> {
  const socket = new zmq.XPublisher({
    ...socketOptions(address),
    context,
    curveServer: true,
    curveSecretKey: secretKey,
    zapDomain: ringsDomain,
    handshakeInterval: handshakeMs,
    maxMessageSize: mostBytes,
    verbosity: 'allSubs',
    linger: 0,
  });
  const run = randomBytes(6).toString('hex');
  let count = 0;
  const send = oneByOne((frame: string) => socket.send(frame));
  const say = (): void => void send(`${run} ${count}`).catch(() => undefined);
  const ring = (): void => {
    count++;
    say();
  };
  const port = Number(/:(\d+)$/.exec(address)?.[1]);
  try {
    onOpen(socket);
    await socket.bind(withPort(address, port < 65_535 ? port + 1 : 0)).catch(() => socket.bind(withPort(address, 0)));
    const end = await watch(ring);
    const beats = setInterval(() => {
      say();
      onBeat();
    }, beatMs);
    void untilClosed(socket, greet(socket, say));
    const close = async (): Promise<void> => {
      clearInterval(beats);
      socket.close();
      await end();
    };
    return { port: Number(/:(\d+)$/.exec(socket.lastEndpoint ?? '')?.[1]), close };
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Each that begins to hear. */
async function greet(socket: XPublisher, say: () => void): Promise<void> {
  for await (const [what] of socket) if (what?.[0] === 1) say();
}

export interface HearOptions {
  /** Where it is asked. */
  readonly address: string;
  readonly keys: KeyPair;
  /** The public one of who rings. */
  readonly far: string;
  /** Of the other end. */
  readonly beatMs?: number;
}

/** What a bell says, at whatever port the other end has it. */
export interface Hearing extends Rings {
  at(port: number | undefined): void;
  close(): void;
}

export function hearRings(
  zmq: Zeromq,
  { address, keys, far, beatMs = usualBeatMs }: HearOptions,
  hint: () => void,
): Hearing {
  const silentMs = lostBeats * beatMs;
  const since = performance.now();
  let last: string | undefined;
  let heardAt = -Infinity;
  let now: string | undefined;
  const socket = new zmq.Subscriber({
    ...dialOptions(zmq, { address, keys, far }),
    reconnectInterval: 100,
    reconnectMaxInterval: lookAgainMs,
    maxMessageSize: mostBytes,
  });
  socket.subscribe();
  const lapse = (): void => {
    heardAt = -Infinity;
    hint();
  };
  const heard = (said: string): void => {
    heardAt = performance.now();
    if (said === last) return;
    last = said;
    hint();
  };
  void untilClosed(socket, hear(socket, heard));
  socket.events.on('disconnect', lapse);
  const silence = (): number => performance.now() - heardAt;
  return {
    at: (port) => {
      const next = port === undefined ? undefined : withPort(address, port);
      if (next === now) return;
      if (now !== undefined) socket.disconnect(now);
      now = next;
      if (next !== undefined) socket.connect(next);
    },
    restMs: () => Math.max(lookAgainMs, silentMs - silence()),
    trouble: () => {
      if (silence() < silentMs || performance.now() - since < silentMs) return undefined;
      return now === undefined ? 'nothing rings there' : `nothing is heard at ${now}, where it rings`;
    },
    close: () => socket.close(),
  };
}

async function hear(socket: Subscriber, each: (said: string) => void): Promise<void> {
  for await (const [said] of socket) each(String(said));
}
