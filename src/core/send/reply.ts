import type { SendReceipt } from '../../contract/mail.ts';
import { type DraftFor, parseDraft, type Parsed } from '../../model/draft.ts';
import { hardMaxMessageBytes, keyCharacters, subjectCharacters } from '../../model/basics/limits.ts';
import { cut } from '../../model/basics/text.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { sha256 } from '../../model/basics/sha256.ts';
import { idFrom, idTime, isId, mayEndId } from '../../model/id.ts';
import type { Message } from '../../model/message.ts';
import { traceOf } from '../../model/trace/trace-context.ts';
import { namesNow, resolveFormer } from '../agents/agents.ts';
import { AgentRenamed } from '../../storage/port/refusals.ts';
import { findSurely, looks } from '../look/find.ts';
import type { Session } from '../root/root.ts';
import { isOfStorage } from '../root/trouble.ts';
import { withoutSettings } from '../root/settings.ts';
import { checkProved, sayWho } from '../root/names.ts';
import { composeFor } from './compose.ts';
import { sendChecked } from './send.ts';
import { ack, type AckHow, checkScore, claimedId } from '../take/settle.ts';
import { messageNotFound } from '../root/refusals.ts';
import type { CheckedDraft, SendOptions } from './draft.ts';
import type { Settled } from '../../storage/port/mail.ts';
import type { State } from '../../model/state.ts';
import { operation } from '../root/operation.ts';

export type ReplyDraft = DraftFor<'reply'>;

export interface ReplyOptions extends SendOptions, AckHow {
  /** Finishes the original with it, and says of it what `score` and `note` say. */
  readonly ack?: boolean;
  /** Answers once more. */
  readonly again?: boolean;
}

interface Original {
  readonly mailbox: string;
  readonly message: Message;
  readonly state: State;
  /** Of its claim, where it is held. */
  readonly receipt?: string | undefined;
}

export type ReplyReceipt = SendReceipt & { readonly acked?: Settled };

/**
 * The answer is sent first and the original acked second, under a dedupe key of the original: whoever dies in between and
 * says the same again finishes the two, and sends nothing twice.
 */
export const reply = operation('reply', replyBody);

async function replyBody(
  caller: Session,
  receiptOrIdOrEnd: string,
  said: ReplyDraft,
  options: ReplyOptions = {},
): Promise<ReplyReceipt> {
  const draft = parseDraft(said, 'reply');
  checkScore(options.score);
  const { session, receiptOrId } = await whoAnswers(caller, receiptOrIdOrEnd);
  const original = await originalOf(session, receiptOrId);
  const { message } = original;
  if (options.ack) await checkHeld(session, receiptOrId, original);
  if (options.ack && message.task) await session.tasks();
  const answer = answerTo(session, original, draft, options.again);
  const sent = await sendOnce(session, message, answer, options);
  if (!options.ack) {
    if (sent.duplicate && draft.dedupeKey === undefined) throw answered(message, sent.id);
    return sent;
  }
  return { ...sent, acked: await ackAfter(session, receiptOrId, message, sent, options) };
}

/**
 * Puts an answer that its recipient cannot take now into the archive of the mailbox that was asked, where the thread has it
 * and it can be sent from. Under one id for each original: of those who say it twice the first one's words stand.
 * Durable when it returns. @returns its id @throws what a reply throws for what can be no message at all; as `ack`, for whoever
 * does not hold the original (any more)
 */
export async function keepReply(session: Session, receipt: string, said: ReplyDraft): Promise<string> {
  // A policy, too, asks by it whether he may read that mailbox.
  await session.store.mail.checkClaim(receipt);
  const original = await originalOf(session, receipt);
  const { mailbox, message } = original;
  const seed = Buffer.from(sha256(Buffer.from(`reply:${message.id}`)), 'hex');
  const draft = { ...answerTo(session, original, parseDraft(said, 'reply')), id: idFrom(idTime(message.id), seed) };
  const { outgoing } = await composeFor(
    withoutSettings(session),
    { name: draft.from ?? mailbox },
    draft,
    // Whoever it is for, and whatever he takes.
    { cards: [{ name: message.from, createdAt: '', settings: { maxMessageBytes: hardMaxMessageBytes } }] },
  );
  if (outgoing.refusal) throw outgoing.refusal;
  const at = session.store.now();
  const kept = await session.store.mail.deposit(mailbox, outgoing.message, 'archived', { at, by: mailbox });
  return kept.id;
}

/** Whether an answer to it is sealed if it does not say otherwise. @throws as reply, if there is no such message */
export async function answersSealed(caller: Session, receiptOrIdOrEnd: string): Promise<boolean> {
  const { session, receiptOrId } = await whoAnswers(caller, receiptOrIdOrEnd);
  return (await originalOf(session, receiptOrId)).message.sealed !== undefined;
}

function answerTo(
  session: Session,
  { mailbox, message }: { mailbox: string; message: Message },
  draft: Parsed<ReplyDraft>,
  again = false,
): CheckedDraft {
  checkProved(session, draft.from);
  const dedupeKey = draft.dedupeKey ?? (again ? undefined : `reply:${message.id}`);
  return {
    // In the same trace, if its sender says no other.
    ...(draft.traceparent === undefined && traceOf(message)),
    ...draft,
    from: draft.from ?? session.acting ?? mailbox,
    to: message.from,
    replyTo: message.id,
    thread: draft.thread ?? threadOf(message),
    subject: draft.subject ?? subjectOf(message),
    // It may well say again what was sealed.
    ...(message.sealed !== undefined && { seal: draft.seal ?? true }),
    type: draft.type ?? 'reply',
    ...(dedupeKey !== undefined && { dedupeKey }),
  };
}

/** Before anything is sent: an answer of somebody who has lost the message would stand in the way of its next reader's. */
async function checkHeld(
  session: Session,
  receiptOrId: string,
  { mailbox, message: { id }, state, receipt }: Original,
): Promise<void> {
  const takenBack = state === 'ready' || state === 'delayed';
  try {
    const claim = isId(receiptOrId) ? receipt : receiptOrId;
    if (!takenBack && claim !== undefined) await session.store.mail.checkClaim(claim);
  } catch (error) {
    // Settled before: the same words again are the repeat of an answer that was cut off, and the dedupe key knows.
    if (error instanceof DreamosError && error.code === 'ALREADY_SETTLED') return;
    throw error;
  }
  if (!takenBack) return;
  throw new DreamosError(
    'conflict',
    'LEASE_LOST',
    isId(receiptOrId)
      ? `Message ${id} in ${mailbox} is ${state}; nobody holds it (any more), and nothing was sent.`
      : `Message ${id} was taken back from ${mailbox} and is ${state}; nothing was sent.`,
    { hint: `dreamos read ${mailbox}` },
  );
}

async function sendOnce(
  session: Session,
  original: Message,
  draft: CheckedDraft,
  options: SendOptions,
): Promise<SendReceipt> {
  try {
    return await sendChecked(session, draft, options);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // Who asked has another name by now; it may have been answered before, or since.
    const [now] = isOfOldName(error) ? await namesNow(session, original.from) : [];
    if (now !== undefined && draft.to !== now) return sendOnce(session, original, { ...draft, to: now }, options);
    if (original.sealed !== undefined && (error.code === 'NO_SEAL_KEY' || error.code === 'UNAUTHENTICATED'))
      throw inTheOpen(original, error);
    if (error.code !== 'DEDUPE_MISMATCH') throw error;
    throw answered(original, error);
  }
}

function inTheOpen({ id }: Message, error: DreamosError): DreamosError {
  const { kind, code, message, hint } = error;
  const open = `to answer in the open what was sealed: dreamos reply ${id} "your answer" --no-seal`;
  return new DreamosError(kind, code, message, { hint: `${hint}; ${open}`, cause: error });
}

function isOfOldName(error: DreamosError): boolean {
  return error instanceof AgentRenamed || error.code === 'DEDUPE_MISMATCH';
}

async function ackAfter(
  session: Session,
  receiptOrId: string,
  original: Message,
  sent: SendReceipt,
  how: AckHow,
): Promise<Settled> {
  try {
    return await ack(session, receiptOrId, how);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    if (sent.duplicate) throw answered(original, sent.id);
    throw new DreamosError(
      error.kind,
      error.code,
      `The answer ${sent.id} was sent, but ${original.id} could not be acked. ${error.message}`,
      {
        hint: error.hint,
        cause: error,
      },
    );
  }
}

/** @param first the first answer's id, or the storage's words, which name it */
function answered(original: Message, first: string | DreamosError): DreamosError {
  const said = typeof first === 'string' ? `with ${first}` : `in other words (${first.message.replace(/\.$/, '')})`;
  return new DreamosError('conflict', 'ALREADY_EXISTS', `Message ${original.id} was answered before, ${said}.`, {
    hint: `To answer it once more, add \`again\`; to finish it only: dreamos ack ${original.id}`,
    ...(typeof first !== 'string' && { cause: first }),
  });
}

/** Of an id without an acting agent it is whoever holds it. */
async function whoAnswers(session: Session, text: string): Promise<{ session: Session; receiptOrId: string }> {
  const id = isId(text) || !mayEndId(text) ? text : await claimedId(session, text);
  if (!isId(id) || session.acting !== undefined) return { session, receiptOrId: id };
  const { onlyClaimOf } = await import('../take/held.ts');
  const claim = await onlyClaimOf(session, id);
  if (claim === undefined) return { session, receiptOrId: id };
  return { session: { ...session, acting: claim.by }, receiptOrId: claim.receipt };
}

async function originalOf(session: Session, receiptOrId: string): Promise<Original> {
  try {
    return await originalIn(session, receiptOrId);
  } catch (error) {
    const { acting } = session;
    if (!(error instanceof DreamosError) || isOfStorage(error) || acting === undefined || !isId(receiptOrId))
      throw error;
    // Whoever reads for another agent answers what lies in that one's mailbox.
    const { claimElsewhere } = await import('../take/held.ts');
    const claim = await claimElsewhere(session, receiptOrId, acting);
    if (claim === undefined) throw error;
    return originalIn(session, claim.receipt);
  }
}

async function originalIn(session: Session, receiptOrId: string): Promise<Original> {
  const { mailbox, id } = isId(receiptOrId)
    ? { mailbox: actingFor(session, receiptOrId), id: receiptOrId }
    : session.store.mail.parseReceipt(receiptOrId);
  const { name } = await resolveFormer(session, mailbox);
  const found = (await findIn(session, id, name)) ?? (await findUnderNewName(session, id, mailbox));
  if (found) return found;
  throw messageNotFound(id, name);
}

async function findIn(session: Session, id: string, mailbox: string): Promise<Original | undefined> {
  for (let look = 1; look <= looks; look++) {
    const [entry] = await findSurely(session, id, mailbox);
    const message = entry && (await session.store.look.read(entry));
    if (message) return { mailbox, message, state: entry.state, receipt: entry.receipt };
  }
  return undefined;
}

/** Another one may have the name of a mailbox that was renamed. */
async function findUnderNewName(session: Session, id: string, mailbox: string): Promise<Original | undefined> {
  for (const now of await namesNow(session, mailbox)) {
    const found = await findIn(session, id, now);
    if (found) return found;
  }
  return undefined;
}

function actingFor(session: Session, id: string): string {
  if (session.acting !== undefined) return session.acting;
  throw usage(`It is not known who answers ${id}.`, `${sayWho}; or use the receipt`);
}

/** Of an older message it may be longer than one may be now, and the answer has to get through. */
function threadOf({ thread, id }: Message): string {
  return thread === null || thread.length > keyCharacters ? id : thread;
}

function subjectOf({ subject }: Message): string {
  if (subject === '') return '';
  return cut(/^re:/i.test(subject) ? subject : `Re: ${subject}`, subjectCharacters);
}
