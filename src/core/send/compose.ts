import type { AgentCard } from '../../model/agent.ts';
import { isoTime, sayableTime } from '../../model/clock.ts';
import { checkedJson } from '../../model/data.ts';
import { timesOf } from '../../model/draft.ts';
import { DreamosError } from '../../model/errors.ts';
import { messageInvalid, usage } from '../../model/refusals.ts';
import { hardMaxMessageBytes, mostFileBytes } from '../../model/basics/limits.ts';
import { explainIssues, messageSchema, type Message, seal, withRawData } from '../../model/message.ts';
import { RawJson } from '../../model/basics/raw-json.ts';
import { once } from '../../model/schema.ts';
import { cut } from '../../model/basics/text.ts';
import type { Durability } from '../../model/settings.ts';
import { logOf } from '../../model/topic.ts';
import { type TraceContext, traceOf } from '../../model/trace/trace-context.ts';
import type { Limits, Outgoing } from '../../storage/port/mail.ts';
import { Refused } from '../../storage/port/refusals.ts';
import type { AddressBook, Sender } from '../agents/address-book.ts';
import type { Session } from '../root/root.ts';
import { route, type Route } from './route.ts';
import { type Effective, settingsNow } from '../root/settings.ts';
import { actorOf } from '../root/names.ts';
import type { CheckedDraft } from './draft.ts';
import type { Sealed } from '../seal/seal.ts';

export interface Composed {
  readonly outgoing: Outgoing;
  readonly durability: Durability;
  /** The recipients whose mailbox may be full. */
  readonly limited: readonly AgentCard[];
  /** Of a sender that may send only so much. */
  readonly pace?: Pace | undefined;
  readonly isAudited: boolean;
}

export interface Pace {
  /** The sender's. */
  readonly mailbox: string;
  readonly perMinute: number;
}

// A module that is asked for again costs 30 us.
const signing = once(() => import('../identity/signatures/sign.ts'));

/** Makes a draft a message, or refuses it: everything is checked before anything is written. */
export async function compose(
  session: Session,
  book: AddressBook,
  draft: CheckedDraft,
): Promise<Composed & { readonly routes: readonly Route[] }> {
  const sender = await senderOf(session, book, draft.from);
  // Under a key it may be the repeat of a send to who took it then. Whether it is, the store knows.
  const refused = draft.dedupeKey === undefined ? undefined : new Map<string, DreamosError>();
  const routes = await route(book, draft.to, sender.name, refused);
  const refusal = refused?.values().next().value;
  const { outgoing, durability, limited, pace, isAudited } = await composeFor(session, sender, draft, {
    cards: routes.map(({ card }) => card),
    addressedTo: refused && groupWords(routes, refused.keys()),
    refusal,
  });
  // Not spread: 3 us of a send.
  return { outgoing, durability, limited, pace, isAudited, routes };
}

/** @throws NAME_INVALID, USAGE */
export function senderOf(session: Session, book: AddressBook, named: string | undefined): Promise<Sender> {
  return book.sender(actorOf(session, 'sends this message', named));
}

/** As they were written, each once; `undefined`: no group is among them. */
function groupWords(routes: readonly Route[], refused: Iterable<string>): string[] | undefined {
  const words = routes.flatMap(({ card, reasons }) => reasons.map((word) => (word === 'named' ? card.name : word)));
  const all = [...new Set([...words, ...refused])];
  return all.some((word) => word.startsWith('@')) ? all : undefined;
}

/** As compose, for known recipients. @param to.topic they get it because it is published there, and so does its log */
export async function composeFor(
  session: Session,
  sender: Sender,
  draft: Omit<CheckedDraft, 'to'>,
  to: {
    readonly cards: readonly AgentCard[];
    readonly topic?: string;
    readonly addressedTo?: string[] | undefined;
    readonly refusal?: DreamosError | undefined;
  },
): Promise<Composed> {
  const settingsOf = await settingsNow(session);
  const own = settingsOf(sender.card);
  const { durability, dedupeWindowMs, sendRate, signatures, auditsMail } = own;
  checkBody(draft);
  const plainData = checkedJson(draft.data);
  const now = session.store.now();
  const { ttlMs } = draft;
  checkNotOver(draft, now, dedupeWindowMs);
  const { dueAt = now, expiresAt: expiry } = timesOf(draft, now, now);
  const names = to.cards.map((card) => card.name);
  const id = draft.id ?? session.ids.next(now);
  const secretFound = own.secrets === 'off' ? undefined : await scanned(session, own, draft, plainData, to);
  const sealed = isToSeal(draft)
    ? await sealedWords(session, { id, from: sender.name, to: names, topic: to.topic }, draft, plainData)
    : undefined;
  const { subject = '', body } = sealed ?? draft;
  const data = sealed ? 'null' : plainData;
  const bytes = Buffer.byteLength(body) + (data === 'null' ? 0 : Buffer.byteLength(data));
  let refusal = to.refusal ?? sealed?.refusal ?? secretFound;
  const checkSize = (most: number, recipient: string, mailbox = recipient): void => {
    if (bytes <= most) return;
    const error = tooLarge(bytes, most, recipient, mailbox, sealed !== undefined);
    // As for who has retired: the limit may be of after the first send.
    if (draft.dedupeKey === undefined || bytes > hardMaxMessageBytes) throw error;
    refusal ??= error;
  };
  const limited: AgentCard[] = [];
  // Most mail has neither.
  let limits: Map<string, Limits> | undefined;
  let expiresAt: Map<string, number> | undefined;
  if (to.topic !== undefined) {
    // A log has no card of its own: what holds for the root holds for it.
    checkSize(settingsOf().maxMessageBytes, to.topic, logOf(to.topic));
  }
  for (const card of to.cards) {
    const { maxMessageBytes, maxMessages, maxBytes, ttlMs: mailboxTtlMs } = settingsOf(card);
    checkSize(maxMessageBytes, card.name);
    if (maxMessages < Infinity || maxBytes < Infinity) {
      limited.push(card);
      (limits ??= new Map()).set(card.name, { maxMessages, maxBytes });
    }
    // The sender's own says more about this message than the mailbox's about all.
    if (ttlMs === undefined && mailboxTtlMs < Infinity)
      (expiresAt ??= new Map()).set(card.name, Math.max(now, dueAt) + mailboxTtlMs);
  }
  const message: Record<string, unknown> = {
    v: 1,
    id,
    from: sender.name,
    to: to.topic === undefined ? [...names] : [],
    subject,
    body,
    type: draft.type ?? 'message',
    priority: draft.priority ?? 'normal',
    thread: draft.thread ?? null,
    replyTo: draft.replyTo ?? null,
    tags: [...(draft.tags ?? [])],
    data: data === 'null' ? null : draft.data instanceof RawJson ? draft.data : (JSON.parse(data) as unknown),
    createdAt: isoTime(now),
    expiresAt: expiry === undefined ? null : isoTime(expiry),
    dedupeKey: draft.dedupeKey ?? null,
  };
  // Behind the literal and not spread into it: every other message has one shape, and V8 is quick with it.
  if (to.addressedTo !== undefined) message['addressedTo'] = to.addressedTo;
  if (to.topic !== undefined) message['topic'] = to.topic;
  if (draft.replyBy !== undefined) message['replyBy'] = draft.replyBy;
  if (draft.orderingKey !== undefined) message['orderingKey'] = draft.orderingKey;
  if (draft.replaceKey !== undefined) message['replaceKey'] = draft.replaceKey;
  if (draft.notify) message['notify'] = true;
  if (draft.task !== undefined) message['task'] = draft.task;
  if (draft.traceparent !== undefined) Object.assign(message, traceTold(session, draft));
  if (sealed !== undefined) Object.assign(message, sealed.fields);
  const mailboxes = to.topic === undefined ? names : [logOf(to.topic), ...names];
  // What is inside is no less a subject.
  if (sealed !== undefined) checked({ ...message, subject: draft.subject ?? '' });
  const whole =
    signatures === 'off' ? checked(message) : await (await signing()).signed(session, checked(message), signatures);
  const formerSenders = draft.dedupeKey === undefined ? undefined : sender.card?.formerNames;
  // Its sealed size counts, and sealing refuses too much. Only what is large can be that large.
  if (bytes > surelySealedBytes) seal(whole);
  return {
    outgoing: {
      message: whole,
      mailboxes,
      ...(dueAt > now && { dueAt }),
      ...(expiresAt && { expiresAt }),
      ...(limits && { limits }),
      ...(refusal && { refusal }),
      ...(formerSenders && { formerSenders }),
      ...(sealed?.formerMacs && { formerMacs: sealed.formerMacs }),
    },
    durability: draft.durability ?? durability,
    limited,
    // Who is not registered has no mailbox in which it could be counted.
    pace: sendRate < Infinity && sender.card ? { mailbox: sender.card.name, perMinute: sendRate } : undefined,
    isAudited: auditsMail,
  };
}

/**
 * In what is written, before anything of it is sealed.
 * @returns as lookForSecrets, under a dedupe key @throws that, without one
 */
async function scanned(
  session: Session,
  own: Effective,
  draft: Omit<CheckedDraft, 'to'>,
  plainData: string,
  { topic, cards }: Parameters<typeof composeFor>[3],
): Promise<DreamosError | undefined> {
  const { lookForSecrets } = await import('../secrets/look.ts');
  const receivers = topic ?? cards.map((card) => card.name).join(', ');
  const error = await lookForSecrets(session, own, draft, plainData, receivers);
  if (error && draft.dedupeKey === undefined) throw error;
  return error;
}

function isToSeal({ seal: wanted, sealSubject = false }: Omit<CheckedDraft, 'to'>): boolean {
  return wanted ?? sealSubject;
}

/** @param data its JSON @throws as sealWords */
async function sealedWords(
  session: Session,
  { id, from, to, topic }: { id: string; from: string; to: string[]; topic: string | undefined },
  { subject, body, sealSubject = false, dedupeKey }: Omit<CheckedDraft, 'to'>,
  data: string,
): Promise<Sealed & { readonly subject: string | undefined }> {
  const { sealWords } = await import('../seal/seal.ts');
  const sealed = await sealWords(session, {
    message: topic === undefined ? { id, from, to } : { id, from, to: [], topic },
    mailboxes: to,
    words: { body, data, subject: sealSubject ? (subject ?? '') : undefined },
    dedupeKey,
  });
  return { ...sealed, subject: sealSubject ? '' : subject };
}

function traceTold(session: Session, draft: Omit<CheckedDraft, 'to'>): TraceContext | undefined {
  const trace = traceOf(draft);
  if (trace === undefined)
    session.warn(
      `The message is sent without a trace: ${JSON.stringify(cut(draft.traceparent ?? '', 70))} is no traceparent.`,
    );
  return trace;
}

// A byte is at most six in JSON, and ten thousand recipients with all other fields have not two mebibytes.
const surelySealedBytes = (mostFileBytes - 2 * 1024 * 1024) / 6;

function checkBody({ body, allowEmpty }: Omit<CheckedDraft, 'to'>): void {
  if (body.trim() !== '' || allowEmpty) return;
  throw new DreamosError('invalid', 'BODY_EMPTY', 'The body is empty.', {
    hint: 'Give one as `body`. If empty is meant: `allowEmpty`',
  });
}

function checked(message: unknown): Message {
  const parsed = messageSchema.safeParse(message);
  if (parsed.success) return withRawData(parsed.data);
  throw messageInvalid(`This cannot be sent: ${explainIssues(parsed.error)}.`, 'dreamos schema message', parsed.error);
}

function checkNotOver({ at, dedupeKey }: Omit<CheckedDraft, 'to'>, now: number, dedupeWindowMs: number): void {
  if (at === undefined || !(at <= now)) return;
  // Refused to a repeat under a key, it would look as if the first send, which was on time, had failed.
  if (dedupeKey !== undefined && now - at < dedupeWindowMs) return;
  const message = `${new Date(sayableTime(at)).toISOString()} is over: it is ${new Date(now).toISOString()}.`;
  throw usage(message, 'To have it delivered at once, leave out `at`.');
}

/** @param recipient as it is called to people */
export function tooLarge(
  bytes: number,
  limit: number,
  recipient: string,
  mailbox: string,
  isSealed: boolean,
): DreamosError {
  const message = `Body and data have ${bytes} bytes${isSealed ? ', sealed' : ''}; ${recipient} takes at most ${limit}.`;
  const orRaise = bytes > hardMaxMessageBytes ? '' : `; or: dreamos config set maxMessageBytes ${bytes}`;
  const hint = `Write it to a file and send its path${orRaise}`;
  return new Refused(mailbox, 'invalid', 'MESSAGE_TOO_LARGE', message, hint);
}
