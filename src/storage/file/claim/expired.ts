/**
 * What has outlived its time-to-live goes from ready/ to the dead-letter queue. Each costs several syncs, so a look moves
 * a bounded number; the others are never delivered, and the next looks move them.
 */
import type { FileContext } from '../disk/context.ts';
import { deadLetter, tellUntold } from './dead-letter.ts';
import { type EntryName, mayExpire, parseEntryName } from '../names/entry-name.ts';
import type { Mailbox } from '../names/layout.ts';
import { walkBuckets } from '../places/ready-walk.ts';
import { memory } from '../disk/memory.ts';
import { pathIn } from '../names/path.ts';

const atOnce = 64;
/** Nobody is waiting for expired mail, and a look for it lists what is ready. */
const everyMs = 5000;
// Ten buckets are listed in 2 ms, and `watch` begins with a look. Behind others it may count as ready a while longer.
const namesAtOnce = 2500;

/** How many more may be moved in one look. */
export interface ExpiryBudget {
  left: number;
}

export function expiryBudget(): ExpiryBudget {
  return { left: atOnce };
}

export function isExpired({ expiresAt }: EntryName, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

export async function deadLetterExpired(
  ctx: FileContext,
  mailbox: Mailbox,
  path: string,
  name: EntryName,
  budget: ExpiryBudget,
): Promise<void> {
  if (budget.left <= 0) return;
  budget.left--;
  // Of what was never claimed the log knows no more than that it came.
  const history = name.attempt === 0 ? 'none' : 'log';
  await deadLetter(ctx, mailbox, path, name, { reason: 'its time-to-live ran out', history });
}

/** A look for expired mail in a mailbox, which the next one goes on with. */
interface ExpirySweep {
  /** When (uptime) it was. */
  readonly at: number;
  /** `undefined`: the next one begins at the front. */
  readonly walk: ReturnType<typeof walkBuckets> | undefined;
}

/** By mailbox: this process's last look that left none of it behind. */
const sweeps = memory(() => new Map<string, ExpirySweep>());

/** For mailboxes that nobody reads. Looks now and then, at a part of what is ready. */
export async function sweepExpiredNowAndThen(ctx: FileContext, mailbox: Mailbox): Promise<void> {
  const last = sweeps.of(ctx).get(mailbox.name);
  const at = ctx.clock.uptime();
  if (last !== undefined && at - last.at < everyMs) return;
  const walk = last?.walk ?? walkBuckets(ctx, mailbox);
  const budget = expiryBudget();
  let ended = false;
  for (let looked = 0; looked < namesAtOnce && budget.left > 0 && !ended;) {
    const { value: bucket } = await walk.next();
    ended = bucket === undefined;
    looked += bucket?.names.length ?? 0;
    if (bucket)
      for (const { path, name } of expiredIn(ctx, bucket)) await deadLetterExpired(ctx, mailbox, path, name, budget);
  }
  // Where there may be more, the next look goes on at once.
  if (budget.left > 0) sweeps.of(ctx).set(mailbox.name, { at, walk: ended ? undefined : walk });
  else sweeps.of(ctx).delete(mailbox.name);
}

/** All of it, for whoever keeps house; and tells the senders that were not told yet. @returns how many */
export async function sweepExpired(ctx: FileContext, mailbox: Mailbox, dryRun: boolean): Promise<number> {
  let found = 0;
  for await (const bucket of walkBuckets(ctx, mailbox)) {
    for (const { path, name } of expiredIn(ctx, bucket)) {
      found++;
      if (!dryRun) await deadLetterExpired(ctx, mailbox, path, name, expiryBudget());
    }
  }
  if (!dryRun) await tellUntold(ctx, mailbox);
  return found;
}

/** One after the other, because the clock goes on while they are moved. */
function* expiredIn(
  ctx: FileContext,
  { dir, names }: { readonly dir: string; readonly names: readonly string[] },
): Generator<{ readonly path: string; readonly name: EntryName }> {
  for (const text of names) {
    const name = mayExpire(text) ? parseEntryName(text) : undefined;
    if (name && isExpired(name, ctx.clock.now())) yield { path: pathIn(dir, text), name };
  }
}
