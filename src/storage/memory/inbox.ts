import { inboxGraceMs, maxRequestMs } from '../../model/basics/limits.ts';
import { isOver } from '../../model/clock.ts';
import type { Message } from '../../model/message.ts';
import { changed, type Held, inState, type Mail, messageOf } from './mail.ts';

export function openInbox(mail: Mail, mailbox: string, request: string, until: number): void {
  inboxesOf(mail, mailbox).set(request, until);
}

export function hasInbox(mail: Mail, mailbox: string, request: string): boolean {
  return inboxesOf(mail, mailbox).has(request);
}

/** @returns how many answers are ready now */
export function closeInbox(mail: Mail, mailbox: string, request: string, now: number): number {
  inboxesOf(mail, mailbox).delete(request);
  const left = answersTo(mail, mailbox, request);
  for (const held of left) {
    held.state = 'ready';
    held.inbox = undefined;
    const { from, type, priority, subject, thread, replyTo } = messageOf(held);
    changed(mail, held, now, 'delivered', { from, type, priority, subject, thread, replyTo });
  }
  return left.length;
}

/** Closes the inboxes whose time is over. */
export function closeOverInboxes(mail: Mail, mailbox: string, now: number): { moved: number; moments: number[] } {
  let moved = 0;
  for (const [request, until] of inboxesOf(mail, mailbox)) {
    if (isOver(until, now, maxRequestMs + inboxGraceMs)) moved += closeInbox(mail, mailbox, request, now);
  }
  return { moved, moments: [...inboxesOf(mail, mailbox).values()] };
}

/** A message that would be ready waits for the request that it answers, when that has an open inbox. */
export function putInInbox(mail: Mail, held: Held, { replyTo }: Message): void {
  const until = replyTo === null ? undefined : inboxesOf(mail, held.mailbox).get(replyTo);
  if (until === undefined || replyTo === null) return;
  held.state = 'delayed';
  held.dueAt = until;
  held.inbox = replyTo;
}

export function answersTo(mail: Mail, mailbox: string, request: string): Held[] {
  return inState(mail, mailbox, 'delayed').filter((held) => held.inbox === request);
}

function inboxesOf(mail: Mail, mailbox: string): Map<string, number> {
  const key = mailbox.toLowerCase();
  const known = mail.inboxes.get(key) ?? new Map<string, number>();
  mail.inboxes.set(key, known);
  return known;
}
