/**
 * What has outlived its time-to-live goes from ready/ to the dead-letter queue. Each costs several syncs, so a look moves
 * a bounded number; the others are never delivered, and the next looks move them.
 */
import type { FileContext } from './context.ts';
import { deadLetter } from './dead-letter.ts';
import { parseEntryName, type EntryName } from './entry-name.ts';
import type { Mailbox } from './layout.ts';
import { walkBuckets } from './ready-walk.ts';

const atOnce = 64;
/** Nobody is waiting for expired mail, and a look for it lists what is ready. */
const everyMs = 5000;
// Behind a million others it may count as ready a while longer.
const namesAtOnce = 10_000;

/** How many more may be moved in one look. */
export interface Undertaker {
  left: number;
}

export function undertaker(): Undertaker {
  return { left: atOnce };
}

export function isExpired({ expiresAt }: EntryName, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

export async function bury(
  ctx: FileContext,
  mailbox: Mailbox,
  path: string,
  name: EntryName,
  budget: Undertaker,
): Promise<void> {
  if (budget.left <= 0) return;
  budget.left--;
  // Of what was never claimed the log knows no more than that it came.
  const history = name.attempt === 0 ? 'none' : 'log';
  await deadLetter(ctx, mailbox, path, name, { reason: 'its time-to-live ran out', history });
}

/** For mailboxes that nobody reads. Looks now and then, near the front. */
export async function buryNowAndThen(ctx: FileContext, mailbox: Mailbox): Promise<void> {
  const last = ctx.buriedAt.get(mailbox.name);
  if (last !== undefined && ctx.clock.uptime() - last < everyMs) return;
  const budget = undertaker();
  let looked = 0;
  for await (const { dir, names } of walkBuckets(ctx, mailbox)) {
    for (const text of names) {
      const name = text.includes('.x') ? parseEntryName(text) : undefined;
      if (name && isExpired(name, ctx.clock.now())) await bury(ctx, mailbox, `${dir}/${text}`, name, budget);
    }
    looked += names.length;
    if (looked > namesAtOnce || budget.left <= 0) break;
  }
  // Where there may be more, the next look goes on at once.
  if (budget.left > 0) ctx.buriedAt.set(mailbox.name, ctx.clock.uptime());
}

/** All of it, for whoever keeps house. @returns how many */
export async function buryExpired(ctx: FileContext, mailbox: Mailbox, dryRun: boolean): Promise<number> {
  let found = 0;
  for await (const { dir, names } of walkBuckets(ctx, mailbox)) {
    for (const text of names) {
      const name = text.includes('.x') ? parseEntryName(text) : undefined;
      if (!name || !isExpired(name, ctx.clock.now())) continue;
      found++;
      if (!dryRun) await bury(ctx, mailbox, `${dir}/${text}`, name, undertaker());
    }
  }
  return found;
}
