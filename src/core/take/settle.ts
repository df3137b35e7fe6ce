import { type AgentCard, formerly } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { reference, usage } from '../../model/refusals.ts';
import { isId, mayEndId } from '../../model/id.ts';
import { longestMs } from '../../model/basics/limits.ts';
import { cut, wellFormed } from '../../model/basics/text.ts';
import { resolveAgent } from '../agents/agents.ts';
import { seen } from '../agents/seen.ts';
import { findSurely } from '../look/find.ts';
import { checkLease } from './lease.ts';
import { auditsMail } from '../root/config-file.ts';
import type { Session } from '../root/root.ts';
import { sayWho } from '../root/names.ts';
import { isOfStorage } from '../root/trouble.ts';
import { traced } from '../root/tracing.ts';
import { effectiveSettings } from '../root/settings.ts';
import { messageNotFound } from '../root/refusals.ts';
import type { Entry } from '../../storage/port/look.ts';
import type { NackOptions, Settled } from '../../storage/port/mail.ts';
import { operation } from '../root/operation.ts';

/** What the consumer says of the work, for the event log and the numbers that are made of it. */
export interface AckHow {
  /** How good it is, 0 to 1. */
  readonly score?: number;
  /** Cut after 2,000 characters. */
  readonly note?: string;
}

/** @throws USAGE */
export function checkScore(score: number | undefined): void {
  if (score === undefined || (typeof score === 'number' && score >= 0 && score <= 1)) return;
  throw usage(`${score} cannot be a score.`, 'Allowed: a number from 0 to 1.');
}

export const ack = operation('ack', ackBody);

async function ackBody(session: Session, receiptOrId: string, how?: AckHow): Promise<Settled> {
  checkScore(how?.score);
  const { receipt, mailbox, by } = await claimOf(session, receiptOrId);
  // Nor is what the audit needs to be asked for later.
  const isAudited = auditsMail(session);
  if (isAudited === true || (isAudited !== false && (await isAudited))) await session.audit();
  // The native program leaves tasks to Node, which is too late once somebody was noted to be there.
  if (!session.store.mail.parseReceipt(receipt).task) await seen(session, mailbox);
  return ackClaim(session, receipt, by, how);
}

/** As `ackClaim`, of what a consumer says. @throws USAGE */
export async function ackWith(session: Session, receipt: string, by: string, how: AckHow): Promise<Settled> {
  checkScore(how.score);
  return ackClaim(session, receipt, by, how);
}

/** @param how its score is checked by then */
export function ackClaim(session: Session, receipt: string, by: string, how: AckHow = {}): Promise<Settled> {
  const isAudited = auditsMail(session);
  return isAudited === false ? ackNow(session, receipt, by, how) : ackAudited(session, receipt, by, how, isAudited);
}

async function ackAudited(
  session: Session,
  receipt: string,
  by: string,
  how: AckHow,
  isAudited: boolean | Promise<boolean>,
): Promise<Settled> {
  if (!(await isAudited)) return ackNow(session, receipt, by, how);
  const { noteMail } = await session.audit();
  const settled = await ackNow(session, receipt, by, how);
  const { id, mailbox } = session.store.mail.parseReceipt(receipt);
  await noteMail(session, [{ op: 'ack', by, id, mailbox }]);
  return settled;
}

function ackNow(session: Session, receipt: string, by: string, how: AckHow): Promise<Settled> {
  const { mail } = session.store;
  const { score } = how;
  const note = (how.note ?? undefined) === undefined ? undefined : reasonText(how.note);
  const { mailbox: destination, id, task } = mail.parseReceipt(receipt);
  return traced(
    session,
    () => ({ operation: 'ack', destination, id }),
    () =>
      task
        ? session.tasks().then((tasks) => tasks.ackAndAssign(session, receipt, by, { score, note }))
        : mail.ack(receipt, { by, label: session.label, score, note }),
  );
}

export interface NackHow {
  /** Rest this long; else the backoff of the mailbox's settings. Milliseconds. */
  readonly delayMs?: number;
  /** Cut after 2,000 characters. */
  readonly reason?: string;
  /** Straight to the dead-letter queue. */
  readonly dead?: boolean;
  /** Uses up no attempt: for what failed through no fault of the message. */
  readonly free?: boolean;
}

export const nack = operation('nack', nackBody);

async function nackBody(session: Session, receiptOrId: string, options: NackHow = {}): Promise<Settled> {
  const { delayMs, reason, dead, free } = options;
  if (delayMs !== undefined && !(delayMs >= 0 && delayMs <= longestMs)) {
    throw usage('The delay has to be at least 0 and at most 3650d.', reference);
  }
  if (dead && delayMs !== undefined) throw usage('A dead letter does not rest: dead or a delay, not both.', reference);
  const { receipt, mailbox, by } = await claimOf(session, receiptOrId);
  await seen(session, mailbox);
  const card = await cardOf(session, mailbox);
  const { policy, ownPolicy } = await effectiveSettings(session, card);
  const how: NackOptions = {
    // How often it may be claimed is what its claim says, else its mailbox; how long it rests, whoever gives it back.
    policy: { ...policy, maxAttempts: ownPolicy.maxAttempts },
    by,
    label: session.label,
    ...(delayMs !== undefined && { delayMs: Math.round(delayMs) }),
    ...((reason ?? undefined) !== undefined && { reason: reasonText(reason) }),
    ...(dead && { dead }),
    ...(free && { free }),
  };
  return traced(
    session,
    () => ({ operation: 'nack', destination: mailbox, id: session.store.mail.parseReceipt(receipt).id }),
    () => session.store.mail.nack(receipt, how),
  );
}

export const renew = operation('renew', renewBody);

async function renewBody(session: Session, receiptOrId: string, leaseMs?: number): Promise<Settled> {
  if (leaseMs !== undefined) checkLease(leaseMs);
  const { receipt, mailbox, by } = await claimOf(session, receiptOrId);
  await seen(session, mailbox);
  const card = await cardOf(session, mailbox);
  return session.store.mail.renew(receipt, {
    leaseMs: checkLease(leaseMs ?? (await effectiveSettings(session, card)).leaseMs),
    by,
    label: session.label,
  });
}

async function cardOf({ store }: Session, mailbox: string): Promise<AgentCard | undefined> {
  return (await store.documents.getAgent(mailbox)) ?? formerly(await store.documents.listAgents(), mailbox)[0];
}

interface Claim {
  readonly receipt: string;
  readonly mailbox: string;
  readonly by: string;
}

/** The current claim that is meant. @throws as ack */
async function claimOf(session: Session, receiptOrId: string): Promise<Claim> {
  if (isId(receiptOrId)) return claimById(session, receiptOrId);
  if (mayEndId(receiptOrId)) return claimById(session, await claimedId(session, receiptOrId));
  const { mailbox } = session.store.mail.parseReceipt(receiptOrId);
  return { receipt: receiptOrId, mailbox, by: session.acting ?? mailbox };
}

async function claimById(session: Session, id: string): Promise<Claim> {
  const { acting } = session;
  if (acting === undefined) return claimWithoutName(session, id);
  try {
    const { name } = await resolveAgent(session, acting);
    const [entry] = await findSurely(session, id, name);
    if (!entry) throw messageNotFound(id, name);
    if (entry.receipt === undefined) throw notHeld(entry);
    return { receipt: entry.receipt, mailbox: entry.mailbox, by: acting };
  } catch (error) {
    if (!(error instanceof DreamosError) || isOfStorage(error)) throw error;
    // Whoever reads for another agent holds what lies in that one's mailbox.
    const { claimElsewhere } = await import('./held.ts');
    const claim = await claimElsewhere(session, id, acting);
    if (claim === undefined) throw error;
    return claim;
  }
}

async function claimWithoutName(session: Session, id: string): Promise<Claim> {
  const { onlyClaimOf } = await import('./held.ts');
  const claim = await onlyClaimOf(session, id);
  if (claim !== undefined) return claim;
  const [entry, ...more] = await findSurely(session, id);
  if (entry === undefined) throw messageNotFound(id);
  if (more.length === 0) throw notHeld(entry);
  throw usage(
    `Whose claim of ${id} is meant? An id settles what the acting agent holds.`,
    `${sayWho}; or use the receipt`,
  );
}

/** The whole id of an end, first of what is claimed. @throws as meantId */
export async function claimedId(session: Session, end: string): Promise<string> {
  const { meantId } = await import('../look/meant.ts');
  const own = session.acting === undefined ? undefined : await session.store.documents.getAgent(session.acting);
  const inflight = ['inflight'] as const;
  return meantId(session, end, ...(own ? [{ mailbox: own.name, states: inflight }] : []), { states: inflight }, {});
}

function notHeld({ id, mailbox, state }: Entry): DreamosError {
  const hint = `dreamos show ${id}`;
  if (state === 'archived' || state === 'dead') {
    return new DreamosError(
      'conflict',
      'ALREADY_SETTLED',
      `Message ${id} in ${mailbox} is ${state}; nobody holds it.`,
      { hint },
    );
  }
  return new DreamosError(
    'conflict',
    'LEASE_LOST',
    `Message ${id} in ${mailbox} is ${state}; nobody holds it (any more).`,
    { hint },
  );
}

// A reason becomes part of a log line. A stack trace that is too long for one must not keep a job from being given back.
const reasonCharacters = 2000;

/** Of whatever JavaScript hands over: in the log an error would be an object, and no reader takes that line for an event. */
function reasonText(reason: unknown): string {
  return cut(wellFormed(reason instanceof Error ? reason.message : String(reason)), reasonCharacters);
}
