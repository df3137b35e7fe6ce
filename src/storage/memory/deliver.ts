import type { EventKind } from '../../model/event.ts';
import { type Message, seal } from '../../model/message.ts';
import type { DreamosError } from '../../model/errors.ts';
import type { Durability } from '../../model/settings.ts';
import { topicOf } from '../../model/topic.ts';
import type { Outgoing, Sent } from '../store.ts';
import { changed, type Held, type Mail, mailboxOf } from './mail.ts';
import { putInInbox } from './inbox.ts';
import { dedupeMismatch } from './refusals.ts';

// A little longer than the 24 h that are promised.
const rememberMs = 25 * 3_600_000;

/** One message into each of its mailboxes, or, under a dedupe key that was used before, into none. */
export function deliver(mail: Mail, outgoing: Outgoing, now: number, durability: Durability): Sent | DreamosError {
  const { message, mailboxes, dueAt = 0 } = outgoing;
  const sent: Sent = { id: message.id, mailboxes, state: dueAt > now ? 'delayed' : 'ready', durability };
  if (message.dedupeKey !== null) {
    const first = remember(mail, outgoing, sent, now);
    if (first !== sent) return first;
  }
  for (const mailbox of mailboxes) {
    const topic = topicOf(mailbox);
    if (topic === undefined) put(mail, mailbox, message, now, { state: sent.state, dueAt });
    else {
      mail.topics.add(topic);
      put(mail, mailbox, message, now, { state: 'archived', at: now });
    }
  }
  return sent;
}

function remember(mail: Mail, { message, mailboxes }: Outgoing, sent: Sent, now: number): Sent | DreamosError {
  const key = JSON.stringify([message.from.toLowerCase(), message.dedupeKey]);
  const content = contentOf(message, mailboxes);
  const known = mail.dedupe.get(key);
  if (!known || known.at + rememberMs < now) {
    mail.dedupe.set(key, { content, at: now, id: sent.id, mailboxes, state: sent.state });
    return sent;
  }
  if (known.content !== content) return dedupeMismatch(message.dedupeKey ?? '', message.from, known.id);
  return { id: known.id, mailboxes: known.mailboxes, state: known.state, durability: sent.durability, duplicate: true };
}

// What a repeat must have in common with the first send. Its id and times are necessarily its own.
function contentOf(message: Message, mailboxes: readonly string[]): string {
  const { id: _id, createdAt: _createdAt, expiresAt: _expiresAt, digest: _digest, ...content } = message;
  const fields = Object.entries(content).filter(([key]) => key !== 'to');
  // Who subscribes may change between a publish and its repeat.
  const named = message.topic === undefined ? mailboxes : [];
  return JSON.stringify([fields.sort(([a], [b]) => (a < b ? -1 : 1)), named.map((name) => name.toLowerCase()).sort()]);
}

interface Placing {
  readonly state: 'ready' | 'delayed' | 'archived';
  readonly dueAt?: number;
  readonly event?: EventKind;
  readonly by?: string;
  /** When it was sent or finished, for a message from elsewhere. */
  readonly at?: number;
}

const arrivals = { ready: 'delivered', delayed: 'scheduled', archived: 'published' } as const;

export function put(mail: Mail, mailbox: string, message: Message, now: number, placing: Placing): Held {
  const held: Held = {
    mailbox,
    id: message.id,
    priority: message.priority,
    bytes: seal(message),
    order: mail.arrivals++,
    orderingKey: message.orderingKey ?? undefined,
    sentAt: Date.parse(message.createdAt),
    expiresAt: message.expiresAt === null ? undefined : Date.parse(message.expiresAt),
    usedTokens: new Set(),
    version: 0,
    state: placing.state,
    comesBack: false,
    holdsKey: false,
    attempt: 0,
    token: '',
    dueAt: placing.dueAt ?? 0,
    inbox: undefined,
    leaseUntil: 0,
    ackedAt: placing.at ?? 0,
    dead: undefined,
  };
  mailboxOf(mail, mailbox).set(message.id, held);
  if (held.state === 'ready' && !placing.event) putInInbox(mail, held, message);
  const { from, type, priority, subject, thread, replyTo } = message;
  changed(mail, held, now, placing.event ?? arrivals[placing.state], {
    by: placing.by ?? from,
    ...(!placing.event && { from, type, priority, subject, thread, replyTo }),
    ...(!placing.event && placing.state === 'archived' && { key: `${held.id}#${held.version + 1}` }),
  });
  return held;
}
