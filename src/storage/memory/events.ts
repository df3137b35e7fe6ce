import { sameAgent } from '../../model/agent.ts';
import { isLog, topicMatches, topicOf } from '../../model/topic.ts';
import type { WatchedEvent } from '../../model/event.ts';
import type { EventBatch, Wake } from '../port/journal.ts';
import { cursorInvalid } from '../port/refusals.ts';
import type { Mail } from './mail.ts';

// There is one log, so a cursor is a place in it, whatever mailboxes are asked for.
export function cursor(mail: Mail, at: 'now' | 'start'): string {
  return `m${at === 'now' ? mail.log.length : 0}`;
}

export function readEvents(mail: Mail, mailboxes: readonly string[] | undefined, from: string): EventBatch {
  const place = /^m(\d{1,15})$/.exec(from)?.[1];
  if (place === undefined) throw cursorInvalid(from);
  const events: WatchedEvent[] = [];
  for (let i = Number(place); i < mail.log.length; i++) {
    const event = mail.log[i];
    if (event && !mail.pruned.has(event) && concerns(mailboxes, event.mailbox))
      events.push({ ...event, cursor: `m${i + 1}` });
  }
  return { events, cursor: cursor(mail, 'now'), warnings: [] };
}

export function watch(mail: Mail, mailboxes: readonly string[] | undefined, hint: () => void): Wake {
  return listen(mail, (mailbox) => concerns(mailboxes, mailbox), hint);
}

export function watchTopics(mail: Mail, patterns: readonly string[], hint: () => void): Wake {
  const isMeant = (mailbox: string): boolean => {
    const topic = topicOf(mailbox);
    return topic !== undefined && patterns.some((pattern) => topicMatches(pattern, topic));
  };
  return listen(mail, isMeant, hint);
}

function listen(mail: Mail, isMeant: (mailbox: string) => boolean, hint: () => void): Wake {
  const listener = (mailbox: string): void => {
    if (isMeant(mailbox)) hint();
  };
  mail.listeners.add(listener);
  return {
    close: async () => {
      mail.listeners.delete(listener);
    },
  };
}

function concerns(mailboxes: readonly string[] | undefined, mailbox: string): boolean {
  return mailboxes === undefined ? !isLog(mailbox) : mailboxes.some((name) => sameAgent(name, mailbox));
}
