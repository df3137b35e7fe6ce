import type { SendReceipt } from '../../contract/mail.ts';
import { minuteMs } from '../../model/basics/limits.ts';
import { DreamosError, type ErrorCode } from '../../model/errors.ts';
import type { Result } from '../../model/state.ts';
import type { Outcome } from './outcome.ts';
import { keepReply, reply, type ReplyDraft } from '../send/reply.ts';
import type { Rests } from './rests.ts';
import type { Session } from '../root/root.ts';
import { isOfStorage } from '../root/trouble.ts';
import { ack, type AckHow, nack, renew } from '../take/settle.ts';
import type { Delivery } from '../../storage/port/mail.ts';

export interface Settlement {
  readonly result: Result;
  readonly reason?: string;
  /** The id of the reply that was sent. */
  readonly replied?: string;
  /** The id of a reply that its recipient could not take: it is archived in the worker's mailbox. */
  readonly kept?: string;
}

/** Settles a claim as its handler said. @throws what the storage throws; a claim that no longer holds is a result */
export async function settleAs(
  session: Session,
  receipt: string,
  job: Delivery,
  outcome: Outcome,
  rests: Rests,
): Promise<Settlement> {
  try {
    if (outcome.outcome !== 'ack') return await giveBack(session, receipt, job, outcome, rests);
    const { reply: answer, score, note } = outcome;
    const said = { ...(score !== undefined && { score }), ...(note !== undefined && { note }) };
    if (answer) {
      const { id } = await replyInTurn(session, receipt, answer, said);
      return { result: 'acked', replied: id };
    }
    await ack(session, receipt, said);
    return { result: 'acked' };
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    const { code, kind, message } = error;
    if (code === 'ALREADY_SETTLED') return { result: 'settled' };
    if (code === 'LEASE_LOST') {
      session.warn(
        `What the handler said of ${job.message.id} does not count: its lease was lost meanwhile. ${message}`,
      );
      return { result: 'lost', reason: message };
    }
    if (outcome.outcome !== 'ack' || !outcome.reply || isOfStorage(error) || kind === 'bug') throw error;
    const { reply: answer, ...acked } = outcome;
    return withoutReply(session, receipt, job, { answer, acked }, error, rests);
  }
}

/** A worker that has sent as much as it may waits with its answer, and holds what it answers meanwhile. */
async function replyInTurn(session: Session, receipt: string, answer: ReplyDraft, said: AckHow): Promise<SendReceipt> {
  try {
    return await reply(session, receipt, answer, { ...said, ack: true });
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'LIMITED') throw error;
    await renew(session, receipt, 2 * minuteMs);
    return reply(session, receipt, answer, { ...said, ack: true, waitMs: minuteMs });
  }
}

// The reply is a message, and its recipient's mailbox takes none, or none such, now.
const notNow = new Set<ErrorCode>(['AGENT_NOT_FOUND', 'AGENT_RETIRED', 'LIMITED', 'MAILBOX_FULL', 'MESSAGE_TOO_LARGE']);

/**
 * The reply was refused. The work is done, and is not done again for that: what the recipient cannot take is kept. Answered
 * before, in other words: the handler ran a second time, and the first answer stands. What is no message is the handler's
 * own fault.
 */
async function withoutReply(
  session: Session,
  receipt: string,
  job: Delivery,
  { answer, acked }: { readonly answer: ReplyDraft; readonly acked: Outcome },
  { code, message }: DreamosError,
  rests: Rests,
): Promise<Settlement> {
  const settle = (outcome: Outcome) => settleAs(session, receipt, job, outcome, rests);
  const { id, from } = job.message;
  if (code === 'ALREADY_EXISTS') {
    session.warn(`The first answer stands, and nothing new was sent. ${message}`);
    return settle(acked);
  }
  const reason = `the reply was refused: ${message}`;
  // Nobody's fault, and over as soon as config.json is mended: kept, the reply would never be sent.
  if (code === 'CONFIG_INVALID') return settle({ outcome: 'retry', reason });
  if (!notNow.has(code)) return settle({ outcome: 'fail', reason });
  let kept: string;
  try {
    const away = session.gate?.away?.do(session, 'keepReply', [receipt, answer]);
    kept = away === undefined ? await keepReply(session, receipt, answer) : ((await away) as string);
  } catch (error) {
    if (!(error instanceof DreamosError) || isOfStorage(error)) throw error;
    return settle({ outcome: 'fail', reason: `the reply was refused: ${error.message}` });
  }
  const isSealed = job.message.sealed !== undefined;
  const look = isSealed ? `dreamos show ${kept} --unseal --as ${job.mailbox} --json` : `dreamos show ${kept} --json`;
  const later = `${look} | jq -r .message.body | dreamos reply ${id} --as ${job.mailbox}`;
  session.warn(
    `The reply to ${id} is not sent, but kept as ${kept} in the archive of ${job.mailbox}: ${message} To send it, once ${from} can take it: ${later}`,
  );
  return { ...(await settle(acked)), kept };
}

async function giveBack(
  session: Session,
  receipt: string,
  job: Delivery,
  outcome: Exclude<Outcome, { outcome: 'ack' }>,
  rests: Rests,
): Promise<Settlement> {
  const { reason } = outcome;
  const why = reason === undefined ? {} : { reason };
  if (outcome.outcome === 'dead') {
    await nack(session, receipt, { ...why, dead: true });
    return { result: 'dead', ...why };
  }
  const free = outcome.outcome === 'retry';
  const delayMs = outcome.delayMs ?? (free ? await rests.next(job) : undefined);
  const { state } = await nack(session, receipt, { ...why, ...(delayMs !== undefined && { delayMs }), free });
  return { result: state === 'dead' ? 'dead' : free ? 'returned' : 'failed', ...why };
}
