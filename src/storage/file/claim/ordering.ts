/**
 * Ordering keys: of the messages of one key in one mailbox one at a time is claimed, in delivery order, and the next one
 * only after it was settled for good (acked, cancelled, dead, put aside). One that was given back, or whose lease ran out,
 * still holds its key; one that was never claimed does not.
 *
 * Who holds a key is the key's head: keys/<key>/ with one file in it, `<id>.<life>.<attempt>` of the message.
 *
 *   acquire   a folder with that file in it, made beside, is renamed to keys/<key>. rename(2) succeeds onto nothing and
 *             onto an empty folder and fails onto any other, so of many processes one gets the key.
 *   claim     then comes the ordinary rename out of ready/, which decides among all who see the message as the head. So
 *             whoever dies in between keeps nobody from it. To claim it once more, the file is renamed to the new attempt.
 *   release   after the rename that settles: the file is removed by its name, then the folder. A process that was paused
 *             for an hour in between removes nothing but what it is done with: a message that is restored or retried
 *             has another life, so its old name is no head any more.
 *
 * Nobody may acquire a key for a later message while an earlier one is ready. A walk meets the earlier one first, and
 * remembers the key of what it skips or may yet skip (walk-order.ts, also for messages too young for this walk to be sure
 * of their order). What it loses to another process has been the head since before that process' rename, or is settled by
 * now.
 *
 * A head is stale when its message was settled and the process died before the release, or when the key was acquired for a
 * message that had just been settled. Whoever is refused because of a head older than a second looks for its message in
 * inflight/, delayed/, ready/ and inflight/ again: a message moves through these in this order, so that only one that comes
 * back twice meanwhile could be missed, or is renewed. So there are two such looks. A claim that counts as another attempt
 * also changes the head's name, so that its removal removes nothing.
 *
 * Nothing is synced. After a power cut a key may be free though its message is in flight or resting.
 */
import type { FileContext } from '../disk/context.ts';
import { quarantine } from '../places/corrupt.ts';
import type { EntryName } from '../names/entry-name.ts';
import { listState } from '../look/find.ts';
import { acquireOrderingKey, advanceHead, removeHead } from '../places/key-heads.ts';
import { type Mailbox } from '../names/layout.ts';
import { isBehind, isYoung, skip, type ReadyEntry } from '../places/walk-order.ts';
import { memory } from '../disk/memory.ts';
import { type Head, headName, orderingKeyFolder, parseHead } from '../names/key-name.ts';
import { pathIn } from '../names/path.ts';

/** By mailbox: which messages that hold a key were seen to be in flight or resting, and when (uptime). */
const live = memory(
  () => new Map<string, { readonly at: number; readonly looked: Set<string>; readonly lives: Set<string> }>(),
);

// A head that is as young as this may belong to a claim that is just being made.
const suspectMs = 1000;
// What was seen to be in flight or resting is not looked for again before this.
const trustMs = 1000;

/**
 * `acquired` now, or `held` already; `blocked`: another message goes first; `young`: the next walk will know; `lost`: it is
 * not there any more.
 */
export type Hold = 'acquired' | 'held' | 'blocked' | 'young' | 'lost';

/** Makes sure that a message may be claimed as far as its ordering key is concerned. */
export async function holdOrderingKey(ctx: FileContext, mailbox: Mailbox, entry: ReadyEntry): Promise<Hold> {
  const { name, text, dir } = entry;
  if (!name.order) return 'held';
  const { key, life } = name.order;
  const mine: Head = { id: name.id, life, attempt: name.attempt + 1 };
  const skipped = (how: 'blocked' | 'young', holder?: string): Hold => {
    skip(ctx, entry, holder);
    return how;
  };
  // Each round somebody else has changed the head since it was looked at.
  for (let round = 0; round < 100; round++) {
    const head = await headOf(ctx, mailbox, key);
    if (!head) {
      if (isBehind(entry)) return skipped('blocked');
      if (isYoung(ctx, entry)) return skipped('young');
      // A name out of an old listing must not get the key.
      if (!(await ctx.disk.stat(pathIn(dir, text)))) return 'lost';
      if (await acquireOrderingKey(ctx, mailbox, key, mine)) return 'acquired';
    } else if (head.id === mine.id && head.life === life) {
      if (head.attempt === mine.attempt) return 'held';
      // A head that is ahead of a message that is still here: a power cut has undone the message's claim, and not the head's.
      if (head.attempt > mine.attempt && !(await ctx.disk.stat(pathIn(dir, text)))) return 'lost';
      if (await advanceHead(ctx, mailbox, key, head, mine)) return 'held';
    } else if (await isStale(ctx, mailbox, key, head)) {
      await removeHead(ctx, mailbox, key, head);
    } else return skipped('blocked', lifeOf(head));
  }
  return skipped('blocked');
}

/** Whether a message that lies behind others of its key holds it, as far as this walk knows: it looks once for each key. */
export async function isHolder(ctx: FileContext, mailbox: Mailbox, entry: ReadyEntry): Promise<boolean> {
  const { name, order } = entry;
  if (!name.order) return true;
  const { key, life } = name.order;
  let holder = order.skipped?.get(key)?.holder;
  if (holder === undefined) {
    const head = await headOf(ctx, mailbox, key);
    holder = head ? lifeOf(head) : '';
    skip(ctx, entry, holder);
  }
  return holder === lifeOf({ id: name.id, life });
}

/** For whom a message slipped away right after it got the key: another process has claimed it, or it was settled before. */
export async function letGo(ctx: FileContext, mailbox: Mailbox, { id, order, attempt }: EntryName): Promise<void> {
  if (!order) return;
  const head = { id, life: order.life, attempt };
  if (!(await isLive(ctx, mailbox, head))) await removeHead(ctx, mailbox, order.key, head);
}

/** Whether the message that holds a key is somewhere on its way; looks twice. */
export async function isLive(ctx: FileContext, mailbox: Mailbox, { id, life }: Head): Promise<boolean> {
  for (let look = 0; look < 2; look++) {
    for (const state of ['inflight', 'delayed', 'ready', 'inflight'] as const) {
      for await (const { name } of listState(ctx, mailbox, state, { id })) {
        if ((name.order?.life ?? 0) === life) return true;
      }
    }
  }
  return false;
}

async function headOf(ctx: FileContext, mailbox: Mailbox, key: string): Promise<Head | undefined> {
  const dir = orderingKeyFolder(mailbox, key);
  for (const text of (await ctx.disk.list(dir)) ?? []) {
    const head = parseHead(text);
    if (head) return head;
    // It would keep the folder from ever being empty, and everybody from the key.
    await quarantine(ctx, mailbox, pathIn(dir, text), 'it does not belong in this folder');
  }
  return undefined;
}

async function isStale(ctx: FileContext, mailbox: Mailbox, key: string, head: Head): Promise<boolean> {
  const now = ctx.clock.uptime();
  let known = live.of(ctx).get(mailbox.name);
  const life = lifeOf(head);
  if (known && now - known.at < trustMs && known.lives.has(life)) return false;
  const stat = await ctx.disk.stat(pathIn(orderingKeyFolder(mailbox, key), headName(head)));
  if (!stat) return true;
  // On both sides: the clock may have been set back since.
  if (Math.abs(ctx.clock.now() - stat.mtimeMs) < suspectMs) return false;
  if (!known || now - known.at >= trustMs) {
    known = { at: now, looked: new Set(), lives: new Set() };
    live.of(ctx).set(mailbox.name, known);
  }
  // One look serves for all keys: a thousand may be held at once.
  for (const state of ['inflight', 'delayed'] as const) {
    if (!known.looked.has(state)) {
      known.looked.add(state);
      for await (const { name } of listState(ctx, mailbox, state)) {
        if (name.order) known.lives.add(lifeOf({ id: name.id, life: name.order.life }));
      }
    }
    if (known.lives.has(life)) return false;
  }
  if (!(await isLive(ctx, mailbox, head))) return true;
  known.lives.add(life);
  return false;
}

function lifeOf({ id, life }: Pick<Head, 'id' | 'life'>): string {
  return `${id}.${life}`;
}
