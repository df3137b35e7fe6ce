import { type CurveKeys, keyBytes, keyText } from './keys.ts';
import { quoteWord } from '../../model/basics/shell-word.ts';
import type { Zeromq } from './package.ts';
import { untilClosed } from './socket.ts';

/** Without a domain, or while nobody answers for it, everybody would come in who knows the public key. */
export const zapDomain = 'dreamos';
export const ringsDomain = 'dreamos-rings';
/** Who has not shown its key by then is cut off. */
export const handshakeMs = 5000;

export interface GuardOptions {
  readonly keys: Pick<CurveKeys, 'path' | 'peers'>;
  /** Of who was turned away. */
  readonly warn: (message: string) => void;
  /** Nobody else comes in while so many are connected. */
  readonly mostConnections?: number;
}

/** A socket whose connections are counted: of the library's, what tells of them. */
export interface Guarded {
  readonly closed: boolean;
  readonly events: AsyncIterable<{ readonly type: string }>;
}

const usualConnections = 64;

export interface Guard {
  /** Counts the connections of a socket. */
  count(domain: string, socket: Guarded): void;
  close(): void;
}

/** Lets in whose key is known (ZeroMQ's RFC 27), as long as there is room: who has shown none takes up none of it. */
export async function guard(
  zmq: Zeromq,
  context: InstanceType<Zeromq['Context']>,
  { keys: { path, peers }, warn, mostConnections = usualConnections }: GuardOptions,
): Promise<Guard> {
  const names = new Map([...peers].map(([name, key]) => [keyBytes(key)?.toString('hex'), name]));
  const told = new Set<string>();
  const tellOnce = (message: string): void => {
    // They come again and again.
    if (told.size < 100 && !told.has(message)) warn(message);
    told.add(message);
  };
  const rooms = new Map<string, Count>();
  const answer = (asked: readonly Buffer[]): string => {
    const from = String(asked[3]);
    const room = rooms.get(String(asked[2]));
    const name = names.get(asked[6]?.toString('hex'));
    if (name === undefined || !room) {
      const key = keyText(asked[6] ?? Buffer.alloc(0));
      tellOnce(
        `Somebody at ${from} was turned away: his key, ${key}, is not in ${path}. If it is a peer's: echo 'peer <its name> ${key}' >> ${quoteWord(path)}; then start this anew.`,
      );
      return '400';
    }
    const isFull = room.known() >= mostConnections;
    room.settled();
    if (!isFull) return '200';
    tellOnce(`${name} at ${from} was turned away: ${mostConnections} connections are open.`);
    return '400';
  };
  const gate = new zmq.Reply({ context, linger: 0 });
  await gate.bind('inproc://zeromq.zap.01');
  const serve = async (): Promise<void> => {
    for await (const asked of gate) {
      const [version = '', id = ''] = asked;
      await gate.send([version, id, answer(asked), '', '', '']);
    }
  };
  void untilClosed(gate, serve());
  return {
    count: (domain, socket) => {
      const room = createCount();
      rooms.set(domain, room);
      void untilClosed(socket, countIn(room, socket));
    },
    close: () => gate.close(),
  };
}

async function countIn(room: Count, { events }: Guarded): Promise<void> {
  for await (const { type } of events) {
    if (type === 'accept') room.accepted();
    else if (type === 'disconnect') room.left();
    // Not of who has shown a key that is not known: he may stay until his time is over.
    else if (type === 'handshake:error:other' || type === 'handshake:error:protocol') room.settled();
  }
}

/** How many connections have shown a key that is known. */
interface Count {
  accepted(): void;
  /** One of those that have just come has shown a key that is known, or is about to leave. */
  settled(): void;
  left(): void;
  known(): number;
}

/**
 * The library does not say whose connection has ended, nor of each that its handshake has failed. So all that are open are taken
 * for known, but those that came of late and are not settled: without a key none lives longer than `handshakeMs`. A stranger who
 * is gone may be taken off for some seconds too long, so that one more gets in.
 */
function createCount(now: () => number = () => performance.now()): Count {
  let open = 0;
  let strangers: number[] = [];
  return {
    accepted: () => {
      open++;
      strangers.push(now());
    },
    settled: () => void strangers.shift(),
    left: () => void open--,
    known: () => {
      const since = now() - 2 * handshakeMs;
      strangers = strangers.filter((at) => at >= since);
      return open - strangers.length;
    },
  };
}
