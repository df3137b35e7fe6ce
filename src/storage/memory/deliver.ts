import { sameAgent } from '../../model/agent.ts';
import type { EventKind } from '../../model/event.ts';
import { type Message, seal } from '../../model/message.ts';
import { dueByOf } from '../../model/metrics/late.ts';
import type { DreamosError } from '../../model/errors.ts';
import { dedupeWindowOf, type Durability } from '../../model/settings.ts';
import { topicOf } from '../../model/topic.ts';
import type { Outgoing, Replaced, SendHow, Sent } from '../port/mail.ts';
import { AgentRenamed, MailboxFull, mailboxFull } from '../port/refusals.ts';
import { asFormer, isForgotten, mismatchOf } from '../port/repeat.ts';
import { hasInbox, putInInbox } from './inbox.ts';
import {
  changed,
  type Deps,
  type Held,
  inState,
  keyOf,
  loadOf,
  type Mail,
  mailboxOf,
  messageOf,
  type Remembered,
} from './mail.ts';
import { mailboxesNow } from './rename.ts';

/** One after the other, each its own commit. */
export async function sendEach(
  mail: Mail,
  { clock }: Deps,
  outgoing: readonly Outgoing[],
  how: SendHow,
  most: Durability,
): Promise<(Sent | DreamosError)[]> {
  const results: (Sent | DreamosError)[] = [];
  for (const one of outgoing) {
    const result = deliver(mail, one, clock.now(), most === 'full' ? how.durability : most);
    results.push(result);
    if (how.untilFull && result instanceof MailboxFull) break;
  }
  return results;
}

/** Who has no room for it, if anybody. */
function fullFor(mail: Mail, { message, dueAt, limits = new Map() }: Outgoing): MailboxFull | undefined {
  for (const [mailbox, { maxMessages, maxBytes }] of limits) {
    // An answer that a request waits for needs no room.
    if (dueAt === undefined && message.replyTo !== null && hasInbox(mail, mailbox, message.replyTo)) continue;
    // Nor does what takes another's place.
    if (waitingWith(mail, mailbox, message).length > 0) continue;
    const { messages, bytes } = loadOf(mail, mailbox);
    if (messages + 1 > maxMessages) return mailboxFull(mailbox, 'maxMessages', maxMessages, messages);
    if (bytes + seal(message).length + 1 > maxBytes) return mailboxFull(mailbox, 'maxBytes', maxBytes, bytes);
  }
  return undefined;
}

/** One message into each of its mailboxes, or, under a dedupe key that was used before, into none. */
export function deliver(mail: Mail, outgoing: Outgoing, now: number, durability: Durability): Sent | DreamosError {
  const { message, mailboxes, dueAt = 0 } = outgoing;
  const sent: Sent = { id: message.id, mailboxes, state: dueAt > now ? 'delayed' : 'ready', durability };
  const { known, said } = knownUnder(mail, outgoing, now);
  if (known) {
    const { id } = known.message;
    const mismatch = mismatchOf(known.message, said, outgoing.formerMacs);
    return mismatch ?? { ...sent, id, mailboxes: known.mailboxes, duplicate: true };
  }
  if (outgoing.refusal) return outgoing.refusal;
  const full = fullFor(mail, outgoing);
  if (full) return full;
  const isUnderKey = message.dedupeKey !== null && !outgoing.carried;
  const places = mailboxesNow(mail, mailboxes, mailboxes.length > 1 || isUnderKey);
  if (places instanceof AgentRenamed) return places;
  const replaced: Replaced[] = [];
  if (isUnderKey) mail.dedupe.set(dedupeKeyOf(message), { message, mailboxes, at: now });
  for (const mailbox of places) {
    const topic = topicOf(mailbox);
    if (topic === undefined) {
      const expiresAt = outgoing.expiresAt?.get(mailbox);
      const placing = { state: sent.state, dueAt, ...(expiresAt !== undefined && { expiresAt }) };
      const held = put(mail, mailbox, message, now, placing);
      if (held.inbox === undefined) replaced.push(...replaceOlder(mail, mailbox, message, now));
    } else {
      mail.topics.add(topic);
      put(mail, mailbox, message, now, { state: 'archived', at: now });
    }
  }
  return replaced.length > 0 ? { ...sent, replaced } : sent;
}

/** Under its key, or that of a former name of its sender, and what is compared with it. */
function knownUnder(
  mail: Mail,
  { message, formerSenders = [], carried }: Outgoing,
  now: number,
): { known: Remembered | undefined; said: Message } {
  const at = (said: Message): Remembered | undefined => {
    const known = message.dedupeKey === null || carried ? undefined : mail.dedupe.get(dedupeKeyOf(said));
    return known && !isOver(mail, known, now) ? known : undefined;
  };
  const own = at(message);
  for (const former of own ? [] : formerSenders) {
    const known = at({ ...message, from: former.name });
    const said = known && asFormer(known.message, message, former);
    if (said) return { known, said };
  }
  return { known: own, said: message };
}

export function dedupeKeyOf({ from, dedupeKey }: Message): string {
  return JSON.stringify([from.toLowerCase(), dedupeKey]);
}

function isOver(mail: Mail, { at }: Remembered, now: number): boolean {
  return isForgotten(at, now, dedupeWindowOf(mail.goodSettings ?? {}));
}

export function sweepKeys(mail: Mail, now: number, dryRun: boolean): number {
  const over = [...mail.dedupe].filter(([, known]) => isOver(mail, known, now));
  if (!dryRun) for (const [key] of over) mail.dedupe.delete(key);
  return over.length;
}

interface Placing {
  readonly state: 'ready' | 'delayed' | 'archived';
  readonly dueAt?: number;
  /** For a message that says nothing of it itself. */
  readonly expiresAt?: number;
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
    isTask: message.task !== undefined,
    dueBy: dueByOf(message),
    expiresAt: message.expiresAt === null ? placing.expiresAt : Date.parse(message.expiresAt),
    usedTokens: new Set(),
    version: 0,
    state: placing.state,
    comesBack: false,
    holdsOrderingKey: false,
    attempt: 0,
    token: '',
    dueAt: placing.dueAt ?? 0,
    readySince: now,
    claimedAt: undefined,
    restsSince: undefined,
    inbox: undefined,
    leaseUntil: 0,
    maxAttempts: undefined,
    ackedAt: placing.at ?? 0,
    withdrawn: placing.event === 'imported' && !message.task,
    dead: undefined,
  };
  mailboxOf(mail, mailbox).set(message.id, held);
  if (held.state === 'ready' && !placing.event) putInInbox(mail, held, message);
  const { from, type, priority, subject, thread, replyTo } = message;
  changed(mail, held, now, placing.event ?? arrivals[placing.state], {
    by: placing.by ?? from,
    ...(!placing.event && { from, type, priority, subject, thread, replyTo }),
    ...(!placing.event && placing.state === 'archived' && { key: keyOf(held, held.version + 1) }),
  });
  return held;
}

/** What waits with a message's replace key, that message included. */
function waitingWith(mail: Mail, mailbox: string, { from, replaceKey }: Message): Held[] {
  if ((replaceKey ?? null) === null) return [];
  return (['delayed', 'ready'] as const)
    .flatMap((state) => inState(mail, mailbox, state))
    .filter((held) => {
      const other = messageOf(held);
      return held.inbox === undefined && other.replaceKey === replaceKey && sameAgent(other.from, from);
    });
}

/** Of these the one with the latest id stays. */
function replaceOlder(mail: Mail, mailbox: string, message: Message, now: number): Replaced[] {
  const waiting = waitingWith(mail, mailbox, message);
  const newest = waiting.reduce((latest, { id }) => (id > latest ? id : latest), message.id);
  const older = waiting.filter(({ id }) => id < newest);
  for (const held of older) {
    held.state = 'archived';
    held.holdsOrderingKey = false;
    held.ackedAt = now;
    held.withdrawn = true;
    changed(mail, held, now, 'replaced', { by: message.from, replacedBy: newest });
  }
  return older.map(({ id }) => ({ mailbox, id }));
}
