/**
 * Telling senders of deaths. The name of a message says whether its sender wants it, and the reason beside a dead one whether
 * it was done: `notice` is `sent`, or why there is none. The burial comes first, so that nobody is told of what lives; then the
 * notice is sent under a dedupe key of this death, and then the reason says so. Killed in between, whoever looks for the dead
 * next (status, dlq, maintain; who waits or watches once in each process) goes on: what was sent is not sent again.
 */
import { DreamosError } from '../../../model/errors.ts';
import { type AgentCard, isQueue } from '../../../model/agent.ts';
import type { Message } from '../../../model/message.ts';
import { type Death, noMailbox, noticeOf, notTold } from '../../port/notice.ts';
import { MailboxFull } from '../../port/refusals.ts';
import type { FileContext } from '../disk/context.ts';
import { memory } from '../disk/memory.ts';
import { warnOnce } from '../disk/warn-once.ts';
import { getAgent } from '../documents/agents.ts';
import { settingsInForce } from '../documents/documents.ts';
import { calledNow } from '../documents/renamed.ts';
import { isReason } from '../names/beside.ts';
import { type EntryName, formatEntryName, parseEntryName } from '../names/entry-name.ts';
import type { Mailbox } from '../names/layout.ts';
import { pathIn } from '../names/path.ts';
import { readIfGood } from '../places/read-entry.ts';
import { sendUnderDedupeKey } from '../send/dedupe.ts';
import { deadReason, noteReason } from './reason.ts';

/** By mailbox: the dead whose senders this process knows to be told. */
const told = memory(() => new Map<string, ReadonlySet<string>>());

/** @param names of what lies in dlq/ */
export async function tellSenders(
  ctx: FileContext,
  mailbox: Mailbox,
  names: readonly string[],
  most: number,
): Promise<void> {
  const known = told.of(ctx);
  const before = known.get(mailbox.name);
  const now = new Set<string>();
  const entries = names.filter((text) => !isReason(text)).sort();
  for (const text of entries.slice(Math.max(0, entries.length - most))) {
    const name = parseEntryName(text);
    if (name?.tag !== 'k' || !name.notify) continue;
    if (before?.has(text) || (await tellSender(ctx, mailbox, name))) now.add(text);
  }
  known.set(mailbox.name, now);
}

/** The death stands, whatever comes of the notice. @returns `false`: the next look tries again */
export async function tellSender(ctx: FileContext, mailbox: Mailbox, name: EntryName): Promise<boolean> {
  try {
    const why = await deadReason(ctx, mailbox, name);
    if (why.notice !== undefined) return true;
    const path = pathIn(mailbox.dlq, formatEntryName(name));
    const message = await readIfGood(ctx, path, name, mailbox.name);
    // Retried since; or it cannot be read, and who it is from is not known. Perhaps another process can.
    if (!message) return true;
    const { reason, attempts, deadAt } = why;
    const death = { mailbox: mailbox.name, reason, attempts, deadAt };
    const whyNot = await send(ctx, message, death);
    if (whyNot !== undefined) ctx.warn(notTold(message, death, whyNot));
    await noteReason(ctx, mailbox, name, { ...why, notice: whyNot ?? 'sent' });
    return true;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    warnOnce(ctx, `${name.id} is dead in ${mailbox.name}, and its sender is not told yet: ${error.message}`);
    return false;
  }
}

/** @returns why there is none; `undefined`: it is sent, now or before */
async function send(ctx: FileContext, message: Message, death: Death): Promise<string | undefined> {
  const card = await cardOf(ctx, message.from);
  const why = noMailbox(card);
  if (!card || why !== undefined) return why;
  const outgoing = noticeOf(message, death, {
    id: ctx.ids.next(ctx.clock.now()),
    card,
    root: await settingsInForce(ctx),
    now: ctx.clock.now(),
  });
  const { formerNames, kind } = (await getAgent(ctx, death.mailbox)) ?? {};
  try {
    const signed = ctx.sign ? await ctx.sign(outgoing.message) : outgoing.message;
    await sendUnderDedupeKey(ctx, { ...outgoing, message: signed, ...(formerNames && { formerSenders: formerNames }) });
  } catch (error) {
    // Nobody will ever have one, so there is nobody to wait for.
    if (isQueue({ kind }) && error instanceof DreamosError && error.code === 'UNAUTHENTICATED')
      return 'signatures are required, and a queue has no key to sign it with';

    if (error instanceof MailboxFull) return `the mailbox of ${card.name} is full`;
    // Under the key of this death: its reason file was lost since, or a mailbox has another name.
    if (!(error instanceof DreamosError) || error.code !== 'DEDUPE_MISMATCH') throw error;
  }
  return undefined;
}

async function cardOf(ctx: FileContext, name: string): Promise<AgentCard | undefined> {
  const card = await getAgent(ctx, name);
  if (card) return card;
  const [now] = await calledNow(ctx, name);
  return now && getAgent(ctx, now.name);
}
