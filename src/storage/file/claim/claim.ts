/**
 * A claim is one rename, ready/… -> inflight/…: the compare-and-swap of two consumers. The source name holds the attempt,
 * the target name the new attempt, the deadline and a token that no other claim has. Of two processes that rename the
 * same name one succeeds; the other's ENOENT means "taken". Nothing is synced: a claim lost in a power cut is a
 * redelivery, which at-least-once allows.
 */
import { maxLeaseMs } from '../../../model/basics/limits.ts';
import { isOver, lastedMs } from '../../../model/clock.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { Message } from '../../../model/message.ts';
import { acceptsOf, type Filter } from '../../../model/filter.ts';
import type { ClaimManyOptions, ClaimOptions, Delivery } from '../../port/mail.ts';
import type { FileContext } from '../disk/context.ts';
import { noteLoss } from '../places/contest.ts';
import { quarantine } from '../places/corrupt.ts';
import { formatEntryName, hasRoomForSince, type EntryName } from '../names/entry-name.ts';
import { type LogEntry, logEvents } from '../events/event-log.ts';
import { type Hold, holdOrderingKey, isHolder, letGo } from './ordering.ts';
import { moveInto } from '../disk/folders.ts';
import { troubleIsOver, warnOnce } from '../disk/warn-once.ts';
import { walkInbox } from '../places/inbox.ts';
import { type Mailbox } from '../names/layout.ts';
import { readEntry } from '../places/read-entry.ts';
import { isKept, nextReady, walkReady, endWalk } from '../places/ready-walk.ts';
import { deadLetterExpired, isExpired, expiryBudget, type ExpiryBudget } from './expired.ts';
import { type Receipt } from '../names/receipt.ts';
import { latestEntries, wheelEntries } from '../places/wheel.ts';
import { resolve, isBehind, skip, type ReadyEntry } from '../places/walk-order.ts';
import { issueReceipt } from './receipts.ts';
import { slotOf } from '../names/slots.ts';
import { pathIn } from '../names/path.ts';

// When a race is lost, others work on the same stretch: skip up to this many names, so that consumers spread out.
const spread = 16;

/**
 * `lost` to another process; `passed`: not to be delivered (now); `late`: the lease was over before the claim was; `blocked`
 * and `young`: not before another message of its ordering key (ordering.ts).
 */
type Missed = Exclude<Hold, 'acquired' | 'held'> | 'passed' | 'late';

type Claiming = ClaimOptions & {
  readonly accepts?: (message: Message) => boolean;
  /** Whoever makes several claims tells of them in one write. */
  readonly untold?: LogEntry[];
};

/** Takes the next message in delivery order; `undefined`: nothing ready was seen in two looks. */
export function claim(ctx: FileContext, mailbox: Mailbox, how: ClaimOptions): Promise<Delivery | undefined> {
  const accepts = acceptsOf(how.filter);
  const options: Claiming = accepts ? { ...how, accepts } : how;
  return how.repeat ? claimAgain(ctx, mailbox, options) : claimNext(ctx, mailbox, options, expiryBudget());
}

async function claimAgain(ctx: FileContext, mailbox: Mailbox, options: Claiming): Promise<Delivery | undefined> {
  const [before] = await claimedBefore(ctx, mailbox, [options.token]);
  return before ?? claimNext(ctx, mailbox, options, expiryBudget());
}

/** As so many calls of `claim`, on one walk and with one write to the log. @throws only where nothing was taken */
export async function claimMany(ctx: FileContext, mailbox: Mailbox, how: ClaimManyOptions): Promise<Delivery[]> {
  const { tokens, ...each } = how;
  const taken = how.repeat ? await claimedBefore(ctx, mailbox, tokens) : [];
  if (taken.length > 0) return taken;
  const untold: LogEntry[] = [];
  const budget = expiryBudget();
  const what = `Not all that is ready in ${mailbox.name} could be claimed`;
  try {
    for (const token of tokens) {
      const delivery = await claimNext(ctx, mailbox, { ...each, token, untold }, budget);
      if (!delivery) break;
      taken.push(delivery);
    }
    troubleIsOver(ctx, what);
  } catch (error) {
    if (taken.length === 0 || !(error instanceof DreamosError)) throw error;
    warnOnce(ctx, `${what}: ${error.message}`, what);
  } finally {
    if (untold.length > 0) await logEvents(ctx, mailbox, untold);
  }
  return taken;
}

async function claimNext(
  ctx: FileContext,
  mailbox: Mailbox,
  options: Claiming,
  budget: ExpiryBudget,
): Promise<Delivery | undefined> {
  const { accepts } = options;
  if (accepts || options.inbox !== undefined) return search(ctx, mailbox, options, budget);
  // Never conclude from one scan: during renames it can miss a name. So empty means: a walk from the start found nothing
  // but messages whose turn has not come.
  let fresh = false;
  let empty = false;
  for (;;) {
    const candidate = await nextReady(ctx, mailbox, fresh);
    if (!candidate) {
      if (empty) return undefined;
      fresh = empty = true;
      continue;
    }
    const delivery = await take(ctx, mailbox, candidate, options, budget);
    if (typeof delivery === 'object') return delivery;
    if (delivery === 'late') return undefined;
    if (delivery !== 'blocked') empty = false;
    // The walk ends with it, so that nothing behind it overtakes it.
    fresh = delivery === 'young';
    if (delivery === 'lost') await goAround(ctx, mailbox, candidate);
    // What has expired now stays where it is, and a shared walk that begins anew every few milliseconds might never get by.
    if (budget.left <= 0) return search(ctx, mailbox, options, budget);
  }
}

/** What a call took whose answer was lost. */
async function claimedBefore(ctx: FileContext, mailbox: Mailbox, tokens: readonly string[]): Promise<Delivery[]> {
  const mine = new Map<string, Delivery>();
  for await (const { path, name } of wheelEntries(ctx, mailbox.inflight)) {
    const token = name?.token;
    if (!name || token === undefined || !tokens.includes(token)) continue;
    if (isOver(name.time, ctx.clock.now(), maxLeaseMs)) continue;
    const message = await readOrQuarantine(ctx, mailbox, path, name);
    if (message) mine.set(token, deliveryOf(ctx, mailbox, path, { ...name, token }, message));
  }
  return tokens.flatMap((token) => mine.get(token) ?? []);
}

/** Past what stays ready, or in an inbox: two walks as well, but nothing is opened twice. */
async function search(
  ctx: FileContext,
  mailbox: Mailbox,
  options: Claiming,
  budget: ExpiryBudget,
): Promise<Delivery | undefined> {
  const refused = new Set<string>();
  for (let walk = 0; walk < 2; walk++) {
    const { inbox } = options;
    const { next } = inbox === undefined ? walkReady(ctx, mailbox) : walkInbox(ctx, mailbox, inbox);
    for (let candidate = await next(); candidate; candidate = await next()) {
      if (options.signal?.aborted) return undefined;
      if (refused.has(candidate.text)) {
        if (!isExpired(candidate.name, ctx.clock.now())) skip(ctx, candidate);
        resolve(candidate);
        continue;
      }
      const delivery = await take(ctx, mailbox, candidate, options, budget);
      if (typeof delivery === 'object') return delivery;
      if (delivery === 'late') return undefined;
      if (delivery === 'passed') refused.add(candidate.text);
      if (delivery === 'young') {
        walk--;
        break;
      }
    }
  }
  return undefined;
}

/** Somebody else has it, or it is not wanted any more. */
async function goAround(ctx: FileContext, mailbox: Mailbox, { name, order }: ReadyEntry): Promise<void> {
  if (!name.order) await noteLoss(ctx, mailbox, () => isJustClaimed(ctx, mailbox, name.id));
  // Out of a listing that was kept it may just have been cancelled, and is no reason to skip what lies behind it.
  if (isKept(order)) endWalk(ctx, mailbox);
  else await skipSome(ctx, mailbox);
}

/** Where all leases are as long it is among the latest; whoever has it may have settled it by now. */
async function isJustClaimed(ctx: FileContext, mailbox: Mailbox, id: string): Promise<boolean> {
  for await (const { name } of latestEntries(ctx, mailbox.inflight, 2)) if (name?.id === id) return true;
  return false;
}

async function skipSome(ctx: FileContext, mailbox: Mailbox): Promise<void> {
  for (let n = Math.floor(ctx.ids.fraction() * spread); n > 0; n--) {
    const entry = await nextReady(ctx, mailbox, false);
    if (!entry) return;
    skip(ctx, entry);
    resolve(entry);
  }
}

/** Claims this message, if it may be. */
async function take(
  ctx: FileContext,
  mailbox: Mailbox,
  entry: ReadyEntry,
  options: Claiming,
  budget: ExpiryBudget,
): Promise<Delivery | Missed> {
  const { name } = entry;
  const source = pathIn(entry.dir, entry.text);
  const now = ctx.clock.now();
  try {
    if (isExpired(name, now)) {
      await deadLetterExpired(ctx, mailbox, source, name, budget);
      return 'passed';
    }
    if (isBehind(entry) && !(await isHolder(ctx, mailbox, entry))) {
      skip(ctx, entry);
      return 'blocked';
    }
    const isWanted =
      !options.accepts ||
      (mayFit(name, options.filter) && (await accepted(ctx, mailbox, source, name, options.accepts)));
    if (!isWanted) {
      skip(ctx, entry);
      return 'passed';
    }
    const hold = name.order ? await holdOrderingKey(ctx, mailbox, entry) : 'held';
    if (hold !== 'held' && hold !== 'acquired') return hold;

    const claimed = {
      ...name,
      tag: 'd' as const,
      time: now + options.leaseMs,
      attempt: name.attempt + 1,
      token: options.token,
      maxAttempts: options.maxAttempts,
      since: hasRoomForSince(entry.text) ? now : undefined,
    };
    const slot = slotOf(mailbox.inflight, claimed.time);
    const target = formatEntryName(claimed);
    if (!(await moveInto(ctx, source, slot, target))) {
      if (hold === 'acquired') await letGo(ctx, mailbox, claimed);
      return 'lost';
    }
    // Of an answer in an inbox the name says until when it is kept there.
    const waitedMs = name.tag === 't' ? lastedMs(name.time, now) : undefined;
    return await deliver(ctx, mailbox, pathIn(slot, target), claimed, options, waitedMs);
  } catch (error) {
    // It is still there, most likely. So the next claim begins anew, and nothing of its key goes first.
    endWalk(ctx, mailbox);
    skip(ctx, entry);
    throw error;
  } finally {
    resolve(entry);
  }
}

async function deliver(
  ctx: FileContext,
  mailbox: Mailbox,
  path: string,
  name: Receipt['name'],
  options: Claiming,
  waitedMs: number | undefined,
): Promise<Delivery | Missed> {
  // Paused between reading the clock and the rename for longer than the lease: the claim is over before it began. Going
  // on with a lease that is too short would use up an attempt of every message in the mailbox.
  if (ctx.clock.now() >= name.time) return 'late';
  const message = await readOrQuarantine(ctx, mailbox, path, name, options.untold !== undefined);
  if (!message) return 'passed';
  const { by, label } = options;
  const claimed: LogEntry = { event: 'claimed', id: name.id, attempt: name.attempt, by, label, waitedMs };
  if (options.untold) options.untold.push(claimed);
  else await logEvents(ctx, mailbox, [claimed]);
  return deliveryOf(ctx, mailbox, path, name, message);
}

function deliveryOf(
  ctx: FileContext,
  mailbox: Mailbox,
  path: string,
  name: Receipt['name'],
  message: Message,
): Delivery {
  const receipt = issueReceipt(ctx, { mailbox: mailbox.name, name, path });
  return { receipt, mailbox: mailbox.name, attempt: name.attempt, leaseUntil: name.time, message };
}

/** Quick, and never wrongly no: what a name says of a filter, so that nothing is opened for it. */
function mayFit({ id, task = false }: EntryName, filter: Filter = {}): boolean {
  return (filter.id === undefined || filter.id === id) && (filter.task === undefined || task);
}

async function accepted(
  ctx: FileContext,
  mailbox: Mailbox,
  path: string,
  name: EntryName,
  accepts: (message: Message) => boolean,
): Promise<boolean> {
  const message = await readOrQuarantine(ctx, mailbox, path, name);
  return message !== undefined && accepts(message);
}

function readOrQuarantine(
  ctx: FileContext,
  mailbox: Mailbox,
  path: string,
  name: EntryName,
  isCarried = false,
): Promise<Message | undefined> {
  return readEntry(ctx, path, name, mailbox.name, isCarried).catch(async (error: unknown) => {
    if (!(error instanceof DreamosError) || error.code !== 'CORRUPT') throw error;
    await quarantine(ctx, mailbox, path, error.message);
    return undefined;
  });
}
