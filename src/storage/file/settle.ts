/**
 * Ack, nack and renew: one rename each, out of the place that the receipt names. Not synced: lost in a power cut, the
 * message is delivered again. The rename decides, also after the deadline: an ack wins as long as nobody has taken the
 * message back.
 */
import { DreamosError } from '../../model/errors.ts';
import type { NackOptions, Settled } from '../store.ts';
import { moveToReady } from './buckets.ts';
import type { FileContext } from './context.ts';
import { deadLetter } from './dead-letter.ts';
import { formatEntryName, type EntryName } from './entry-name.ts';
import { logEvents } from './event-log.ts';
import { findIn, inflightPath } from './find.ts';
import { moveInto } from './folders.ts';
import { dayOf, slotOf, type Mailbox } from './layout.ts';
import { formatReceipt, parseReceipt, type Receipt } from './receipt.ts';
import { wheelEntries } from './wheel.ts';

export async function ack(ctx: FileContext, text: string, by: string | undefined): Promise<Settled> {
  const { mailbox, receipt } = locate(ctx, text);
  const now = ctx.clock.now();
  const name = settledName(receipt.name, { tag: 'k', time: now });
  const dir = `${mailbox.archive}/${dayOf(now)}`;
  await settle(ctx, mailbox, receipt, (path) => moveInto(ctx, path, dir, formatEntryName(name)));
  await logEvents(ctx, mailbox, [{ event: 'acked', id: name.id, attempt: name.attempt, by }]);
  return { id: name.id, mailbox: mailbox.name, state: 'archived', receipt: text };
}

export async function nack(ctx: FileContext, text: string, options: NackOptions): Promise<Settled> {
  const { mailbox, receipt } = locate(ctx, text);
  const { attempt } = receipt.name;
  const { by, reason, policy } = options;
  const result = { id: receipt.name.id, mailbox: mailbox.name, receipt: text };
  if (options.dead === true || attempt >= policy.maxAttempts) {
    const why = reason ?? (options.dead === true ? 'rejected by its consumer' : `failed ${attempt} times`);
    await settle(ctx, mailbox, receipt, async (path) => {
      return (
        (await deadLetter(ctx, mailbox, path, receipt.name, { reason: why, by, settled: receipt.name.token })) !==
        undefined
      );
    });
    return { ...result, state: 'dead' };
  }
  const delayMs = options.delayMs ?? backoff(attempt, policy, ctx.ids.fraction());
  const now = ctx.clock.now();
  await settle(ctx, mailbox, receipt, async (path) => {
    if (delayMs <= 0) {
      const name = settledName(receipt.name, { tag: 't', time: now });
      return (await moveToReady(ctx, path, mailbox, 0, name)) !== undefined;
    }
    const name = settledName(receipt.name, { tag: 'u', time: now + delayMs });
    return moveInto(ctx, path, slotOf(mailbox.delayed, name.time), formatEntryName(name));
  });
  await logEvents(ctx, mailbox, [{ event: 'nacked', id: result.id, attempt, by, reason }]);
  return { ...result, state: delayMs <= 0 ? 'ready' : 'delayed' };
}

export async function renew(
  ctx: FileContext,
  text: string,
  options: { readonly leaseMs: number; readonly by?: string | undefined },
): Promise<Settled> {
  const { mailbox, receipt } = locate(ctx, text);
  const renewed = { ...receipt.name, time: ctx.clock.now() + options.leaseMs };
  const slot = slotOf(mailbox.inflight, renewed.time);
  const target = formatEntryName(renewed);
  await settle(ctx, mailbox, receipt, async (path) => {
    // Renewed within one millisecond: a rename to its own name would succeed even if it were gone.
    if (path === `${slot}/${target}`) return (await ctx.disk.stat(path)) !== undefined;
    return moveInto(ctx, path, slot, target);
  });
  await logEvents(ctx, mailbox, [{ event: 'renewed', id: renewed.id, attempt: renewed.attempt, by: options.by }]);
  return {
    id: renewed.id,
    mailbox: mailbox.name,
    state: 'inflight',
    receipt: formatReceipt(mailbox.name, renewed),
    leaseUntil: renewed.time,
  };
}

/** 1 s doubling to 5 min by default, of which a random half is taken off at most, so that failures do not march in step. */
function backoff(attempt: number, policy: { backoffMinMs: number; backoffMaxMs: number }, fraction: number): number {
  const nominal = Math.min(policy.backoffMaxMs, policy.backoffMinMs * 2 ** (attempt - 1));
  return Math.round(nominal * (0.5 + fraction / 2));
}

function locate(ctx: FileContext, text: string): { mailbox: Mailbox; receipt: Receipt } {
  const receipt = parseReceipt(text);
  return { mailbox: ctx.layout.mailbox(receipt.mailbox), receipt };
}

function settledName(name: EntryName, to: Pick<EntryName, 'tag' | 'time'>): EntryName {
  return { ...name, ...to, token: undefined, settled: name.token };
}

async function settle(
  ctx: FileContext,
  mailbox: Mailbox,
  receipt: Receipt,
  move: (path: string) => boolean | Promise<boolean>,
): Promise<void> {
  const { name } = receipt;
  const path = inflightPath(mailbox, name);
  // Looked for first, so that a refused receipt makes no folder for what will not come.
  if ((await ctx.disk.stat(path)) && (await move(path))) return;
  // Not where the receipt says. Renewed since? The token finds it; renewed again in between, the next round does.
  for (let round = 0; round < 3; round++) {
    for await (const entry of wheelEntries(ctx, mailbox.inflight)) {
      if (entry.name?.token === name.token && entry.name.id === name.id && (await move(entry.path))) return;
    }
  }
  throw await explain(ctx, mailbox, receipt);
}

async function explain(ctx: FileContext, mailbox: Mailbox, { name }: Receipt): Promise<DreamosError> {
  const entries = await findIn(ctx, mailbox, name.id);
  const settled = entries.some((entry) => entry.name.settled === name.token);
  if (settled) {
    return new DreamosError('conflict', 'ALREADY_SETTLED', `This receipt of ${name.id} was used before.`, {
      hint: `See what became of it: dreamos show ${name.id}`,
    });
  }
  return new DreamosError(
    'conflict',
    'LEASE_LOST',
    `This receipt of ${name.id} does not hold (any more): its lease ran out and the message was taken back, or there never was such a claim.`,
    { hint: `Drop the work or make it idempotent; the message is delivered again. See: dreamos show ${name.id}` },
  );
}
