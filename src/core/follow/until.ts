import { DreamosError } from '../../model/errors.ts';
import type { MailEvent } from '../../model/event.ts';
import { isId, mayEndId } from '../../model/id.ts';
import { unfinished } from '../../model/state.ts';
import { resolveMailbox } from '../agents/agents.ts';
import { findSurely } from '../look/find.ts';
import { meantId } from '../look/meant.ts';
import type { Session } from '../root/root.ts';
import { messageNotFound } from '../root/refusals.ts';
import { lookAgainMs } from '../wait/bell.ts';
import { joined } from '../wait/joined.ts';
import { waitFor, type WaitOptions } from '../wait/wait.ts';
import type { Entry } from '../../storage/port/look.ts';
import { operation } from '../root/operation.ts';

/** What may be waited for, the earlier first. What comes later says that the earlier has come, too. */
export const steps = ['announced', 'claimed', 'acked'] as const;
export type Step = (typeof steps)[number];

export interface UntilOptions extends WaitOptions {
  /** All that have it now, if not given. */
  readonly mailboxes?: readonly string[];
}

export const until = operation('until', untilBody);

async function untilBody(
  session: Session,
  receiptOrId: string,
  step: Step,
  options: UntilOptions = {},
): Promise<string[]> {
  const isReceipt = !isId(receiptOrId) && !mayEndId(receiptOrId);
  const meant = isReceipt ? session.store.mail.parseReceipt(receiptOrId) : undefined;
  const id = meant?.id ?? (await meantId(session, receiptOrId, { states: unfinished }, {}));
  const mailboxes = await mailboxesOf(session, id, options.mailboxes ?? (meant && [meant.mailbox]));
  await session.checkMay?.(mailboxes);
  const stop = new AbortController();
  const ends = joined(options.signal, stop.signal);
  const how = { ...options, signal: ends.signal };
  const waits = mailboxes.map((mailbox) => untilIn(session, mailbox, id, step, how));
  try {
    const done = await Promise.all(waits);
    return mailboxes.filter((_, i) => !done[i]);
  } finally {
    // The others need not wait for what can't come true any more; they have gone home when this returns.
    stop.abort();
    await Promise.allSettled(waits);
    ends.end();
  }
}

async function mailboxesOf(session: Session, id: string, names: readonly string[] | undefined): Promise<string[]> {
  if (names) return Promise.all(names.map(async (name) => (await resolveMailbox(session, name)).name));
  const entries = await findSurely(session, id);
  if (entries.length === 0) throw messageNotFound(id);
  return [...new Set(entries.map(({ mailbox }) => mailbox))];
}

async function untilIn(
  session: Session,
  mailbox: string,
  id: string,
  step: Step,
  options: WaitOptions,
): Promise<boolean> {
  // Before the first look: what happens behind it is in the log.
  let cursor = await session.store.journal.cursor([mailbox], 'now');
  let lookedAt = -Infinity;
  const attempt = async (): Promise<true | undefined> => {
    if (session.clock.uptime() - lookedAt >= lookAgainMs) {
      lookedAt = session.clock.uptime();
      const [entry] = await session.store.look.find(id, mailbox);
      if (entry && (await hasHappened(session, entry, step))) return true;
    }
    for (;;) {
      const batch = await session.store.journal.readEvents([mailbox], cursor);
      cursor = batch.cursor;
      if (batch.events.length === 0) return undefined;
      if (batch.events.some((event) => event.id === id && tells(event, step))) return true;
    }
  };
  return (await waitFor(session, mailbox, attempt, options)) ?? false;
}

/** @throws when it never will */
function tells(event: MailEvent, step: Step): boolean {
  const told = steps.indexOf(event.event as Step);
  if (told >= steps.indexOf(step)) return true;
  if (event.event === 'dead') throw dead(event.id, event.mailbox, event.reason ?? 'unknown');
  if (['cancelled', 'replaced', 'purged'].includes(event.event)) throw gone(event.id, event.mailbox, event.event);
  return false;
}

/** @throws when it never will */
async function hasHappened(session: Session, entry: Entry, step: Step): Promise<boolean> {
  const { id, mailbox, state, attempt } = entry;
  if (step !== 'acked' && attempt > 0) return true;
  if (state === 'dead') throw dead(id, mailbox, (await session.store.look.deadReason(entry))?.reason ?? 'unknown');
  if (state !== 'archived' && step !== 'announced') return false;
  const events = (await session.store.journal.history(id, mailbox)).filter((event) => event.id === id);
  if (step === 'announced' && events.some(({ event }) => event === 'announced')) return true;
  if (state !== 'archived') return false;
  const last = events.findLast(({ event }) => ['acked', 'cancelled', 'replaced', 'imported'].includes(event))?.event;
  if (attempt === 0 || last === 'cancelled' || last === 'replaced') throw gone(id, mailbox, last ?? 'cancelled');
  return true;
}

function dead(id: string, mailbox: string, reason: string): DreamosError {
  const message = `Message ${id} went to the dead-letter queue of ${mailbox}: ${reason}.`;
  return new DreamosError('conflict', 'DEAD_LETTERED', message, { hint: `dreamos dlq show ${mailbox} ${id}` });
}

function gone(id: string, mailbox: string, how: string): DreamosError {
  return new DreamosError('conflict', 'STATE_CHANGED', `Message ${id} was ${how} in ${mailbox}; nobody will ack it.`, {
    hint: `dreamos trace ${id}`,
  });
}
