import type { Router } from 'zeromq';
import { answerLine, type Framed, greeting, hello, mostLineBytes, parcelIn } from '../frames.ts';
import { createIntake } from '../intake.ts';
import type { Answer, Parcel } from '../port.ts';
import { cannotListen, oneByOne, socketOptions } from './socket.ts';
import { guard, type GuardOptions, handshakeMs, zapDomain } from './guard.ts';
import type { CurveKeys } from './keys.ts';
import type { Zeromq } from './package.ts';

/** Who has the secret one of a peer's key comes in; nobody else. */
export interface ListenOptions extends GuardOptions {
  readonly address: string;
  readonly keys: CurveKeys;
  readonly take: (parcels: readonly Parcel[]) => Promise<readonly Answer[]>;
  /** Takes no more; what is being taken is answered. */
  readonly signal: AbortSignal;
  /** It listens, at this address: with port 0 another one was chosen. */
  readonly onUp: (address: string) => Promise<void>;
}

/** Of a connection, read ahead; more waits in its pipe. */
const mostAhead = 16;
/** What is answered last still leaves. */
const lingerMs = 1000;

/** Who sent it. */
interface Come extends Framed {
  readonly from: Buffer;
}

/** Answers what bridges bring until the signal comes. @throws CANNOT_LISTEN */
export async function listenForBridges(zmq: Zeromq, options: ListenOptions): Promise<void> {
  const { address, keys, take, signal, onUp } = options;
  const context = new zmq.Context({ blocky: false });
  const router = new zmq.Router({
    ...socketOptions(address),
    context,
    curveServer: true,
    curveSecretKey: keys.secretKey,
    zapDomain,
    handshakeInterval: handshakeMs,
    maxMessageSize: mostLineBytes,
    receiveHighWaterMark: mostAhead,
    linger: lingerMs,
  });
  const send = oneByOne((frames: [to: Buffer, frame: string]) => router.send(frames));
  const failures: unknown[] = [];
  const stop = new AbortController();
  const intake = createIntake<Come>({
    store: async (some) => {
      const answers = await take(some.map(({ parcel }) => parcel));
      for (const [i, { n, from }] of some.entries()) await send([from, answerLine(n, answers[i] as Answer)]);
    },
    onFailure: (error) => {
      failures.push(error);
      stop.abort();
    },
    signal: stop.signal,
  });
  const end = async (): Promise<void> => {
    await intake.idle();
    router.close();
  };
  stop.signal.addEventListener('abort', () => void end());
  const stopped = (): void => stop.abort();
  const endGate = await guard(zmq, router, context, options);
  try {
    await router.bind(address).catch((error: unknown) => {
      throw cannotListen(address, error as Error);
    });
    await onUp(router.lastEndpoint ?? address);
    signal.addEventListener('abort', stopped);
    if (!signal.aborted) await read(router, send, intake);
  } finally {
    signal.removeEventListener('abort', stopped);
    await end();
    endGate();
  }
  if (failures.length > 0) throw failures[0];
}

/** A socket that is closed ends it. */
async function read(
  router: Router,
  send: (frames: [to: Buffer, frame: string]) => Promise<void>,
  intake: ReturnType<typeof createIntake<Come>>,
): Promise<void> {
  for await (const [from, frame, ...more] of router) {
    if (!from || !frame) continue;
    const framed = more.length === 0 ? parcelIn(frame) : undefined;
    if (framed) {
      intake.add({ ...framed, from });
      // Behind what has come together with it.
      setImmediate(intake.begin);
      await intake.room();
    } else if (frame.equals(Buffer.from(greeting))) await send([from, hello]);
    // By this the bridge ends the connection, and says what it was.
    else await send([from, `This is no frame of a bridge: ${frame.toString('utf8', 0, 60)}`]);
  }
}
