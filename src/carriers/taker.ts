import { bytesTogether } from './intake.ts';
import type { Answer, Parcel, Refusal, Returned, Take } from './port.ts';

/** What a broker has brought, and keeps until it is acked. */
export interface Brought {
  /** Absent with `returned`, and where it is no mail of dreamos. */
  readonly parcel?: Parcel | undefined;
  readonly returned?: Returned | undefined;
  /** Where it was, for people. */
  readonly from: string;
  ack(): void;
  /** Gives it back: it is brought again. */
  again(): void;
  /** To who has published it. It is not acked by that. */
  sendBack(answer: Extract<Answer, { is: 'refused' }>): Promise<void>;
  /** For a person. It is not acked by that. */
  putAside(why: string): Promise<void>;
}

export interface Taker {
  come(one: Brought): void;
  /** What has come is taken, and nothing has come for so long; milliseconds. */
  rested(ms: number): Promise<void>;
  /** What is being taken is waited for, and what is not begun is given back. */
  stop(): Promise<void>;
}

/** The most that a broker brings before it is acked, and that are stored together. */
export const mostTogether = 256;
const restMs = 1000;

/** @param onFailure it takes nothing more */
export function createTaker(take: Take, onFailure: (error: unknown) => void): Taker {
  const queue: Brought[] = [];
  let taking: Promise<void> | undefined;
  let lastAt = performance.now();
  const takeAll = async (): Promise<void> => {
    while (queue.length > 0) await takeSome(take, queue.splice(0, togetherOf(queue)));
  };
  return {
    come: (one) => {
      lastAt = performance.now();
      queue.push(one);
      taking ??= takeAll()
        .catch(onFailure)
        .finally(() => (taking = undefined));
    },
    rested: async (ms) => {
      while (taking || performance.now() - lastAt < ms) {
        await taking;
        await new Promise((resolve) => setTimeout(resolve, ms / 3));
      }
    },
    stop: async () => {
      const left = queue.splice(0);
      await taking;
      // Behind what was before it.
      for (const one of left) one.again();
    },
  };
}

/** How many of these are stored together: one in any case. */
function togetherOf(queue: readonly Brought[]): number {
  let [count, bytes] = [0, 0];
  for (const { parcel } of queue) {
    bytes += parcel?.bytes.length ?? 0;
    if (count > 0 && (count === mostTogether || bytes > bytesTogether)) break;
    count++;
  }
  return count;
}

/** Why it is put aside that was refused, where nobody can be told so. */
export const ofNowhere = ({ id }: Parcel, { code, reason }: Refusal): string =>
  `${id} was refused (${code}: ${reason}), and does not say where it came from`;

/** Together they share the syncs of the store. */
async function takeSome(take: Take, come: readonly Brought[]): Promise<void> {
  const parcels: [Brought, Parcel][] = [];
  for (const one of come) {
    const { parcel, returned, from } = one;
    if (parcel) {
      parcels.push([one, parcel]);
      continue;
    }
    if (!returned) await one.putAside(`Something in ${from} is no mail of dreamos`);
    else if (!(await take.returned(returned))) {
      const { id, to, code } = returned;
      await one.putAside(`${id} was refused (${code}), and ${to} has nothing here that went there`);
    }
    one.ack();
  }
  if (parcels.length === 0) return;
  const answers = await take.parcels(parcels.map(([, parcel]) => parcel));
  const answered = parcels.map(([one], i) => [one, answers[i] as Answer] as const);
  // First: where the broker is full, that makes room for what is sent back.
  for (const [one, { is }] of answered) if (is === 'stored') one.ack();
  for (const [one, answer] of answered) {
    if (answer.is !== 'refused') continue;
    await one.sendBack(answer);
    one.ack();
  }
  const later = answered.filter(([, { is }]) => is === 'later');
  if (later.length === 0) return;
  // It comes again at once, so this rests before it is given back.
  await new Promise((resolve) => setTimeout(resolve, restMs));
  for (const [one] of later) one.again();
}
