import type { FormerName } from '../../model/agent.ts';
import { isAhead } from '../../model/clock.ts';
import type { DreamosError } from '../../model/errors.ts';
import { idTime } from '../../model/id.ts';
import { dataJson, type Message } from '../../model/message.ts';
import { dedupeMismatch } from './refusals.ts';

/**
 * Whether a dedupe key is over: it was made a window ago, or while the clock was ahead by more than one. Not by a minute, as
 * a claim: a clock that is set back by an hour, perhaps in the middle of a send, would let its repeat be sent again.
 */
export function isForgotten(madeAt: number, now: number, windowMs: number): boolean {
  return now - madeAt >= windowMs || isAhead(madeAt, now, windowMs);
}

/** The message as its sender would have sent it under a former name; `undefined`: the first one was not sent under it by him. */
export function asFormer(first: Message, message: Message, { name, until }: FormerName): Message | undefined {
  // Since then another one may have the name.
  return idTime(first.id) <= Date.parse(until) ? { ...message, from: name } : undefined;
}

/**
 * Of a send under a dedupe key that was used before. @param formerMacs further ones that say the same
 * @returns `undefined`: it says what the first one said
 */
export function mismatchOf(
  first: Message,
  message: Message,
  formerMacs: readonly string[] = [],
): DreamosError | undefined {
  const isSame = first.sealedMac !== undefined && formerMacs.includes(first.sealedMac);
  const said = isSame ? { ...message, sealedMac: first.sealedMac } : message;
  const alike = wordsOf(first) === wordsOf(said);
  return alike && isForTheSame(first, message) ? undefined : dedupeMismatch(first, alike);
}

/** All but the recipients, and the id and the times, which differ in every try. */
function wordsOf(message: Message): string {
  const { from, topic, subject, type, priority, thread, replyTo, tags, orderingKey, replaceKey, notify } = message;
  return JSON.stringify([
    from.toLowerCase(),
    subject,
    bodyOf(message),
    type,
    priority,
    thread,
    replyTo,
    tags,
    dataJson(message),
    topic ?? null,
    orderingKey ?? null,
    replaceKey ?? null,
    notify ?? null,
  ]);
}

/** A ciphertext is another one in each try. */
function bodyOf({ body, sealed, sealedMac }: Message): unknown {
  return sealed === undefined ? body : [sealed, sealedMac ?? body];
}

/** Who is in a group may have changed since; its name counts, where the first send has kept it: an older version's has not. */
function isForTheSame(first: Message, message: Message): boolean {
  const { addressedTo: said = first.to } = first;
  const again = first.addressedTo === undefined ? message.to : (message.addressedTo ?? message.to);
  return JSON.stringify([...said].sort()) === JSON.stringify([...again].sort());
}
