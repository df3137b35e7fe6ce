import type { Router } from 'zeromq';
import { answerLine, type Framed, greeting, mostLineBytes, parcelIn } from '../frames.ts';
import { createIntake } from '../intake.ts';
import type { Answer, Parcel, Tell } from '../port.ts';
import { createDesk, type Desk } from './desk.ts';
import { cannotListen, oneByOne, socketOptions } from './socket.ts';
import { guard, type GuardOptions, handshakeMs, ringsDomain, zapDomain } from './guard.ts';
import type { CurveKeys } from './keys.ts';
import type { Zeromq } from './package.ts';
import { createProofs } from './proof.ts';
import { helloWith, isQuestion } from './questions.ts';
import { createRinger, type Ringer } from './rings.ts';

/** Who has the secret one of a peer's key comes in; nobody else. */
export interface ListenOptions extends GuardOptions {
  readonly address: string;
  readonly keys: CurveKeys;
  readonly take: (parcels: readonly Parcel[]) => Promise<readonly Answer[]>;
  /** Asked by who listens to topics. */
  readonly tell: Tell;
  /** Takes no more; what is being taken is answered. */
  readonly signal: AbortSignal;
  /** It listens, at this address: with port 0 another one was chosen. */
  readonly onUp: (address: string) => Promise<void>;
}

/** Of a connection, read ahead; more waits in its pipe. */
const mostAhead = 16;
/** For each bridge; of more the library throws away what it says to one that does not read. Twice what a bridge has under way. */
const mostAnswers = 4000;
/** What is answered last still leaves. */
const lingerMs = 1000;

/** Who sent it. */
interface Come extends Framed {
  readonly from: Buffer;
}

/** Answers what bridges bring, and who listens to topics, until the signal comes. @throws CANNOT_LISTEN */
export async function listenForBridges(zmq: Zeromq, options: ListenOptions): Promise<void> {
  const { address, keys, take, tell, signal, onUp, warn } = options;
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
    sendHighWaterMark: mostAnswers,
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
  const gate = await guard(zmq, context, options);
  gate.count(zapDomain, router);
  const proofs = createProofs(keys);
  let desk: Desk | undefined;
  const ringer = (): Ringer =>
    createRinger(zmq, context, {
      address: router.lastEndpoint ?? address,
      secretKey: keys.secretKey,
      watch: tell.watch,
      onOpen: (socket) => gate.count(ringsDomain, socket),
      warn,
    });
  const hear: Hear = {
    intake,
    hello: (from) => helloWith(proofs.nonceFor(from)),
    answer: async (from, frame) => {
      desk ??= createDesk({ proofs, tell: tell.ask, ringer: ringer(), warn });
      const said = await desk.answer(from, frame);
      // It is gone once this is over, and then asks again.
      await send([from, said]).catch(() => undefined);
    },
    send,
  };
  const end = async (): Promise<void> => {
    await intake.idle();
    await desk?.close();
    router.close();
  };
  stop.signal.addEventListener('abort', () => void end());
  const stopped = (): void => stop.abort();
  try {
    await router.bind(address).catch((error: unknown) => {
      throw cannotListen(address, error as Error, keys.path);
    });
    await onUp(router.lastEndpoint ?? address);
    signal.addEventListener('abort', stopped);
    if (!signal.aborted) await read(router, hear);
  } finally {
    signal.removeEventListener('abort', stopped);
    await end();
    gate.close();
  }
  if (failures.length > 0) throw failures[0];
}

/** What is done with what comes. */
interface Hear {
  readonly intake: ReturnType<typeof createIntake<Come>>;
  readonly hello: (from: Buffer) => string;
  readonly answer: (from: Buffer, question: Buffer) => Promise<void>;
  readonly send: (frames: [to: Buffer, frame: string]) => Promise<void>;
}

/** A socket that is closed ends it. */
async function read(router: Router, { intake, hello, answer, send }: Hear): Promise<void> {
  for await (const [from, frame, ...more] of router) {
    if (!from || !frame) continue;
    const isOne = more.length === 0;
    const framed = isOne ? parcelIn(frame) : undefined;
    if (framed) {
      intake.add({ ...framed, from });
      // Behind what has come together with it.
      setImmediate(intake.begin);
      await intake.room();
    } else if (frame.equals(Buffer.from(greeting))) await send([from, hello(from)]);
    else if (isOne && isQuestion(frame)) void answer(from, frame);
    // By this the bridge ends the connection, and says what it was.
    else await send([from, `This is no frame of a bridge: ${frame.toString('utf8', 0, 60)}`]);
  }
}
