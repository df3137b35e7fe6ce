import { sameAgent } from '../../model/agent.ts';
import { isLog, topicMatches, topicOf } from '../../model/topic.ts';
import type { MailEvent, WatchedEvent } from '../../model/event.ts';
import type { EventBatch, Scope, Wake } from '../port/journal.ts';
import { cursorInvalid, prunedBehind } from '../port/refusals.ts';
import type { Mail } from './mail.ts';

// There is one log, so a cursor is a place in it, whatever mailboxes are asked for.
export function cursor(mail: Mail, at: 'now' | 'start'): string {
  return `m${at === 'now' ? mail.log.length : 0}`;
}

export function readEvents(mail: Mail, of: Scope, from: string): EventBatch {
  const place = /^m(\d{1,15})$/.exec(from)?.[1];
  if (place === undefined) throw cursorInvalid(from);
  const events: WatchedEvent[] = [];
  const gone = new Set<string>();
  for (let i = Number(place); i < mail.log.length; i++) {
    const event = mail.log[i];
    if (!event || !concerns(of, event.mailbox)) continue;
    if (!mail.pruned.has(event)) events.push({ ...event, cursor: `m${i + 1}` });
    else if (Number(place) > 0) gone.add(event.mailbox);
  }
  const warnings = gone.size > 0 ? [prunedBehind([...gone])] : [];
  return { events, cursor: cursor(mail, 'now'), more: new Set(), warnings };
}

export function recent(mail: Mail, since: number, least: number): MailEvent[] {
  const behind = new Map<string, number>();
  const told: MailEvent[] = [];
  for (const event of mail.log.toReversed()) {
    if (isLog(event.mailbox) || mail.pruned.has(event)) continue;
    const later = behind.get(event.mailbox) ?? 0;
    if (later >= least && Date.parse(event.at) < since) continue;
    behind.set(event.mailbox, later + 1);
    told.unshift(structuredClone(event));
  }
  return told.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
}

export function history(mail: Mail, id: string, mailbox?: string): MailEvent[] {
  const about = mail.log.filter(
    (event) =>
      (event.id === id || event.replyTo === id) && (mailbox === undefined || sameAgent(event.mailbox, mailbox)),
  );
  return structuredClone(about);
}

export function tally(mail: Mail, mailbox: string, since: number): Map<string, number> {
  const counted = new Map<string, number>();
  for (const event of mail.log)
    if (sameAgent(event.mailbox, mailbox) && Date.parse(event.at) >= since && !mail.pruned.has(event))
      counted.set(event.event, (counted.get(event.event) ?? 0) + 1);
  return counted;
}

export function claims(mail: Mail, mailbox: string, attempts: ReadonlyMap<string, number>): Map<string, MailEvent> {
  const told = mail.log.filter(
    ({ event, id, attempt, mailbox: its }) =>
      event === 'claimed' && sameAgent(its, mailbox) && attempt !== undefined && attempts.get(id) === attempt,
  );
  return new Map(told.filter((event) => !mail.pruned.has(event)).map((event) => [event.id, structuredClone(event)]));
}

export function watch(mail: Mail, of: Scope, hint: (where: ReadonlySet<string>) => void): Wake {
  const listener = (mailbox: string): void => {
    if (concerns(of, mailbox)) hint(new Set([mailbox]));
  };
  mail.listeners.add(listener);
  return {
    sure: true,
    close: async () => {
      mail.listeners.delete(listener);
    },
  };
}

function concerns(of: Scope, mailbox: string): boolean {
  if (of === undefined) return !isLog(mailbox);
  if (!('topics' in of)) return of.some((name) => sameAgent(name, mailbox));
  const topic = topicOf(mailbox);
  return topic !== undefined && of.topics.some((pattern) => topicMatches(pattern, topic));
}
