/** Sends: each message one commit, as many as fit into one call. */
import { formerly } from '../../../model/agent.ts';
import { DreamosError } from '../../../model/errors.ts';
import { type Message, priorities, seal } from '../../../model/message.ts';
import { dueByOf } from '../../../model/metrics/late.ts';
import { dedupeWindowOf } from '../../../model/settings.ts';
import type { Entry } from '../../port/look.ts';
import type { Actor, Mail, Outgoing, SendHow, Sent } from '../../port/mail.ts';
import { AgentRenamed, importLost, MailboxFull, mailboxFull, MailboxGone } from '../../port/refusals.ts';
import { asFormer, mismatchOf } from '../../port/repeat.ts';
import type { Lock } from '../../port/documents.ts';
import { sendUncertain, Unreachable } from '../link/errors.ts';
import type { Arg } from '../link/connection.ts';
import type { RedisContext } from './context.ts';
import { entryIn, list, messageIn, part, type Reply, stateOf, text, texts } from './entry.ts';

const mostAtOnce = 100;
const mostBytesAtOnce = 4 * 1024 * 1024;
export const usualWindowMs = dedupeWindowOf({});

/** A message of a call, and what is said to be known of its dedupe key's former senders. */
interface Try {
  readonly outgoing: Outgoing;
  readonly bytes: Buffer;
  /** Under which of them the key was looked up, the sender's own first. */
  readonly senders: readonly string[];
  readonly mailboxes: readonly string[];
}

export function sending(ctx: RedisContext): Pick<Mail, 'send' | 'deposit'> {
  return {
    send: (outgoing, how) => send(ctx, outgoing, how),
    deposit: (mailbox, message, to, actor) => deposit(ctx, mailbox, message, to, actor),
  };
}

export async function send(
  ctx: RedisContext,
  outgoing: readonly Outgoing[],
  how: SendHow,
): Promise<(Sent | DreamosError)[]> {
  const results: (Sent | DreamosError)[] = [];
  const parts = split(outgoing.map(tryOf));
  if (!how.untilFull) return (await Promise.all(parts.map((tries) => sendPart(ctx, tries, how)))).flat();
  for (const [i, tries] of parts.entries()) {
    results.push(...(await sendPart(ctx, tries, how)));
    const last = results.at(-1);
    if (last instanceof MailboxFull) break;
    if (!(last instanceof DreamosError) || (last.kind !== 'unreachable' && last.code !== 'SEND_UNCERTAIN')) continue;
    // It would wait as long again, and might overtake what is in front of it.
    const untried = new Unreachable(
      ctx.link.where,
      'what is in front of it got no answer, and it was not tried',
      false,
    );
    return [...results, ...parts.slice(i + 1).flatMap((behind) => behind.map(() => untried))];
  }
  return results;
}

/** A part that failed as a whole: of each of its messages, so that what other parts did is told. */
function failedOf(tries: readonly Try[], error: unknown): DreamosError[] {
  if (!(error instanceof DreamosError)) throw error;
  const isUncertain = error instanceof Unreachable && error.isUncertain;
  return tries.map(({ outgoing }) => (isUncertain ? sendUncertain(outgoing.message.id, error.message) : error));
}

function tryOf(outgoing: Outgoing): Try {
  const { message, mailboxes, formerSenders = [], carried } = outgoing;
  const senders = message.dedupeKey === null || carried ? [] : [message.from, ...formerSenders.map(({ name }) => name)];
  return { outgoing, bytes: seal(message), senders, mailboxes };
}

function split(tries: readonly Try[]): Try[][] {
  const parts: Try[][] = [];
  let bytes = 0;
  for (const one of tries) {
    bytes += one.bytes.length;
    const last = parts.at(-1);
    if (last && last.length < mostAtOnce && bytes <= mostBytesAtOnce) last.push(one);
    else {
      parts.push([one]);
      bytes = one.bytes.length;
    }
  }
  return parts;
}

async function sendPart(ctx: RedisContext, tries: readonly Try[], how: SendHow): Promise<(Sent | DreamosError)[]> {
  let answers: readonly Reply[];
  try {
    const args = tries.flatMap(argsOf);
    const said = ['send', String(usualWindowMs), how.untilFull ? '1' : '', ...args] as const;
    answers = list(await (how.durability === 'full' ? ctx.link.runDurably(...said) : ctx.link.run(...said)));
  } catch (error) {
    return failedOf(tries, error);
  }
  const results: (Sent | DreamosError)[] = [];
  for (const [i, answer] of answers.entries()) {
    const one = tries[i] as Try;
    const result = resultOf(ctx, one, list(answer), how);
    results.push(await result.catch((error: unknown) => failedOf([one], error)[0] as DreamosError));
  }
  return results;
}

const finite = (limit: number | undefined): Arg => (limit === undefined || limit === Infinity ? '' : String(limit));
const timeOf = (iso: string | null): string => (iso === null ? '' : String(Date.parse(iso)));

/** What every message says of itself to the scripts. */
export function fieldsOf(message: Message) {
  const { from, orderingKey, replyTo, replaceKey } = message;
  return {
    priority: String(priorities.indexOf(message.priority)),
    sentAt: String(Date.parse(message.createdAt)),
    expiresAt: timeOf(message.expiresAt),
    orderingKey: orderingKey ?? '',
    replyTo: replyTo ?? '',
    group: (replaceKey ?? null) === null ? '' : `${from.toLowerCase()}\n${replaceKey}`,
    dueBy: String(dueByOf(message) ?? ''),
    flags: `${message.task === undefined ? '' : 't'}${message.notify ? 'n' : ''}`,
  };
}

function argsOf({ outgoing, bytes, senders, mailboxes }: Try): Arg[] {
  const { message, dueAt, expiresAt, limits, refusal } = outgoing;
  const { from, type, priority, subject, thread, replyTo } = message;
  const said = fieldsOf(message);
  const keys = senders.map((sender) => `${sender.toLowerCase()}\n${message.dedupeKey}`);
  return [
    ...[message.id, bytes, String(dueAt ?? ''), said.priority],
    part({ by: from, from, type, priority, subject, thread, replyTo }),
    ...[said.sentAt, said.expiresAt, said.orderingKey, said.replyTo, said.group],
    ...[said.flags + (refusal ? 'p' : ''), said.dueBy, part({ by: from })],
    ...[String(keys.length), ...keys, String(mailboxes.length)],
    ...mailboxes.flatMap((name) => {
      const { maxMessages, maxBytes } = limits?.get(name) ?? {};
      return [name, String(expiresAt?.get(name) ?? ''), finite(maxMessages), finite(maxBytes)];
    }),
  ];
}

async function resultOf(
  ctx: RedisContext,
  one: Try,
  [kind, ...rest]: readonly Reply[],
  how: SendHow,
): Promise<Sent | DreamosError> {
  const { message, mailboxes, dueAt = 0, refusal, formerMacs, carried } = one.outgoing;
  const durability = ctx.durability === 'full' ? how.durability : 'relaxed';
  switch (text(kind)) {
    case 'known': {
      const [which, id, names, bytes] = rest;
      const first = messageIn(bytes);
      const former = one.outgoing.formerSenders?.find(({ name }) => name === one.senders[Number(which) - 1]);
      const said = Number(which) === 1 || !former ? message : asFormer(first, message, former);
      // Another one has sent it, who had the name since.
      if (!said) return again(ctx, { ...one, senders: one.senders.filter((_, i) => i !== Number(which) - 1) }, how);
      const state = dueAt > ctx.now() ? 'delayed' : 'ready';
      const sent: Sent = { id: text(id), mailboxes: text(names).split(' '), state, durability, duplicate: true };
      return mismatchOf(first, said, formerMacs) ?? sent;
    }
    case 'refused':
      return refusal as DreamosError;
    case 'full': {
      const [mailbox, setting, limit, count] = texts(rest);
      return mailboxFull(mailbox ?? '', setting as 'maxMessages', Number(limit), Number(count));
    }
    case 'gone': {
      const mailbox = text(rest[0]);
      const [card] = formerly(await ctx.looks.cards(), mailbox);
      if (!card) return new MailboxGone(mailbox);
      if (mailboxes.length === 1 && (message.dedupeKey === null || carried))
        return new AgentRenamed(mailbox, card.name);
      return again(ctx, { ...one, mailboxes: one.mailboxes.map((name) => (name === mailbox ? card.name : name)) }, how);
    }
    default: {
      const [state, ...pairs] = texts(rest);
      const replaced = pairs.flatMap((mailbox, i) => (i % 2 === 0 ? [{ mailbox, id: pairs[i + 1] ?? '' }] : []));
      const sent: Sent = { id: message.id, mailboxes, state: stateOf(state ?? '') as 'ready', durability };
      return replaced.length > 0 ? { ...sent, replaced } : sent;
    }
  }
}

async function again(ctx: RedisContext, one: Try, how: SendHow): Promise<Sent | DreamosError> {
  const [result] = await sendPart(ctx, [one], how);
  return result as Sent | DreamosError;
}

async function deposit(
  ctx: RedisContext,
  mailbox: string,
  message: Message,
  to: 'archived' | 'ready',
  { by, at, lock }: Actor & { readonly at: number; readonly lock?: Lock | undefined },
): Promise<Entry> {
  if (lock && !lock.isHeld()) throw importLost();
  const said = fieldsOf(message);
  const [ok, entry] = list(
    await ctx.link.runDurably(
      'deposit',
      ...[mailbox, message.id, seal(message), to === 'archived' ? 'a' : 'r', String(at), said.priority, said.sentAt],
      ...[said.expiresAt, said.orderingKey, said.replyTo, said.group, said.flags, said.dueBy],
      part({ by: by ?? message.from }),
    ),
  );
  if (text(ok) === 'gone') throw new MailboxGone(mailbox);
  return entryIn(entry);
}
