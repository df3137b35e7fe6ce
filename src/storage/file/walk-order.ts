/**
 * What a walk over ready/ remembers for the sake of ordering keys: which keys it has left behind. Whoever passes over a
 * message must not take a later one of its key in the same walk, whatever has happened meanwhile; but for the one that
 * holds the key, which may lie behind others: it came back to a lower priority, or to behind what was delayed.
 */
import type { FileContext } from './context.ts';
import type { EntryName } from './entry-name.ts';

export interface WalkOrder {
  /** The how manieth walk of this process, and when it began: in uptime and in wall-clock time. */
  readonly serial: number;
  readonly startedAt: number;
  readonly startedTime: number;
  /** Keys of which this walk has left a message behind, and who holds them: `undefined`, not known yet; '', nobody. */
  left: Map<string, string | undefined> | undefined;
  /** How long it took to get past what it left behind; milliseconds. */
  passingMs: number;
}

export interface OrderingMemory {
  walks: number;
  /** Names that a walk came upon before it could be sure of their order, and how many walks had begun by then. */
  readonly noted: Map<string, number>;
  /** By mailbox: which messages that hold a key were seen to be in flight or resting, and when (uptime). */
  readonly live: Map<string, { readonly at: number; readonly looked: Set<string>; readonly lives: Set<string> }>;
}

export function startOrder(ctx: FileContext): WalkOrder {
  return {
    serial: ++ctx.ordering.walks,
    startedAt: ctx.clock.uptime(),
    startedTime: ctx.clock.now(),
    left: undefined,
    passingMs: 0,
  };
}

/**
 * A message is left where it is: no later one of its key may be taken in this walk.
 * @param holder who holds its key, where that is known
 */
export function leave(ctx: FileContext, order: WalkOrder, name: EntryName, holder?: string): void {
  if (!name.order) return;
  order.left ??= new Map();
  order.left.set(name.order.key, holder ?? order.left.get(name.order.key));
  order.passingMs = ctx.clock.uptime() - order.startedAt;
}

export function hasLeft(order: WalkOrder, name: EntryName): boolean {
  return name.order !== undefined && order.left?.has(name.order.key) === true;
}

/**
 * A walk lists bucket after bucket, so that of two messages sent while it is under way it may see the second and not the
 * first. Only what was there when it began is in order for sure: by the time of the message, or because an earlier walk
 * came upon it. A walk ends with what is too young for it, and the next one begins.
 */
export function isYoung(ctx: FileContext, order: WalkOrder, text: string, name: EntryName): boolean {
  if (name.time < order.startedTime) return false;
  const { noted, walks } = ctx.ordering;
  const before = noted.get(text);
  if (before !== undefined && before < order.serial) {
    noted.delete(text);
    return false;
  }
  if (noted.size > 4096) noted.clear();
  if (before === undefined) noted.set(text, walks);
  return true;
}
