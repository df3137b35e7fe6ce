import type { DreamosError } from '../../model/errors.ts';
import { placedAt, placeIn } from '../root/cursor.ts';
import type { Session } from '../root/root.ts';
import { diskTrouble, notLookedInto } from '../root/trouble.ts';
import type { Entry } from '../../storage/port/look.ts';

interface Streams<T> {
  /** What each begins with. */
  readonly first: 'newest' | 'oldest';
  readonly look: (name: string) => AsyncGenerator<Timed<T>, void, undefined>;
}

/** When it got there, by the list that it is from; milliseconds since 1970. */
export interface Timed<T> {
  readonly at: number;
  readonly item: T;
}

/** Where a look over several mailboxes goes on. */
export interface TimedStart {
  readonly mailbox: string;
  /** Of the storage: what is behind it. */
  readonly place: string;
  readonly at: number;
}

/** @throws CURSOR_INVALID */
export function timedStart(after: string | undefined): TimedStart | undefined {
  if (after === undefined) return undefined;
  const [mailbox, place, at] = placeIn(after, ['', '', 0]);
  return { mailbox, place, at };
}

/** @returns the item, which says where it stands */
export function timed<T extends object>({ store: { look } }: Session, item: T, entry: Entry): Timed<T> {
  const { mailbox, ackedAt, deadAt } = entry;
  const at = ackedAt ?? deadAt ?? 0;
  return { at, item: placedAt(item, mailbox, look.placeOf(entry), at) };
}

/** Of what got there in the same moment those mailboxes come first whose names do, so of these it is told. */
export function isToldBefore(name: string, { mailbox }: TimedStart): boolean {
  return name.localeCompare(mailbox, 'en') < 0;
}

/** Of the mailbox that is named, which is an error where it cannot be looked into; or of all of these. */
export function inOneOrAll<T>(
  session: Session,
  named: string | undefined,
  names: readonly string[],
  streams: Streams<T>,
): AsyncGenerator<T, void, undefined> {
  return itemsOf(named === undefined ? inTime(session, names, streams) : streams.look(names[0] ?? named));
}

async function* itemsOf<T>(all: AsyncGenerator<Timed<T>, void, undefined>): AsyncGenerator<T, void, undefined> {
  for await (const { item } of all) yield item;
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
  { first, look }: Streams<T>,
): AsyncGenerator<Timed<T>, void, undefined> {
  const streams = names.map((name) => ({ name, items: look(name) }));
  const isBefore = (a: number, b: number): boolean => (first === 'newest' ? a > b : a < b);
  const failures: DreamosError[] = [];
  const next = async ({ name, items }: (typeof streams)[number]): Promise<Timed<T> | undefined> => {
    try {
      return (await items.next()).value ?? undefined;
    } catch (error) {
      failures.push(diskTrouble(error));
      session.warn(notLookedInto(name, error));
      return undefined;
    }
  };
  try {
    const heads = new Map<(typeof streams)[number], Timed<T>>();
    const advance = async (stream: (typeof streams)[number]): Promise<void> => {
      const head = await next(stream);
      if (head === undefined) heads.delete(stream);
      else heads.set(stream, head);
    };
    for (const stream of streams) await advance(stream);
    while (heads.size > 0) {
      const [stream, head] = [...heads].reduce((a, b) => (isBefore(b[1].at, a[1].at) ? b : a));
      yield head;
      await advance(stream);
    }
    if (failures[0] && failures.length === names.length) throw failures[0];
  } finally {
    for (const { items } of streams) await items.return();
  }
}
