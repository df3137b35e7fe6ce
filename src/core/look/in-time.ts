import type { DreamosError } from '../../model/errors.ts';
import type { Session } from '../root/root.ts';
import { diskTrouble, notLookedInto } from '../root/trouble.ts';

interface Streams<T> {
  /** What each begins with. */
  readonly first: 'newest' | 'oldest';
  readonly look: (name: string) => AsyncGenerator<T, void, undefined>;
  readonly timeOf: (one: T) => string;
}

/** Of the mailbox that is named, which is an error where it cannot be looked into; or of all of these. */
export function inOneOrAll<T>(
  session: Session,
  named: string | undefined,
  names: readonly string[],
  streams: Streams<T>,
): AsyncGenerator<T, void, undefined> {
  return named === undefined ? inTime(session, names, streams) : streams.look(names[0] ?? named);
}

/** The first so many. */
export async function* upTo<T>(limit = Infinity, items: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  let count = 0;
  if (limit <= 0) return;
  for await (const item of items) {
    yield item;
    if (++count >= limit) return;
  }
}

/**
 * What lies in several mailboxes, each in the order of time, as one: of each no more than the next one is held. One in
 * disorder is said, and hides nothing of the others.
 * @throws the failure where none of them could be looked into
 */
async function* inTime<T>(
  session: Session,
  names: readonly string[],
  { first, look, timeOf }: Streams<T>,
): AsyncGenerator<T, void, undefined> {
  const streams = names.map((name) => ({ name, items: look(name) }));
  const isBefore = (a: string, b: string): boolean => (first === 'newest' ? a > b : a < b);
  const failures: DreamosError[] = [];
  const next = async ({ name, items }: (typeof streams)[number]): Promise<T | undefined> => {
    try {
      return (await items.next()).value ?? undefined;
    } catch (error) {
      failures.push(diskTrouble(error));
      session.warn(notLookedInto(name, error));
      return undefined;
    }
  };
  try {
    const heads = new Map<(typeof streams)[number], T>();
    const advance = async (stream: (typeof streams)[number]): Promise<void> => {
      const head = await next(stream);
      if (head === undefined) heads.delete(stream);
      else heads.set(stream, head);
    };
    for (const stream of streams) await advance(stream);
    while (heads.size > 0) {
      const [stream, head] = [...heads].reduce((a, b) => (isBefore(timeOf(b[1]), timeOf(a[1])) ? b : a));
      yield head;
      await advance(stream);
    }
    if (failures[0] && failures.length === names.length) throw failures[0];
  } finally {
    for (const { items } of streams) await items.return();
  }
}
