import { priorities, type Message } from '../../../src/model/message.ts';
import { requestId, type SendHow } from './history.ts';

export function plainMessage(id: string, body: string, to: readonly string[], how: SendHow, nowMs: number): Message {
  return {
    v: 1,
    id,
    from: 'dan',
    to: [...to],
    subject: '',
    body,
    type: 'message',
    priority: priorities[how.rank] ?? 'normal',
    thread: null,
    replyTo: how.answers === undefined ? null : requestId(how.answers),
    tags: [],
    data: null,
    createdAt: new Date(nowMs).toISOString(),
    expiresAt: how.ttlMs === undefined ? null : new Date(nowMs + how.ttlMs).toISOString(),
    dedupeKey: null,
    ...(how.orderingKey !== undefined && { orderingKey: `ordering key ${how.orderingKey}` }),
    ...(how.task && { task: {} }),
  };
}

/** The same in every try, but for its id and its time. */
export function keyedMessage(id: string, key: number, to: readonly string[], nowMs: number): Message {
  const message = plainMessage(id, `words of key ${key}`, to, { rank: 2, relaxed: false }, nowMs);
  return { ...message, dedupeKey: `key ${key}` };
}
