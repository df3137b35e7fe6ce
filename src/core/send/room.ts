/**
 * Backpressure: a send that would exceed maxMessages or maxBytes of a recipient is refused, or waits for room. Only sends
 * to mailboxes with a limit come here.
 *
 * The count is the store's, which is about exact (Store.load), and one process asks for it every 100 ms at most, adding what it
 * sends itself meanwhile. So a burst of one process stays within the limit; of several, each may go over it by what it
 * sends in 100 ms, and one that sends a single message by that one.
 */
import { DreamosError } from '../../model/errors.ts';
import { type Message, seal } from '../../model/message.ts';
import type { Load, Outgoing, Store } from '../../storage/port/store.ts';
import type { Composed, Limit } from './compose.ts';
import { bringAllDue } from '../wait/due.ts';
import type { Session } from '../root/root.ts';
import { waitFor } from '../wait/wait.ts';
import type { SendOptions } from './draft.ts';

/** What the sends of one call share: how long they may still wait, and what has to be done before they do. */
export interface Waiting {
  /** By the clock's uptime; later again after each wait that was worth it. */
  until: number;
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
  /** Sends what has its room already: it may be what the reader waits for. */
  readonly flush: () => Promise<void>;
}

export function waitingFor(session: Session, { waitMs = 0, signal }: SendOptions, flush: () => Promise<void>): Waiting {
  return { until: session.clock.uptime() + waitMs, waitMs, signal, flush };
}

interface Taken {
  readonly outgoing: Outgoing;
  readonly release: () => void;
}

/** Takes room for a message in every limited mailbox, or in none. @throws MAILBOX_FULL */
export async function withRoom(session: Session, composed: Composed, waiting: Waiting): Promise<Taken> {
  const { outgoing, limits } = composed;
  const { message } = outgoing;
  if (message.dedupeKey === null) return { outgoing, release: await roomFor(session, limits, outgoing, waiting) };
  let release = (): void => undefined;
  const whenNew = async (): Promise<void> => {
    // Asked again when another's key was swept meanwhile.
    release();
    release = () => undefined;
    release = await roomFor(session, limits, outgoing, { ...waiting, flush: async () => undefined });
  };
  return { outgoing: { ...outgoing, whenNew }, release: () => release() };
}

async function roomFor(
  session: Session,
  all: readonly Limit[],
  outgoing: Outgoing,
  waiting: Waiting,
): Promise<() => void> {
  const { message } = outgoing;
  let taken = await take(session, all, message);
  if (typeof taken === 'function') return taken;
  const limits = await notAwaited(session, all, outgoing);
  for (const { card } of limits) {
    // Expired mail and unfinished sends are no reason to refuse; whoever comes moves what is due.
    await bringAllDue(session, card);
    forget(session.store, card.name);
  }
  taken = await take(session, limits, message);
  if (typeof taken !== 'function' && waiting.until > session.clock.uptime()) await waiting.flush();
  while (typeof taken !== 'function') {
    const leftMs = waiting.until - session.clock.uptime();
    if (leftMs <= 0 || waiting.signal?.aborted) throw taken.error;
    const { mailbox, error } = taken;
    const look = async (): Promise<Taking | undefined> => {
      forget(session.store, mailbox);
      const now = await take(session, limits, message);
      return typeof now !== 'function' && now.mailbox === mailbox ? undefined : now;
    };
    const came: Taking | undefined = await waitFor(session, mailbox, look, {
      waitMs: leftMs,
      ...(waiting.signal && { signal: waiting.signal }),
    });
    if (!came) throw error;
    taken = came;
    waiting.until = session.clock.uptime() + waiting.waitMs;
  }
  return taken;
}

/** An answer that a request waits for goes to its inbox, and needs no room in the mailbox. */
async function notAwaited(
  session: Session,
  limits: readonly Limit[],
  { message, dueAt }: Outgoing,
): Promise<readonly Limit[]> {
  const { replyTo } = message;
  if (replyTo === null || dueAt !== undefined) return limits;
  const awaited = await Promise.all(limits.map(({ card }) => session.store.hasInbox(card.name, replyTo)));
  return limits.filter((_, i) => !awaited[i]);
}

type Taking = (() => void) | { readonly mailbox: string; readonly error: DreamosError };

/** @returns what gives the room back, or who has none */
async function take(session: Session, limits: readonly Limit[], message: Message): Promise<Taking> {
  const bytes = limits.some(({ maxBytes }) => maxBytes < Infinity) ? seal(message).length + 1 : 0;
  const loads: Known[] = [];
  for (const { card } of limits) loads.push(await loadOf(session, card.name));
  // From here on at once, so that of several sends of this process each sees the one before.
  for (const [i, { card, maxMessages, maxBytes }] of limits.entries()) {
    const load = loads[i] as Known;
    if (load.messages + 1 > maxMessages)
      return { mailbox: card.name, error: full(card.name, 'maxMessages', maxMessages, load.messages, 'message') };
    if (load.bytes + bytes > maxBytes)
      return { mailbox: card.name, error: full(card.name, 'maxBytes', maxBytes, load.bytes, 'byte') };
  }
  const reserved = limits.map(({ card }) => reservedIn(session.store, card.name));
  for (const each of [...loads, ...reserved]) change(each, 1, bytes);
  return () => {
    for (const each of reserved) change(each, -1, -bytes);
  };
}

type Known = { -readonly [Key in keyof Load]: Load[Key] };

interface Loads {
  readonly known: Map<string, { readonly at: number; readonly load: Promise<Known> }>;
  /** Room that was taken for what is still being sent. */
  readonly reserved: Map<string, Known>;
}

const keepMs = 100;
const byStore = new WeakMap<Store, Loads>();

function loadsOf(store: Store): Loads {
  const loads = byStore.get(store) ?? { known: new Map(), reserved: new Map() };
  byStore.set(store, loads);
  return loads;
}

function loadOf(session: Session, mailbox: string): Promise<Known> {
  const { known } = loadsOf(session.store);
  const last = known.get(mailbox);
  const at = session.clock.uptime();
  if (last && at - last.at < keepMs) return last.load;
  const load = countAnew(session.store, mailbox);
  known.set(mailbox, { at, load });
  load.catch(() => known.delete(mailbox));
  return load;
}

async function countAnew(store: Store, mailbox: string): Promise<Known> {
  const { messages, bytes } = await store.load(mailbox);
  const reserved = reservedIn(store, mailbox);
  return { messages: messages + reserved.messages, bytes: bytes + reserved.bytes };
}

function forget(store: Store, mailbox: string): void {
  loadsOf(store).known.delete(mailbox);
}

function reservedIn(store: Store, mailbox: string): Known {
  const { reserved } = loadsOf(store);
  const room = reserved.get(mailbox) ?? { messages: 0, bytes: 0 };
  reserved.set(mailbox, room);
  return room;
}

function change(load: Known, messages: number, bytes: number): void {
  load.messages += messages;
  load.bytes += bytes;
}

function full(mailbox: string, setting: string, limit: number, count: number, unit: string): DreamosError {
  return new DreamosError(
    'conflict',
    'MAILBOX_FULL',
    `${mailbox} is full, so nothing was sent: what waits there undelivered or unfinished is about ${count} ${count === 1 ? unit : `${unit}s`}, and its ${setting} is ${limit}.`,
    { hint: `See who reads it: dreamos status ${mailbox}; to wait for room: send, reply or publish with --wait 30s` },
  );
}
