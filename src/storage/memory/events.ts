import { sameAgent } from '../../model/agent.ts';
import { isLog, topicMatches, topicOf } from '../../model/topic.ts';
import type { WatchedEvent } from '../../model/event.ts';
import type { EventBatch, Scope, Wake } from '../port/journal.ts';
import { cursorInvalid } from '../port/refusals.ts';
import type { Mail } from './mail.ts';

// There is one log, so a cursor is a place in it, whatever mailboxes are asked for.
export function cursor(mail: Mail, at: 'now' | 'start'): string {
  return `m${at === 'now' ? mail.log.length : 0}`;
}

export function readEvents(mail: Mail, of: Scope, from: string): EventBatch {
  const place = /^m(\d{1,15})$/.exec(from)?.[1];
  if (place === undefined) throw cursorInvalid(from);
  const events: WatchedEvent[] = [];
  for (let i = Number(place); i < mail.log.length; i++) {
    const event = mail.log[i];
    if (event && !mail.pruned.has(event) && concerns(of, event.mailbox)) events.push({ ...event, cursor: `m${i + 1}` });
  }
  return { events, cursor: cursor(mail, 'now'), warnings: [] };
}

export function watch(mail: Mail, of: Scope, hint: () => void): Wake {
  const listener = (mailbox: string): void => {
    if (concerns(of, mailbox)) hint();
  };
  mail.listeners.add(listener);
  return {
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
