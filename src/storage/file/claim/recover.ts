/**
 * Any process recovers for all: whoever claims, waits or watches moves what is due, a bounded number at a time. Each move
 * is one rename that only one process wins, so any number may do this at once.
 */
import { maxLeaseMs } from '../../../model/basics/limits.ts';
import { isAhead } from '../../../model/clock.ts';
import type { RetryPolicy } from '../../../model/settings.ts';
import type { Recovered } from '../../port/mail.ts';
import { heldByGone, labelOf } from './consumers.ts';
import { adopt } from '../send/adopt.ts';
import type { FileContext } from '../disk/context.ts';
import { quarantine } from '../places/corrupt.ts';
import { heldMs } from './held.ts';
import { deadLetter, tellUntold } from './dead-letter.ts';
import { bringReady } from './deliver.ts';
import type { EntryName } from '../names/entry-name.ts';
import { logEvents } from '../events/event-log.ts';
import type { Mailbox } from '../names/layout.ts';
import { sweepExpiredNowAndThen } from './expired.ts';
import { closeOverInboxes } from '../places/inbox.ts';
import { finishOutbox } from '../send/hand-out.ts';
import { due, latestEntries, type WheelEntry } from '../places/wheel.ts';
import { moveToReady } from '../places/filling.ts';
import { memory } from '../disk/memory.ts';

const atOnce = 256;
/** Nobody looks again sooner for what is due; a claim's lease is counted in seconds. */
const everyMs = 20;
/** A consumer that has enough to do looks again after so many times as long as its look took: of many at one mailbox all pay. */
const looksApart = 50;
/** But not later. */
const latestMs = 1000;

interface Looked {
  /** Uptime. */
  readonly at: number;
  tookMs: number;
  /** When the first of what it saw falls due. */
  nextAt: number;
}

/** By mailbox: this process's last look for what is due. */
const looks = memory(() => new Map<string, Looked>());
const misplaced = 'it does not belong in this folder';

/** What has expired unread is moved too, a few at a time; it is not counted, so that nobody waits for all of it. */
export async function recover(ctx: FileContext, mailbox: Mailbox, policy: RetryPolicy): Promise<Recovered> {
  const recovered = await recoverDue(ctx, mailbox, policy);
  await sweepExpiredNowAndThen(ctx, mailbox);
  await tellUntoldOnce(ctx, mailbox);
  return { ...recovered, moved: recovered.moved + (await endRestsAhead(ctx, mailbox)) };
}

/** As `recover`, for a claim, which buries what it meets itself. */
export async function recoverDue(ctx: FileContext, mailbox: Mailbox, policy: RetryPolicy): Promise<Recovered> {
  const look: Looked = { at: ctx.clock.uptime(), tookMs: 0, nextAt: Infinity };
  looks.of(ctx).set(mailbox.name, look);
  const finished = await finishOutbox(ctx, atOnce, mailbox.name);
  const adopted = await adopt(ctx, mailbox);
  const expired = await due(ctx, mailbox.inflight, atOnce, maxLeaseMs);
  let moved = finished.own + adopted.moved;
  for (const path of expired.junk) if (await quarantine(ctx, mailbox, path, misplaced)) moved++;
  for (const entry of expired.entries) if (await takeBack(ctx, mailbox, entry, policy)) moved++;
  const gone = await heldByGone(ctx, mailbox, atOnce);
  for (const entry of gone.entries) if (await takeBack(ctx, mailbox, entry, policy, 'its consumer ended')) moved++;
  const fallen = await due(ctx, mailbox.delayed, atOnce);
  for (const path of fallen.junk) if (await quarantine(ctx, mailbox, path, misplaced)) moved++;
  for (const entry of fallen.entries) if (await makeReady(ctx, mailbox, entry)) moved++;
  const requests = await closeOverInboxes(ctx, mailbox);
  moved += requests.moved;

  const more = finished.left ? ctx.clock.now() : undefined;
  const moments = [more, adopted.nextAt, expired.nextAt, gone.nextAt, fallen.nextAt, requests.nextAt].filter(
    (at) => at !== undefined,
  );
  look.tookMs = ctx.clock.uptime() - look.at;
  look.nextAt = Math.min(...moments);
  const { left } = adopted;
  return {
    moved,
    ...(left !== undefined && { left }),
    ...(moments.length > 0 && { nextAt: look.nextAt }),
  };
}

/** The mailboxes in which this process has looked for senders that were not told. */
const toldIn = memory(() => new Set<string>());
const untoldAtOnce = 64;

/** What is missing is of processes that died: of this one nothing is, unless its disk fails. */
async function tellUntoldOnce(ctx: FileContext, mailbox: Mailbox): Promise<void> {
  const looked = toldIn.of(ctx);
  if (looked.has(mailbox.name)) return;
  await tellUntold(ctx, mailbox, untoldAtOnce);
  looked.add(mailbox.name);
}

/**
 * Whether a claim looks for what is due: not when this process looked a moment ago.
 * @param foundNothing nothing is ready, so that what is due has to be seen now
 */
export function looksForDue(ctx: FileContext, mailbox: Mailbox, foundNothing: boolean): boolean {
  const last = looks.of(ctx).get(mailbox.name);
  if (!last) return true;
  const sinceMs = ctx.clock.uptime() - last.at;
  const patience = foundNothing || ctx.clock.now() >= last.nextAt ? 0 : Math.min(latestMs, looksApart * last.tookMs);
  return sinceMs >= Math.max(everyMs, patience);
}

/** By mailbox: into how many slots of delayed/ this process has looked, and how far the clock has been ahead of the uptime since. */
const looked = memory(() => new Map<string, { readonly slots: number; ahead: number }>());

/**
 * Makes ready what rests since a moment that is still to come: the clock was ahead when it was given back. It lies
 * anywhere in delayed/, so a process looks for it once, and again when the clock was set back.
 * @param mostSlots the latest ones; a claim is not to wait for all
 */
export async function endRestsAhead(ctx: FileContext, mailbox: Mailbox, mostSlots = Infinity): Promise<number> {
  const now = ctx.clock.now();
  const ahead = now - ctx.clock.uptime();
  const last = looked.of(ctx).get(mailbox.name);
  if (last && last.slots >= mostSlots && !isAhead(last.ahead, ahead)) {
    last.ahead = Math.max(last.ahead, ahead);
    return 0;
  }
  let moved = 0;
  for await (const entry of latestEntries(ctx, mailbox.delayed, mostSlots)) {
    const { since } = entry.name ?? {};
    if (since !== undefined && isAhead(since, now) && (await makeReady(ctx, mailbox, entry))) moved++;
    // There may be more: the next look begins anew.
    if (moved >= atOnce) return moved;
  }
  looked.of(ctx).set(mailbox.name, { slots: mostSlots, ahead });
  return moved;
}

/**
 * A claim that is over: back to ready at once, or to the dead-letter queue when that was the last attempt.
 * @param early why, before its lease is
 */
async function takeBack(
  ctx: FileContext,
  mailbox: Mailbox,
  entry: WheelEntry,
  policy: RetryPolicy,
  early?: string,
): Promise<boolean> {
  const name = checkedName(entry, 'd');
  if (!name) return quarantine(ctx, mailbox, entry.path, misplaced);
  const { id, attempt } = name;
  const label = labelOf(ctx, mailbox, name.token);
  if (attempt >= (name.maxAttempts ?? policy.maxAttempts)) {
    const reason = `${early ?? 'its lease ran out'} ${attempt === 1 ? 'once' : `on attempt ${attempt}`} and no attempt is left`;
    return (await deadLetter(ctx, mailbox, entry.path, name, { reason, label })) !== undefined;
  }
  const now = ctx.clock.now();
  const back: EntryName = {
    ...name,
    tag: 't',
    time: now,
    token: undefined,
    maxAttempts: undefined,
    since: undefined,
  };
  if ((await moveToReady(ctx, entry.path, mailbox, 0, back)) === undefined) return false;
  await logEvents(ctx, mailbox, [
    { event: 'lease_expired', id, attempt, label, reason: early, heldMs: heldMs(name, now) },
  ]);
  return true;
}

async function makeReady(ctx: FileContext, mailbox: Mailbox, entry: WheelEntry): Promise<boolean> {
  const name = checkedName(entry, 'u');
  if (!name) return quarantine(ctx, mailbox, entry.path, misplaced);
  return (await bringReady(ctx, mailbox, { path: entry.path, name })) !== undefined;
}

function checkedName({ name }: WheelEntry, tag: 'd' | 'u'): EntryName | undefined {
  return name?.tag === tag && (tag === 'u' || name.token !== undefined) ? name : undefined;
}
