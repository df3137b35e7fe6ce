import type { Tell } from '../port.ts';
import type { Proofs } from './proof.ts';
import { type Question, questionIn, saidLine } from './questions.ts';
import type { Ringer } from './rings.ts';

/** Where who listens to topics is answered: one question after the other, and of each connection one at a time. */
export interface Desk {
  /** Never rejects. @returns what is answered */
  answer(connection: Buffer, frame: Buffer): Promise<string>;
  /** Nothing more is asked of the root. */
  close(): Promise<void>;
}

export interface DeskOptions {
  readonly proofs: Proofs;
  readonly tell: Tell['ask'];
  readonly ringer: Ringer;
  readonly warn: (message: string) => void;
}

export function createDesk({ proofs, tell, ringer, warn }: DeskOptions): Desk {
  const busy = new Set<string>();
  let before: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  const answerOne = async (connection: Buffer, { n, ask, proof }: Question): Promise<string> => {
    const peer = proofs.peerOf(connection, proof);
    if (peer === undefined) return refusal(n, 'UNAUTHENTICATED', 'who asks has not shown whose key he has');
    if (isClosed) return refusal(n, 'PEER_UNREACHABLE', 'it is about to end', 'later');
    const told = await tell(ask, peer);
    const bell = told.is === 'heard' ? await ringer.port() : undefined;
    return saidLine(n, { told, ...(bell !== undefined && { bell }) });
  };
  return {
    answer: async (connection, frame) => {
      const question = questionIn(frame);
      if (!question) return `This is no question of who listens: ${frame.toString('utf8', 0, 60)}`;
      const name = connection.toString('hex');
      if (busy.has(name)) return refusal(question.n, 'LIMITED', 'one question at a time');
      busy.add(name);
      const answered = before
        .then(() => answerOne(connection, question))
        .catch((error: unknown) => {
          // Of one question: all else that is answered here goes on.
          const reason = `something unexpected happened: ${(error as Error).message}`;
          warn(`Who listens could not be answered: ${reason}`);
          return refusal(question.n, 'UNEXPECTED', reason, 'later');
        })
        .finally(() => busy.delete(name));
      before = answered;
      return answered;
    },
    close: async () => {
      isClosed = true;
      await before;
      await ringer.close();
    },
  };
}

const refusal = (n: number, code: string, reason: string, is: 'refused' | 'later' = 'refused'): string =>
  saidLine(n, { told: { is, code, reason } });
