/** What others count by: all that is known of a mailbox, and what happened in it within a time. */
import { emptyTally, mergeTally, type Tally } from '../../model/metrics/tally.ts';
import { listMailboxes } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';
import { lookIntoEach } from '../root/trouble.ts';
import { slotsOf, totalOf } from './rollup.ts';

/**
 * All that event logs and rollups know of each mailbox, by its name: what is counted only grows, but for what a power cut took
 * from a log. One that cannot be looked into is warned of, and left out.
 * @param options.mailboxes these mailboxes and topics' logs (`logOf`); else all mailboxes, and no log
 * @throws DISK_FAILED where none can be looked into
 */
export async function totals(
  session: Session,
  { mailboxes }: { readonly mailboxes?: readonly string[] } = {},
): Promise<ReadonlyMap<string, Tally>> {
  const all = new Map<string, Tally>();
  const names = mailboxes ?? (await listMailboxes(session)).map(({ name }) => name);
  await lookIntoEach(session, names, async (name) => all.set(name, await totalOf(session, name)));
  return all;
}

/**
 * What happened in a mailbox, or was published in a topic's log, between two moments (milliseconds since 1970). It begins with
 * the minute that the first of them lies in; of more than two hours with that hour, of more than two days with that day (UTC):
 * `startOf` says when, so that rates are by the time that is counted.
 * @param knownMs as `slotsOf` has it
 */
export async function windowOf(
  session: Session,
  mailbox: string,
  sinceMs: number,
  untilMs: number,
  knownMs?: number,
): Promise<Tally> {
  const sum = emptyTally();
  for await (const { tally } of slotsOf(session, mailbox, sinceMs, untilMs, knownMs)) mergeTally(sum, tally);
  return sum;
}
