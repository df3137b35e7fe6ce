/**
 * Backpressure: a message that would exceed maxMessages or maxBytes of a mailbox is refused before anything is written. Only
 * messages with limits come here.
 *
 * The count is exact at rest (look/load.ts), and one process makes it every 100 ms at most, adding what it sends itself
 * meanwhile. So a burst of one process stays within the limit; of several, each may go over it by what it sends in 100 ms,
 * and one that sends a single message by that one.
 */
import { type Message, seal } from '../../../model/message.ts';
import type { Limits, Outgoing } from '../../port/mail.ts';
import { type MailboxFull, mailboxFull } from '../../port/refusals.ts';
import type { FileContext } from '../disk/context.ts';
import { memory } from '../disk/memory.ts';
import { hasInbox } from '../places/inbox.ts';
import { waitingWith } from './replace.ts';

interface Known {
  messages: number;
  bytes: number;
}

interface Loads {
  readonly known: Map<string, { readonly at: number; readonly load: Promise<Known> }>;
  /** Room that was taken for what is still being sent. */
  readonly reserved: Map<string, Known>;
}

const keepMs = 100;
const loads = memory<Loads>(() => ({ known: new Map(), reserved: new Map() }));

/** Takes room for a message in every limited mailbox, or in none. @returns what gives it back once it is sent, or who has none */
export async function takeRoom(ctx: FileContext, outgoing: Outgoing): Promise<(() => void) | MailboxFull> {
  const limits = await applying(ctx, outgoing);
  if (limits.length === 0) return () => undefined;
  const taken = await take(ctx, limits, outgoing);
  if (typeof taken === 'function') return taken;
  // Refused by nothing older than this moment.
  for (const [mailbox] of limits) loads.of(ctx).known.delete(mailbox);
  return take(ctx, limits, outgoing);
}

/** An answer that a request waits for goes to its inbox, and needs no room in the mailbox. */
async function applying(
  ctx: FileContext,
  { message, dueAt, limits = new Map() }: Outgoing,
): Promise<[mailbox: string, Limits][]> {
  const all = [...limits];
  const { replyTo } = message;
  if ((message.replaceKey ?? null) !== null) return withoutReplacing(ctx, message, all);
  if (replyTo === null || dueAt !== undefined) return all;
  const awaited = await Promise.all(all.map(([mailbox]) => hasInbox(ctx, ctx.layout.mailbox(mailbox), replyTo)));
  return all.filter((_, i) => !awaited[i]);
}

/** What takes another's place needs no room. */
async function withoutReplacing(
  ctx: FileContext,
  message: Message,
  all: [mailbox: string, Limits][],
): Promise<[mailbox: string, Limits][]> {
  const without: [mailbox: string, Limits][] = [];
  for (const one of all)
    if ((await waitingWith(ctx, ctx.layout.mailbox(one[0]), message)).length === 0) without.push(one);
  return without;
}

async function take(
  ctx: FileContext,
  limits: readonly [mailbox: string, Limits][],
  { message }: Outgoing,
): Promise<(() => void) | MailboxFull> {
  const bytes = limits.some(([, { maxBytes }]) => maxBytes < Infinity) ? seal(message).length + 1 : 0;
  const known: Known[] = [];
  for (const [mailbox, limit] of limits) known.push(await loadOf(ctx, mailbox, limit));
  // From here on at once, so that of several sends of this process each sees the one before.
  for (const [i, [mailbox, { maxMessages, maxBytes }]] of limits.entries()) {
    const load = known[i] as Known;
    if (load.messages + 1 > maxMessages) return mailboxFull(mailbox, 'maxMessages', maxMessages, load.messages);
    if (load.bytes + bytes > maxBytes) return mailboxFull(mailbox, 'maxBytes', maxBytes, load.bytes);
  }
  const reserved = limits.map(([mailbox]) => reservedIn(ctx, mailbox));
  for (const each of [...known, ...reserved]) change(each, 1, bytes);
  return () => {
    for (const each of reserved) change(each, -1, -bytes);
  };
}

function loadOf(ctx: FileContext, mailbox: string, limit: Limits): Promise<Known> {
  const { known } = loads.of(ctx);
  const last = known.get(mailbox);
  const at = ctx.clock.uptime();
  if (last && at - last.at < keepMs) return last.load;
  const counted = count(ctx, mailbox, limit);
  known.set(mailbox, { at, load: counted });
  counted.catch(() => known.delete(mailbox));
  return counted;
}

async function count(ctx: FileContext, mailbox: string, { maxMessages, maxBytes }: Limits): Promise<Known> {
  const { load } = await import('../look/load.ts');
  const most = maxBytes === Infinity ? maxMessages : Infinity;
  const { messages, bytes } = await load(ctx, ctx.layout.mailbox(mailbox), most);
  const reserved = reservedIn(ctx, mailbox);
  return { messages: messages + reserved.messages, bytes: bytes + reserved.bytes };
}

function reservedIn(ctx: FileContext, mailbox: string): Known {
  const { reserved } = loads.of(ctx);
  const room = reserved.get(mailbox) ?? { messages: 0, bytes: 0 };
  reserved.set(mailbox, room);
  return room;
}

function change(load: Known, messages: number, bytes: number): void {
  load.messages += messages;
  load.bytes += bytes;
}
