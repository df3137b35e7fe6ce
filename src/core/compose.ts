import type { AgentCard } from '../model/agent.ts';
import { isoTime, sayableTime } from '../model/clock.ts';
import { DreamosError } from '../model/errors.ts';
import { explainIssues, messageSchema, type Message } from '../model/message.ts';
import type { Durability } from '../model/settings.ts';
import { logOf } from '../model/topic.ts';
import type { Outgoing } from '../storage/store.ts';
import type { AddressBook, Sender } from './address-book.ts';
import { actorOf } from './agents.ts';
import type { Root } from './root.ts';
import { route, type Route } from './route.ts';
import type { Draft } from './send.ts';
import { effectiveSettings, longestMs } from './settings.ts';

export interface Composed {
  readonly outgoing: Outgoing;
  readonly durability: Durability;
  /** Of the recipients whose mailbox may be full. */
  readonly limits: readonly Limit[];
}

export interface Limit {
  readonly card: AgentCard;
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** Makes a draft a message, or refuses it: everything is checked before anything is written. */
export async function compose(
  root: Root,
  book: AddressBook,
  draft: Draft,
): Promise<Composed & { readonly routes: readonly Route[] }> {
  const sender = await senderOf(root, book, draft.from);
  const routes = await route(book, draft.to, sender.name);
  const { outgoing, durability, limits } = await composeFor(root, sender, draft, {
    cards: routes.map(({ card }) => card),
  });
  return { outgoing, durability, limits, routes };
}

/** @throws NAME_INVALID, USAGE */
export async function senderOf(root: Root, book: AddressBook, named: string | undefined): Promise<Sender> {
  return book.sender(actorOf(root, 'sends this message', named));
}

/** As compose, for known recipients. @param to.topic they get it because it is published there, and so does its log */
export async function composeFor(
  root: Root,
  sender: Sender,
  draft: Omit<Draft, 'to'>,
  to: { readonly cards: readonly AgentCard[]; readonly topic?: string },
): Promise<Composed> {
  const { durability } = await effectiveSettings(root, sender.card);
  checkBody(draft);
  const data = jsonOf(draft.data);
  const bytes = Buffer.byteLength(draft.body) + (data === 'null' ? 0 : Buffer.byteLength(data));
  const now = root.clock.now();
  const { ttlMs } = draft;
  const dueAt = dueAtOf(draft, now);
  const limits: Limit[] = [];
  const expiresAt = new Map<string, number>();
  if (to.topic !== undefined) {
    // A log has no card of its own: what holds for the root holds for it.
    const { maxMessageBytes } = await effectiveSettings(root);
    if (bytes > maxMessageBytes) throw tooLarge(bytes, maxMessageBytes, to.topic);
  }
  for (const card of to.cards) {
    const { maxMessageBytes, maxMessages, maxBytes, ttlMs: mailboxTtlMs } = await effectiveSettings(root, card);
    if (bytes > maxMessageBytes) throw tooLarge(bytes, maxMessageBytes, card.name);
    if (maxMessages < Infinity || maxBytes < Infinity) limits.push({ card, maxMessages, maxBytes });
    // The sender's own says more about this message than the mailbox's about all.
    if (ttlMs === undefined && mailboxTtlMs < Infinity) expiresAt.set(card.name, Math.max(now, dueAt) + mailboxTtlMs);
  }
  checkSpan('time-to-live', ttlMs, 1);
  if (ttlMs !== undefined && dueAt - now >= ttlMs)
    throw usage('With this delay the message would expire before it is delivered.');
  const names = to.cards.map((card) => card.name);
  const message: Record<string, unknown> = {
    v: 1,
    id: draft.id ?? root.ids.next(now),
    from: sender.name,
    to: to.topic === undefined ? [...names] : [],
    subject: draft.subject ?? '',
    body: draft.body,
    type: draft.type ?? 'message',
    priority: draft.priority ?? 'normal',
    thread: draft.thread ?? null,
    replyTo: draft.replyTo ?? null,
    tags: [...(draft.tags ?? [])],
    data: JSON.parse(data) as unknown,
    createdAt: isoTime(now),
    expiresAt: ttlMs === undefined ? null : isoTime(now + ttlMs),
    dedupeKey: draft.dedupeKey ?? null,
  };
  // Behind the literal and not spread into it: every other message has one shape, and V8 is quick with it.
  if (to.topic !== undefined) message['topic'] = to.topic;
  if (draft.replyBy !== undefined) message['replyBy'] = draft.replyBy;
  if (draft.orderingKey !== undefined) message['orderingKey'] = draft.orderingKey;
  const mailboxes = to.topic === undefined ? names : [logOf(to.topic), ...names];
  return {
    outgoing: {
      message: checked(message),
      mailboxes,
      ...(dueAt > now && { dueAt }),
      ...(expiresAt.size > 0 && { expiresAt }),
    },
    durability: draft.durability ?? durability,
    limits,
  };
}

function checkBody({ body, allowEmpty }: Omit<Draft, 'to'>): void {
  if (typeof body !== 'string')
    throw new DreamosError('invalid', 'BODY_NOT_TEXT', 'The body is not text.', {
      hint: 'Put anything but text into data.',
    });
  if (body.trim() !== '' || allowEmpty) return;
  throw new DreamosError('invalid', 'BODY_EMPTY', 'The body is empty.', {
    hint: 'Give one as an argument, by stdin or with --body-file. If empty is meant: --allow-empty',
  });
}

function jsonOf(data: unknown): string {
  try {
    const json = JSON.stringify(data ?? null) as string | undefined;
    if (json !== undefined) return json;
  } catch (cause) {
    throw new DreamosError(
      'invalid',
      'MESSAGE_INVALID',
      `The data cannot be written as JSON: ${(cause as Error).message}.`,
      { cause },
    );
  }
  throw new DreamosError('invalid', 'MESSAGE_INVALID', `The data cannot be written as JSON: it is a ${typeof data}.`);
}

function checked(message: unknown): Message {
  const parsed = messageSchema.safeParse(message);
  if (parsed.success) return parsed.data;
  throw new DreamosError('invalid', 'MESSAGE_INVALID', `This cannot be sent: ${explainIssues(parsed.error)}.`, {
    hint: 'dreamos schema message',
    cause: parsed.error,
  });
}

// So long a repeat may come after the first send: as long as its key is remembered.
const repeatableMs = 2 * 86_400_000;

/** When it becomes ready; `now` or before: at once. */
function dueAtOf({ at, delayMs, dedupeKey }: Omit<Draft, 'to'>, now: number): number {
  checkSpan('delay', delayMs, 0);
  if (at === undefined) return now + (delayMs ?? 0);
  if (delayMs !== undefined) throw usage('A message has a delay or a time from which on it is delivered, not both.');
  if (!(at - now <= longestMs)) throw usage('The time from which on it is delivered has to be within 3650d from now.');
  // Refused to a repeat under a key, it would look as if the first send, which was on time, had failed.
  if (at <= now && (dedupeKey === undefined || now - at > repeatableMs))
    throw usage(`${new Date(sayableTime(at)).toISOString()} is over: it is ${new Date(now).toISOString()}.`);
  return at;
}

function checkSpan(what: string, ms: number | undefined, least: number): void {
  if (ms === undefined || (Number.isFinite(ms) && ms >= least && ms <= longestMs)) return;
  throw usage(`The ${what} has to be ${least === 0 ? 'at least 0' : 'more than 0'} and at most 3650d.`);
}

function tooLarge(bytes: number, limit: number, recipient: string): DreamosError {
  const message = `Body and data have ${bytes} bytes; ${recipient} takes at most ${limit}.`;
  return new DreamosError('invalid', 'MESSAGE_TOO_LARGE', message, {
    hint: 'Write it to a file and send its path, or: dreamos config set maxMessageBytes <bytes>',
  });
}

function usage(message: string): DreamosError {
  return new DreamosError('usage', 'USAGE', message, { hint: 'dreamos send --help' });
}
