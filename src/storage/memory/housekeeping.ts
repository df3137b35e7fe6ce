import { sha256 } from '../../model/basics/sha256.ts';
import { sameAgent } from '../../model/agent.ts';
import { dayMs } from '../../model/basics/limits.ts';
import type { KeepOptions, Tidied } from '../port/upkeep.ts';
import { die, isExpired } from './die.ts';
import { type Deps, inState, type Mail, mailboxOf, tell } from './mail.ts';

export function pruneArchive(mail: Mail, mailbox: string, options: KeepOptions, now: number): Tidied[] {
  const items = inState(mail, mailbox, 'archived').map((held) => ({
    day: dayOf(held.ackedAt),
    bytes: held.bytes.length + 1,
    remove: () => mailboxOf(mail, mailbox).delete(held.id),
  }));
  return pruneDays(items, options, dayOf(now));
}

export function pruneEvents(mail: Mail, mailbox: string, options: KeepOptions, now: number): Tidied[] {
  const told = mail.log.filter((event) => sameAgent(event.mailbox, mailbox) && !mail.pruned.has(event));
  const items = told.map((event) => ({
    day: event.at.slice(0, 10),
    bytes: JSON.stringify(event).length + 1,
    remove: () => mail.pruned.add(event),
  }));
  // A day's events are one log.
  return pruneDays(items, options, dayOf(now - dayMs)).map((day) => ({ ...day, count: 1 }));
}

export function sweepExpired(mail: Mail, deps: Deps, mailbox: string, dryRun: boolean): number {
  const now = deps.clock.now();
  const expired = inState(mail, mailbox, 'ready').filter((held) => isExpired(held, now));
  if (!dryRun) for (const held of expired) die(mail, deps, held, now, 'its time-to-live ran out');
  return expired.length;
}

interface Item {
  readonly day: string;
  readonly bytes: number;
  readonly remove: () => unknown;
}

/** @param stays this day and all behind it */
function pruneDays(items: readonly Item[], options: KeepOptions, stays: string): Tidied[] {
  const { fromDay = '', maxBytes = Infinity, dryRun } = options;
  const gone: Tidied[] = [];
  let kept = 0;
  for (const day of [...new Set(items.map((item) => item.day))].sort().reverse()) {
    const those = items.filter((item) => item.day === day);
    const bytes = those.reduce((sum, item) => sum + item.bytes, 0);
    kept += bytes;
    if (day >= stays || (day >= fromDay && kept <= maxBytes)) continue;
    if (!dryRun) for (const item of those) item.remove();
    gone.push({ day, count: those.length, bytes });
  }
  return gone.reverse();
}

function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10);
}

export function quarantine(
  mail: Mail,
  mailbox: string,
  bytes: Uint8Array,
  about: { readonly name: string; readonly why: string },
  now: number,
): void {
  const kept = mail.corrupt.get(mailbox.toLowerCase()) ?? new Map<string, Uint8Array>();
  mail.corrupt.set(mailbox.toLowerCase(), kept);
  const digest = sha256(bytes);
  if (kept.has(digest)) return;
  kept.set(digest, Uint8Array.from(bytes));
  tell(mail, { at: new Date(now).toISOString(), mailbox, event: 'corrupt', id: about.name, reason: about.why });
}
