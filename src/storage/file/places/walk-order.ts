/**
 * What a walk over ready/ remembers for the sake of ordering keys: which keys it has skipped. Whoever skips a message must
 * not take a later one of its key in the same walk, whatever has happened meanwhile; but for the one that holds the key,
 * which may lie behind others: it came back to a lower priority, or to behind what was delayed.
 */
import type { FileContext } from '../disk/context.ts';
import { memory } from '../disk/memory.ts';
import type { EntryName } from '../names/entry-name.ts';

export interface WalkOrder {
  /** The how manieth walk of this process, and when it began: in uptime and in wall-clock time. */
  readonly serial: number;
  readonly startedAt: number;
  readonly startedTime: number;
  /** When (uptime) it last began from the top. */
  lookedAt: number;
  /** How many messages it has handed out. */
  handedOut: number;
  /**
   * By key: the places of those that were handed out and of which it is not known yet whether they are taken. Several
   * claims of a process share a walk, and none may take a message while an earlier one of its key may yet be skipped.
   */
  readonly unresolved: Map<string, Set<number>>;
  /** Keys of which this walk has skipped a message. */
  skipped: Map<string, Skipped> | undefined;
  /** How long it took to get past what it skipped; milliseconds. */
  passingMs: number;
}

interface Skipped {
  /** The place of the first one. */
  readonly place: number;
  /** Who holds the key: `undefined`, not known yet; '', nobody. */
  readonly holder: string | undefined;
}

/** A message that a walk came upon. */
export interface ReadyEntry {
  readonly dir: string;
  readonly text: string;
  readonly name: EntryName;
  readonly order: WalkOrder;
  /** The how manieth of its walk it is. */
  readonly place: number;
}

/**
 * How many walks have begun, and the names that one came upon before it could be sure of their order, each with how many
 * had begun by then.
 */
const begun = memory(() => ({ walks: 0, noted: new Map<string, number>() }));

export function startOrder(ctx: FileContext): WalkOrder {
  const startedAt = ctx.clock.uptime();
  return {
    serial: ++begun.of(ctx).walks,
    startedAt,
    startedTime: ctx.clock.now(),
    lookedAt: startedAt,
    handedOut: 0,
    unresolved: new Map(),
    skipped: undefined,
    passingMs: 0,
  };
}

/** Whoever gets it calls `resolve`, whatever becomes of it. */
export function handOut(order: WalkOrder, found: Pick<ReadyEntry, 'dir' | 'text' | 'name'>): ReadyEntry {
  const { dir, text, name } = found;
  const place = ++order.handedOut;
  if (name.order) {
    const places = order.unresolved.get(name.order.key);
    if (places) places.add(place);
    else order.unresolved.set(name.order.key, new Set([place]));
  }
  return { dir, text, name, order, place };
}

export function resolve({ name, order, place }: ReadyEntry): void {
  if (!name.order) return;
  const places = order.unresolved.get(name.order.key);
  places?.delete(place);
  if (places?.size === 0) order.unresolved.delete(name.order.key);
}

/**
 * A message is skipped, and stays where it is: no later one of its key may be taken in this walk.
 * @param holder who holds its key, where that is known
 */
export function skip(ctx: FileContext, { name, order, place }: ReadyEntry, holder?: string): void {
  if (!name.order) return;
  order.skipped ??= new Map();
  const known = order.skipped.get(name.order.key);
  order.skipped.set(name.order.key, {
    place: Math.min(place, known?.place ?? place),
    holder: holder ?? known?.holder,
  });
  order.passingMs = ctx.clock.uptime() - order.lookedAt;
}

/** Whether an earlier message of its key was skipped, or may yet be. */
export function isBehind({ name, order, place }: ReadyEntry): boolean {
  if (!name.order) return false;
  const { key } = name.order;
  if ((order.skipped?.get(key)?.place ?? place) < place) return true;
  for (const other of order.unresolved.get(key) ?? []) if (other < place) return true;
  return false;
}

/**
 * A walk lists bucket after bucket, so that of two messages sent while it is under way it may see the second and not the
 * first. Only what was there when it began is in order for sure: by the time of the message, or because an earlier walk
 * came upon it. A walk ends with what is too young for it, and the next one begins.
 */
export function isYoung(ctx: FileContext, { name, order, text }: ReadyEntry): boolean {
  if (name.time < order.startedTime) return false;
  const { noted, walks } = begun.of(ctx);
  const before = noted.get(text);
  if (before !== undefined && before < order.serial) {
    noted.delete(text);
    return false;
  }
  if (noted.size > 4096) noted.clear();
  if (before === undefined) noted.set(text, walks);
  return true;
}
