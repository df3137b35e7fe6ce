import type { Tell } from '../port.ts';
import { answerWithinMs } from './dial.ts';
import type { Proofs } from './proof.ts';
import { type Question, questionIn, saidLine } from './questions.ts';
import type { Ringer } from './rings.ts';

/** Where who listens to topics is answered: of each peer one question after the other, and of each connection one at a time. */
export interface Desk {
  /** Never rejects. @returns what is answered */
  answer(connection: Buffer, frame: Buffer): Promise<string>;
  /** Nothing more is asked of the root. */
  close(): Promise<void>;
}

export interface DeskOptions {
  readonly proofs: Pick<Proofs, 'peerOf'>;
  readonly tell: Tell['ask'];
  readonly ringer: Ringer;
  readonly warn: (message: string) => void;
  /** Monotonic milliseconds. */
  readonly uptime?: () => number;
}

export function createDesk({ proofs, tell, ringer, warn, uptime = () => performance.now() }: DeskOptions): Desk {
  const busy = new Set<string>();
  const queues = new Map<string, Promise<unknown>>();
  let isClosed = false;
  const answerOne = async ({ n, ask }: Question, peer: string, came: number): Promise<string> => {
    if (isClosed) return refusal(n, 'PEER_UNREACHABLE', 'it is about to end', 'later');
    // That its connection has gone nobody says here.
    if (uptime() - came >= answerWithinMs) return refusal(n, 'PEER_UNREACHABLE', 'it has waited for too long', 'later');
    const told = await tell(ask, peer);
    const bell = told.is === 'heard' ? await ringer.port() : undefined;
    return saidLine(n, { told, ...(bell !== undefined && { bell }) });
  };
  const take = async (connection: Buffer, question: Question): Promise<string> => {
    const { n, proof } = question;
    const name = connection.toString('hex');
    if (busy.has(name)) return refusal(n, 'LIMITED', 'one question at a time');
    const peer = proofs.peerOf(connection, proof);
    if (peer === undefined) return refusal(n, 'UNAUTHENTICATED', 'who asks has not shown whose key he has');
    busy.add(name);
    const came = uptime();
    const answered = (queues.get(peer) ?? Promise.resolve())
      .then(() => answerOne(question, peer, came))
      .finally(() => busy.delete(name));
    queues.set(
      peer,
      answered.catch(() => undefined),
    );
    return answered;
  };
  return {
    answer: async (connection, frame) => {
      const question = questionIn(frame);
      if (!question) return `This is no question of who listens: ${frame.toString('utf8', 0, 60)}`;
      return take(connection, question).catch((error: unknown) => {
        // Of one question: all else that is answered here goes on.
        const reason = `something unexpected happened: ${(error as Error).message}`;
        warn(`Who listens could not be answered: ${reason}`);
        return refusal(question.n, 'UNEXPECTED', reason, 'later');
      });
    },
    close: async () => {
      isClosed = true;
      await Promise.all(queues.values());
      await ringer.close();
    },
  };
}

const refusal = (n: number, code: string, reason: string, is: 'refused' | 'later' = 'refused'): string =>
  saidLine(n, { told: { is, code, reason } });
