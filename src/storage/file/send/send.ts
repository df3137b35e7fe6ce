/**
 * Send: the bytes go to tmp/ and are synced, then the name goes into ready/ (or delayed/), then that folder is synced.
 * The rename is the commit; success is answered after the last sync.
 *
 * | what is sent | written | synced (durability `full`) |
 * | --- | --- | --- |
 * | one message to one mailbox | its own file | the file, its folder; the folders above on their first use |
 * | several in one call | one JSON Lines file, one link a message | the file, each folder once |
 * | to several mailboxes, to a topic's log, or with a dedupe or replace key | the outbox way (outbox.ts) | the body, its folder, outbox/ |
 */
import { freshFile } from '../disk/folders.ts';
import { DreamosError } from '../../../model/errors.ts';
import { sealLines } from '../../../model/message.ts';
import type { Durability } from '../../../model/settings.ts';
import { isLog } from '../../../model/topic.ts';
import type { Outgoing, SendHow, Sent } from '../../port/mail.ts';
import { MailboxFull, MailboxGone } from '../../port/refusals.ts';
import { takeRoom } from './room.ts';
import type { FileContext } from '../disk/context.ts';
import { renamedSince } from '../documents/renamed.ts';
import { sendUnderDedupeKey } from './dedupe.ts';
import { logEvents } from '../events/event-log.ts';
import { handOutEarlier, handOutOrLeave } from './hand-out.ts';
import { commit, disturbed, firstName, prepare } from './outbox.ts';
import { sendPacked } from './batch.ts';
import { mailboxOf, eventOf, sentOf } from './outgoing.ts';
import { create, move, syncPlaced } from './place.ts';

/** So many messages share one file at most: their parts keep it alive until the last one is gone. */
const maxPerFile = 1000;

export async function send(
  ctx: FileContext,
  outgoing: readonly Outgoing[],
  { durability, untilFull = false }: SendHow,
): Promise<(Sent | DreamosError)[]> {
  await handOutEarlier(ctx, outgoing);
  const results: (Sent | DreamosError)[] = [];
  // In the caller's order, run by run, because a sender's messages keep their order.
  for (let at = 0; at < outgoing.length;) {
    const run = packable(outgoing, at);
    for (const result of await sendRun(ctx, run, durability, untilFull)) {
      results.push(result instanceof MailboxGone ? await saidOf(ctx, result) : result);
      if (untilFull && result instanceof MailboxFull) return results;
    }
    at += run.length;
  }
  return results;
}

/** Who has it now, if that can be looked up: what was sent beside it stands. */
async function saidOf(ctx: FileContext, gone: MailboxGone): Promise<DreamosError> {
  try {
    return await renamedSince(ctx, gone);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return gone;
  }
}

/** What has room of a run: all but those without, or those before the first one without. */
async function sendRun(
  ctx: FileContext,
  run: readonly Outgoing[],
  durability: Durability,
  untilFull: boolean,
): Promise<(Sent | DreamosError)[]> {
  const [first] = run;
  // Under a key it takes its room only if the key turns out to be new.
  if (run.length === 1 && first && (!first.limits || isUnderKey(first)))
    return [await sendOne(ctx, first, durability).catch(asResult)];
  if (run.every(({ limits }) => !limits)) return sendPacked(ctx, run, durability);
  const refused = new Map<number, MailboxFull>();
  const releases: (() => void)[] = [];
  const roomy: Outgoing[] = [];
  try {
    for (const [i, outgoing] of run.entries()) {
      const taken = outgoing.limits && (await takeRoom(ctx, outgoing));
      if (taken instanceof MailboxFull) refused.set(i, taken);
      else roomy.push(outgoing);
      if (typeof taken === 'function') releases.push(taken);
      if (untilFull && refused.size > 0) break;
    }
    const [only] = roomy;
    const sent =
      roomy.length > 1
        ? await sendPacked(ctx, roomy, durability)
        : only
          ? [await sendOne(ctx, only, durability).catch(asResult)]
          : [];
    const tried = roomy.length + refused.size;
    let next = 0;
    return run.slice(0, tried).map((_, i) => refused.get(i) ?? (sent[next++] as Sent | DreamosError));
  } finally {
    for (const release of releases) release();
  }
}

/** The longest run from `at` on that may share a file: one agent's mailbox each, no dedupe and no replace key. */
function packable(outgoing: readonly Outgoing[], at: number): Outgoing[] {
  let end = at;
  while (end < outgoing.length && end - at < maxPerFile && isPlain(outgoing[end])) end++;
  return outgoing.slice(at, Math.max(end, at + 1));
}

function isPlain(outgoing: Outgoing | undefined): boolean {
  if (outgoing?.mailboxes.length !== 1 || isUnderKey(outgoing)) return false;
  return (outgoing.message.replaceKey ?? null) === null && !isLog(mailboxOf(outgoing));
}

function isUnderKey({ message, carried }: Outgoing): boolean {
  return message.dedupeKey !== null && !carried;
}

function asResult(error: unknown): DreamosError {
  if (error instanceof DreamosError) return error;
  throw error;
}

async function sendOne(ctx: FileContext, outgoing: Outgoing, durability: Durability): Promise<Sent> {
  const { message, mailboxes } = outgoing;
  if (isUnderKey(outgoing)) return sendUnderDedupeKey(ctx, outgoing);
  const [only] = mailboxes;
  if (only !== undefined && isPlain(outgoing)) {
    const mailbox = ctx.layout.mailbox(only);
    const file = freshFile(ctx, mailbox);
    await create(ctx, mailbox, file, sealLines([message]).bytes, durability);
    const at = ctx.clock.now();
    const placed = await move(ctx, file, mailbox, firstName(ctx, outgoing, only), message);
    const failed = durability === 'full' ? (await syncPlaced(ctx, [placed])).get(message.id) : undefined;
    if (failed) throw failed;
    await logEvents(ctx, mailbox, [eventOf(outgoing)], at);
  } else {
    // What it replaces is not given up for what a power cut may take.
    const sure = (message.replaceKey ?? null) === null ? durability : 'full';
    await prepare(ctx, outgoing, sure);
    // Nobody else commits it: paused for a day it was swept, or somebody cleans up outbox/.
    if (!(await commit(ctx, message.id, sure, { recipients: mailboxes.length })))
      throw disturbed(`What was prepared for ${message.id} has gone from outbox/`);
    return { ...sentOf(outgoing, sure), ...(await handOutOrLeave(ctx, message)) };
  }
  return sentOf(outgoing, durability);
}
