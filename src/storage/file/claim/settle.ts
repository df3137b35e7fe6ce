/**
 * Ack, nack and renew: one rename each, out of the place that the receipt names. Not synced: lost in a power cut, the
 * message is delivered again. The rename decides, also after the deadline: an ack wins as long as nobody has taken the
 * message back.
 */
import { DreamosError } from '../../../model/errors.ts';
import type { State } from '../../../model/state.ts';
import type { Actor, NackOptions, Said, Settled } from '../../port/mail.ts';
import { alreadySettled, leaseLost } from '../../port/refusals.ts';
import type { FileContext } from '../disk/context.ts';
import { calledNow } from '../documents/renamed.ts';
import { deadLetter } from './dead-letter.ts';
import { formatEntryName, type EntryName } from '../names/entry-name.ts';
import { type LogEntry, logEvents } from '../events/event-log.ts';
import { findIn } from '../look/find.ts';
import { moveInto } from '../disk/folders.ts';
import { releaseOrderingKey } from '../places/key-heads.ts';
import { type Mailbox } from '../names/layout.ts';
import { formatReceipt, type Receipt } from '../names/receipt.ts';
import { wheelEntries } from '../places/wheel.ts';
import { moveToReady } from '../places/filling.ts';
import { inflightPath } from '../names/found.ts';
import { endOf, heldMs } from './held.ts';
import { readReceipt } from './receipts.ts';
import { archiveFolder, slotOf } from '../names/slots.ts';
import { pathIn } from '../names/path.ts';

export async function ack(ctx: FileContext, text: string, said: Actor & Said): Promise<Settled> {
  const now = ctx.clock.now();
  const { mailbox, name } = await settle(ctx, text, intoArchive(ctx, now));
  if (name.order) await releaseOrderingKey(ctx, mailbox, name);
  await logEvents(ctx, mailbox, ackedEvents(name, now, said));
  return { id: name.id, mailbox: mailbox.name, state: 'archived', receipt: text };
}

/** One behind the other; those of one mailbox that follow each other are told in one write. */
export async function ackMany(
  ctx: FileContext,
  receipts: readonly string[],
  said: Actor & Said,
): Promise<(Settled | DreamosError)[]> {
  const answers: (Settled | DreamosError)[] = [];
  let untold: { readonly mailbox: Mailbox; readonly events: LogEntry[] } | undefined;
  const tell = async (): Promise<void> => {
    if (untold) await logEvents(ctx, untold.mailbox, untold.events);
    untold = undefined;
  };
  for (const receipt of receipts) {
    try {
      const now = ctx.clock.now();
      const { mailbox, name } = await settle(ctx, receipt, intoArchive(ctx, now));
      if (name.order) await releaseOrderingKey(ctx, mailbox, name);
      if (untold?.mailbox.name !== mailbox.name) await tell();
      untold ??= { mailbox, events: [] };
      untold.events.push(...ackedEvents(name, now, said));
      answers.push({ id: name.id, mailbox: mailbox.name, state: 'archived', receipt });
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      answers.push(error);
    }
  }
  await tell();
  return answers;
}

// No async function around both of these: each claim and ack would wait for one promise more.
function intoArchive(ctx: FileContext, now: number) {
  return (home: Mailbox, path: string, claim: EntryName): Promise<boolean> =>
    moveInto(ctx, path, archiveFolder(home, now), formatEntryName(settledName(claim, { tag: 'k', time: now })));
}

function ackedEvents(name: EntryName, now: number, { by, label, score, note, forwardedTo }: Actor & Said): LogEntry[] {
  const { id, attempt } = name;
  const acked: LogEntry = { event: 'acked', id, attempt, by, label, ...endOf(name, now), score, note };
  return forwardedTo === undefined ? [acked] : [acked, { event: 'forwarded', id, by, label, to: forwardedTo }];
}

export async function nack(ctx: FileContext, text: string, options: NackOptions): Promise<Settled> {
  const { by, label, reason, policy } = options;
  let state: State = 'dead';
  let dueAt: number | undefined;
  const { mailbox, name } = await settle(ctx, text, async (home, path, claim) => {
    // Looked for first, so that a refused receipt opens no bucket for what will not come.
    if (!(await ctx.disk.stat(path))) return false;
    if (options.dead === true || (claim.attempt >= (claim.maxAttempts ?? policy.maxAttempts) && !options.free)) {
      const why = reason ?? (options.dead === true ? 'rejected by its consumer' : `failed ${claim.attempt} times`);
      return (await deadLetter(ctx, home, path, claim, { reason: why, by, label, settled: claim.token })) !== undefined;
    }
    const delayMs = options.delayMs ?? backoff(claim.attempt + (options.free ? 1 : 0), policy, ctx.ids.fraction());
    const given = options.free ? { ...claim, attempt: Math.max(0, claim.attempt - 1) } : claim;
    const now = ctx.clock.now();
    const time = now + Math.max(0, delayMs);
    state = delayMs <= 0 ? 'ready' : 'delayed';
    if (delayMs <= 0) {
      return (await moveToReady(ctx, path, home, 0, settledName(given, { tag: 't', time }))) !== undefined;
    }
    dueAt = time;
    // A longer time was its user's choice.
    const since = delayMs <= policy.backoffMaxMs ? now : undefined;
    const delayed = settledName(given, { tag: 'u', time, since });
    return moveInto(ctx, path, slotOf(home.delayed, time), formatEntryName(delayed));
  });
  // A dead letter has its own event, which says why.
  if (state !== 'dead') {
    const free = options.free && { free: true as const };
    await logEvents(ctx, mailbox, [
      {
        event: 'nacked',
        id: name.id,
        attempt: name.attempt,
        by,
        label,
        reason,
        ...free,
        heldMs: heldMs(name, ctx.clock.now()),
      },
    ]);
  }
  return { id: name.id, mailbox: mailbox.name, state, receipt: text, ...(dueAt !== undefined && { dueAt }) };
}

export async function renew(
  ctx: FileContext,
  text: string,
  { leaseMs, by, label }: Actor & { readonly leaseMs: number },
): Promise<Settled> {
  const time = ctx.clock.now() + leaseMs;
  const { mailbox, name } = await settle(ctx, text, async (home, path, claim) => {
    const slot = slotOf(home.inflight, time);
    const target = formatEntryName({ ...claim, time });
    // Renewed within one millisecond: a rename to its own name would succeed even if it were gone.
    if (path === pathIn(slot, target)) return (await ctx.disk.stat(path)) !== undefined;
    return moveInto(ctx, path, slot, target);
  });
  await logEvents(ctx, mailbox, [{ event: 'renewed', id: name.id, attempt: name.attempt, by, label }]);
  const receipt = formatReceipt(mailbox.name, { ...name, time });
  return { id: name.id, mailbox: mailbox.name, state: 'inflight', receipt, leaseUntil: time };
}

/** Nothing, as long as the claim holds. @throws as ack */
export async function checkClaim(ctx: FileContext, text: string): Promise<void> {
  await settle(ctx, text, async (_, path) => (await ctx.disk.stat(path)) !== undefined);
}

/** 1 s doubling to 5 min by default, of which a random half is taken off at most, so that failures do not march in step. */
function backoff(attempt: number, policy: { backoffMinMs: number; backoffMaxMs: number }, fraction: number): number {
  const nominal = Math.min(policy.backoffMaxMs, policy.backoffMinMs * 2 ** (attempt - 1));
  return Math.round(nominal * (0.5 + fraction / 2));
}

function settledName(name: EntryName, to: Pick<EntryName, 'tag' | 'time' | 'since'>): EntryName {
  return { ...name, since: undefined, ...to, token: undefined, maxAttempts: undefined, settled: name.token };
}

type Move = (mailbox: Mailbox, path: string, claim: EntryName) => Promise<boolean>;

interface SettledAs {
  readonly mailbox: Mailbox;
  readonly name: EntryName;
}

/**
 * Finds the claim that a receipt speaks of and moves it. What the message is called next is made of the name that it has,
 * never of the receipt: that was typed or pasted, and its tail may be missing.
 */
async function settle(ctx: FileContext, text: string, move: Move): Promise<SettledAs> {
  const receipt = readReceipt(ctx, text);
  const mailbox = ctx.layout.mailbox(receipt.mailbox);
  const { name } = receipt;
  const path = receipt.path ?? inflightPath(mailbox, name);
  if (await move(mailbox, path, name).catch(unlessGone(ctx, mailbox))) return { mailbox, name };
  const settled = await settleByToken(ctx, mailbox, receipt, move);
  if (settled) return settled;
  const refusal = await explain(ctx, mailbox, receipt);
  // The mailbox may have another name by now, and another one the old name.
  if (refusal.code === 'LEASE_LOST') {
    for (const now of await calledNow(ctx, mailbox.name)) {
      const found = await settleByToken(ctx, now, receipt, move);
      if (found) return found;
      const why = await explain(ctx, now, receipt);
      if (why.code !== 'LEASE_LOST') throw why;
    }
  }
  throw refusal;
}

/** Not where the receipt says. Renewed since? The token finds it; renewed again in between, the next round does. */
async function settleByToken(
  ctx: FileContext,
  mailbox: Mailbox,
  { name }: Receipt,
  move: Move,
): Promise<SettledAs | undefined> {
  for (let round = 0; round < 3; round++) {
    for await (const entry of wheelEntries(ctx, mailbox.inflight)) {
      if (entry.name?.token !== name.token || entry.name.id !== name.id) continue;
      const { path, name: found } = entry;
      if (await move(mailbox, path, found).catch(unlessGone(ctx, mailbox))) return { mailbox, name: found };
    }
  }
  return undefined;
}

/** What fails because the mailbox is renamed meanwhile has not been done. */
function unlessGone(ctx: FileContext, { dir }: Mailbox): (error: unknown) => Promise<false> {
  return async (error) => {
    if (!(error instanceof DreamosError) || (await ctx.disk.stat(dir))) throw error;
    return false;
  };
}

async function explain(ctx: FileContext, mailbox: Mailbox, { name }: Receipt): Promise<DreamosError> {
  const entries = await findIn(ctx, mailbox, name.id);
  return entries.some((entry) => entry.name.settled === name.token) ? alreadySettled(name.id) : leaseLost(name.id);
}
