import { DreamosError } from '../../model/errors.ts';
import type { Result } from '../../model/state.ts';
import type { Outcome } from './outcome.ts';
import { reply } from '../send/reply.ts';
import type { Rests } from './rests.ts';
import type { Session } from '../root/root.ts';
import { ack, nack } from '../take/settle.ts';
import type { Delivery } from '../../storage/port/mail.ts';

export interface Settlement {
  readonly result: Result;
  readonly reason?: string;
  /** The id of the reply that was sent. */
  readonly replied?: string;
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
    if (outcome.reply) {
      const { id } = await reply(session, receipt, outcome.reply, { ack: true });
      return { result: 'acked', replied: id };
    }
    await ack(session, receipt);
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
    if (outcome.outcome !== 'ack' || kind === 'disk' || kind === 'bug') throw error;
    return withoutReply(session, receipt, job, error, rests);
  }
}

/** The reply was refused. Answered before, in other words: the handler ran a second time, and the first answer stands. */
async function withoutReply(
  session: Session,
  receipt: string,
  job: Delivery,
  { code, message }: DreamosError,
  rests: Rests,
): Promise<Settlement> {
  if (code !== 'ALREADY_EXISTS') {
    return settleAs(session, receipt, job, { outcome: 'fail', reason: `the reply was refused: ${message}` }, rests);
  }
  session.warn(`The first answer stands, and nothing new was sent. ${message}`);
  return settleAs(session, receipt, job, { outcome: 'ack' }, rests);
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
