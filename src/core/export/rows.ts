/** What a row says of what it is made of. */
import { isoTime } from '../../model/clock.ts';
import { idTime } from '../../model/id.ts';
import { dataJson, type Message } from '../../model/message.ts';
import type { LoggedEvent } from '../../model/metrics/tally.ts';
import type { TaskJson } from '../../contract/tasks.ts';
import { numberOf, textOf } from './delivery.ts';
import type { Row } from './tables.ts';

export function messageRow(message: Message): Row<'messages'> {
  const { id, from, to, topic, subject, body, type, priority, thread, replyTo, createdAt, expiresAt, extra } = message;
  const { replyBy, dedupeKey, orderingKey, replaceKey } = message;
  return {
    id,
    sender: from,
    recipients: JSON.stringify(to),
    topic: topic ?? null,
    subject,
    body,
    type,
    priority,
    thread,
    reply_to: replyTo,
    data: message.data === null ? null : dataJson(message),
    created_at: createdAt,
    expires_at: expiresAt,
    reply_by: replyBy ?? null,
    dedupe_key: dedupeKey,
    ordering_key: orderingKey ?? null,
    replace_key: replaceKey ?? null,
    traceparent: textOf((message as { traceparent?: unknown }).traceparent ?? extra?.['traceparent']),
  };
}

/** Of a message that is nowhere any more: what its arrival said of it. */
export function stubRow(arrival: LoggedEvent): Row<'messages'> {
  return {
    id: arrival.id,
    sender: textOf(arrival['from']),
    subject: textOf(arrival['subject']),
    type: textOf(arrival['type']),
    priority: textOf(arrival['priority']),
    thread: textOf(arrival['thread']),
    reply_to: textOf(arrival['replyTo']),
    created_at: isoTime(idTime(arrival.id)),
  };
}

export function eventRow(mailbox: string, line: LoggedEvent): Row<'events'> {
  const { at, event, id, mailbox: _, by, label, attempt, reason, waitedMs, heldMs, ...rest } = line;
  // Where a storage has put it: another has the same event elsewhere.
  const more = event === 'published' ? { ...rest, key: undefined } : rest;
  return {
    at,
    mailbox,
    event,
    message: id,
    agent: textOf(by),
    label: textOf(label),
    attempt: numberOf(attempt),
    reason: textOf(reason),
    waited_ms: numberOf(waitedMs),
    held_ms: numberOf(heldMs),
    more: moreOf(more),
  };
}

/** What an arrival says of its message stands with the message. */
const ofMessage = new Set(['from', 'type', 'priority', 'subject', 'thread', 'replyTo']);

function moreOf(fields: Readonly<Record<string, unknown>>): string | null {
  const more = Object.entries(fields).filter(([name, value]) => value !== undefined && !ofMessage.has(name));
  return more.length === 0 ? null : JSON.stringify(Object.fromEntries(more));
}

export function taskRow(task: TaskJson): Row<'tasks'> {
  const { progress, data } = task;
  return {
    id: task.id,
    title: task.title,
    state: task.state,
    priority: task.priority,
    mailbox: task.mailbox,
    assignee: task.assignee ?? null,
    created_by: task.by,
    created_at: task.createdAt,
    ended_at: task.endedAt ?? null,
    deadline: task.deadline ?? null,
    parent: task.parent ?? null,
    requires: JSON.stringify(task.requires),
    depends_on: JSON.stringify(task.dependsOn),
    attempts: task.attempt,
    progress: progress ? JSON.stringify(progress) : null,
    result: task.result ?? null,
    data: data === undefined ? null : JSON.stringify(data),
    reason: task.reason ?? null,
  };
}
