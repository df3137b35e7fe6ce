/**
 * Keeping house, for cron: a list of steps, each of which may be cut off and done again, by any number of processes. What
 * changes an archive or a log is done under the mailbox's lock; the rest any process may do at any time anyway.
 */
import type { Maintained } from '../../contract/keep.ts';
import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { isOver } from '../../model/clock.ts';
import { dayMs, maxLeaseMs } from '../../model/basics/limits.ts';
import { writtenRules } from '../alerts/rules.ts';
import type { RunCommand } from '../alerts/tell.ts';
import { listMailboxes, resolveMailbox } from '../agents/agents.ts';
import { bringAllDue } from '../wait/due.ts';
import { finishRenames } from './rename-agent.ts';
import { sweepReservations } from '../reserve/reservations.ts';
import type { Session } from '../root/root.ts';
import { effectiveSettings } from '../root/settings.ts';
import { pruneTopic } from '../topics/topics.ts';
import type { Lock } from '../../storage/port/documents.ts';
import type { KeepOptions, Tidied } from '../../storage/port/upkeep.ts';
import { eachOf, ofMailbox } from '../root/operation.ts';

export interface MaintainOptions {
  /** All, and what concerns the whole root, if not given. */
  readonly mailboxes?: readonly string[];
  /** Only say what would be done. */
  readonly dryRun?: boolean;
  /** Ends it between two steps or days. */
  readonly signal?: AbortSignal;
  /** Runs the commands of alerts; without it they are left to who checks alerts and can. */
  readonly runAlert?: RunCommand;
}

type Step = (session: Session, card: AgentCard, dryRun: boolean) => AsyncIterable<Maintained>;
type RootStep = (session: Session, dryRun: boolean, options: MaintainOptions) => AsyncIterable<Maintained>;

// What is too old goes before it would be packed for nothing; what is too large goes by what it takes packed.
const mailboxSteps: readonly Step[] = [sweepExpired, recoverDue, pruneOld, packOld, pruneLarge, pruneOldEvents];
const rootSteps: readonly RootStep[] = [
  keepConfig,
  keepPolicy,
  sendSchedules,
  pruneTopicLogs,
  sweepKeys,
  sweepSessions,
  dropReservations,
  tellAlerts,
];

export const maintain = eachOf('maintain', maintainBody, ({ mailboxes } = {}) => ({ named: mailboxes }));

async function* maintainBody(
  session: Session,
  options: MaintainOptions = {},
): AsyncGenerator<Maintained, void, undefined> {
  const { mailboxes, dryRun = false, signal } = options;
  const cards = mailboxes
    ? await Promise.all(mailboxes.map((name) => resolveMailbox(session, name)))
    : await listMailboxes(session);
  const steps = [
    ...cards.flatMap((card) => mailboxSteps.map((step) => () => step(session, card, dryRun))),
    ...(mailboxes ? [] : rootSteps.map((step) => () => step(session, dryRun, options))),
  ];
  let failure: DreamosError | undefined;
  for (const step of steps) {
    try {
      for await (const one of step()) {
        yield dryRun ? { ...one, dryRun } : one;
        if (signal?.aborted) return;
      }
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      // Who only looks is told what he does not see; who asked for something to be done, that it was not.
      const isWarning = dryRun && !mailboxes;
      if (isWarning || (failure && failure.message !== error.message)) session.warn(error.message);
      if (!isWarning) failure ??= error;
    }
    if (signal?.aborted) return;
  }
  if (failure) throw failure;
}

export interface PackOptions {
  /** A UTC day, `2026-11-20`: whole days before it, and before today, which is the default. */
  readonly beforeDay?: string;
  readonly dryRun?: boolean;
}

export const packArchive = eachOf('archive.pack', packArchiveBody, ofMailbox);

async function* packArchiveBody(
  session: Session,
  mailbox: string,
  { beforeDay = dayBefore(session, 0), dryRun = false }: PackOptions = {},
): AsyncGenerator<Maintained, void, undefined> {
  const { name } = await resolveMailbox(session, mailbox);
  for (const one of await locked(session, name, dryRun, (lock) =>
    session.store.upkeep?.packArchive(name, { beforeDay, dryRun, lock }),
  ))
    yield { task: 'pack', mailbox: name, ...one, ...(dryRun && { dryRun }) };
}

export interface PruneOptions {
  /** Whole days older than this go; milliseconds. */
  readonly olderThanMs?: number;
  /** The oldest days go until no more than this is left. */
  readonly keepBytes?: number;
  readonly dryRun?: boolean;
}

export const pruneArchive = eachOf('archive.prune', pruneArchiveBody, ofMailbox);

async function* pruneArchiveBody(
  session: Session,
  mailbox: string,
  { olderThanMs, keepBytes, dryRun = false }: PruneOptions,
): AsyncGenerator<Maintained, void, undefined> {
  const card = await resolveMailbox(session, mailbox);
  const keep: KeepOptions = {
    dryRun,
    ...(olderThanMs !== undefined && { fromDay: dayBefore(session, olderThanMs) }),
    ...(keepBytes !== undefined && { maxBytes: keepBytes }),
  };
  for await (const one of pruneTo(session, card, keep)) yield dryRun ? { ...one, dryRun } : one;
}

async function* recoverDue(session: Session, card: AgentCard, dryRun: boolean): AsyncGenerator<Maintained> {
  let count = 0;
  const now = session.store.now();
  for await (const { leaseUntil = now + 1 } of session.store.look.list(card.name, 'inflight'))
    if (isOver(leaseUntil, now, maxLeaseMs)) count++;
  for await (const { dueAt } of session.store.look.list(card.name, 'delayed')) if ((dueAt ?? now + 1) <= now) count++;
  // Also where nothing is due: handed-in files and unfinished sends wait as well, and are nothing to tell.
  if (!dryRun) await bringAllDue(session, card);
  if (count > 0) yield { task: 'due', mailbox: card.name, count };
}

async function* sweepExpired(session: Session, card: AgentCard, dryRun: boolean): AsyncGenerator<Maintained> {
  const count = (await session.store.upkeep?.sweepExpired(card.name, { dryRun })) ?? 0;
  if (count > 0) yield { task: 'expired', mailbox: card.name, count };
}

async function* packOld(session: Session, card: AgentCard, dryRun: boolean): AsyncGenerator<Maintained> {
  const { packAfterDays, archiveDays } = (await effectiveSettings(session, card)).retention;
  if (packAfterDays === Infinity) return;
  const packed = packArchive(session, card.name, { beforeDay: dayBefore(session, packAfterDays * dayMs), dryRun });
  yield* notOlder(session, archiveDays, packed);
}

async function* pruneOld(session: Session, card: AgentCard, dryRun: boolean): AsyncGenerator<Maintained> {
  const { archiveDays } = (await effectiveSettings(session, card)).retention;
  yield* pruneTo(session, card, keepOptions(session, archiveDays, Infinity, dryRun));
}

async function* pruneLarge(session: Session, card: AgentCard, dryRun: boolean): AsyncGenerator<Maintained> {
  const { archiveDays, archiveBytes } = (await effectiveSettings(session, card)).retention;
  yield* notOlder(session, archiveDays, pruneTo(session, card, keepOptions(session, Infinity, archiveBytes, dryRun)));
}

/** What is older has gone before; where it is still there, it is a dry run, which has told of it. */
async function* notOlder(
  session: Session,
  days: number,
  tidied: AsyncIterable<Maintained>,
): AsyncGenerator<Maintained> {
  for await (const one of tidied) {
    if (days === Infinity || (one.day ?? '') >= dayBefore(session, days * dayMs)) yield one;
  }
}

async function* pruneTo(
  session: Session,
  { name }: AgentCard,
  keep: KeepOptions | undefined,
): AsyncGenerator<Maintained> {
  if (!keep) return;
  const { dryRun } = keep;
  for (const one of await locked(session, name, dryRun, () => session.store.upkeep?.pruneArchive(name, keep)))
    yield { task: 'prune', mailbox: name, ...one };
}

async function* pruneOldEvents(session: Session, card: AgentCard, dryRun: boolean): AsyncGenerator<Maintained> {
  const { eventDays, eventBytes } = (await effectiveSettings(session, card)).retention;
  const keep = keepOptions(session, eventDays, eventBytes, dryRun);
  if (!keep) return;
  const prune = (isDry: boolean): Promise<Tidied[]> =>
    locked(session, card.name, isDry, () => session.store.upkeep?.pruneEvents(card.name, { ...keep, dryRun: isDry }));
  const going = await prune(true);
  // Its numbers stay when a log goes.
  if (going.length > 0 && !dryRun) await (await import('../metrics/rollup.ts')).totalOf(session, card.name);
  for (const one of dryRun || going.length === 0 ? going : await prune(false))
    yield { task: 'events', mailbox: card.name, ...one };
}

async function* keepConfig(session: Session, dryRun: boolean): AsyncGenerator<Maintained> {
  const { keepHandEdit } = await import('../config/rewrite.ts');
  if ((await keepHandEdit(session, { dryRun })) !== undefined) yield { task: 'config', count: 1 };
}

async function* keepPolicy(session: Session, dryRun: boolean): AsyncGenerator<Maintained> {
  // One that cannot be used is there, too.
  if ((await session.store.documents.text('policy')) === undefined) return;
  const { keepHandEdit } = await import('../policy/put.ts');
  if ((await keepHandEdit(session, { dryRun })) !== undefined) yield { task: 'policy', count: 1 };
}

async function* sendSchedules(session: Session, dryRun: boolean): AsyncGenerator<Maintained> {
  // Nothing to tell of: they found whom they mean by his former name.
  if (!dryRun) await finishRenames(session);
  if ((await session.store.documents.get('schedules')) === undefined) return;
  const { fireDue } = await import('../schedules/fire-due.ts');
  const { fired } = await fireDue(session, { dryRun });
  // What was skipped has warned.
  for (const { schedule, skipped } of fired) if (!skipped) yield { task: 'schedule', schedule, count: 1 };
}

async function* pruneTopicLogs(session: Session, dryRun: boolean): AsyncGenerator<Maintained> {
  for (const name of await session.store.look.listTopics()) {
    const { topic, messages, bytes } = await pruneTopic(session, name, { dryRun });
    if (messages > 0) yield { task: 'topic', topic, count: messages, bytes };
  }
}

async function* sweepKeys(session: Session, dryRun: boolean): AsyncGenerator<Maintained> {
  const count = (await session.store.upkeep?.sweepKeys({ dryRun })) ?? 0;
  if (count > 0) yield { task: 'dedupe', count };
}

async function* sweepSessions(session: Session, dryRun: boolean): AsyncGenerator<Maintained> {
  const count = await session.store.reach.sweep({ dryRun });
  if (count > 0) yield { task: 'reach', count };
}

async function* dropReservations(session: Session, dryRun: boolean): AsyncGenerator<Maintained> {
  const count = await sweepReservations(session, { dryRun });
  if (count > 0) yield { task: 'reservations', count };
}

async function* tellAlerts(
  session: Session,
  dryRun: boolean,
  { runAlert: run, signal }: MaintainOptions,
): AsyncGenerator<Maintained> {
  if (dryRun || (await writtenRules(session)) === undefined) return;
  const { checkAndTell } = await import('../alerts/alerts.ts');
  const { told } = await checkAndTell(session, { ...(run && { run }), ...(signal && { signal }) });
  if (told > 0) yield { task: 'alerts', count: told };
}

/** The UTC day that began at most so long ago. */
function dayBefore(session: Session, ms: number): string {
  return new Date(Math.max(0, session.store.now() - ms)).toISOString().slice(0, 10);
}

function keepOptions(session: Session, days: number, maxBytes: number, dryRun: boolean): KeepOptions | undefined {
  if (days === Infinity && maxBytes === Infinity) return undefined;
  return {
    dryRun,
    ...(days < Infinity && { fromDay: dayBefore(session, days * dayMs) }),
    ...(maxBytes < Infinity && { maxBytes }),
  };
}

/** Its results come when it is over: a lock is not held while somebody else looks at them. */
async function locked(
  session: Session,
  mailbox: string,
  dryRun: boolean,
  work: (lock?: Lock) => AsyncIterable<Tidied> | undefined,
): Promise<Tidied[]> {
  const gather = async (lock?: Lock): Promise<Tidied[]> => {
    const all: Tidied[] = [];
    // Nothing where the storage keeps house by itself.
    for await (const one of work(lock) ?? []) all.push(one);
    return all;
  };
  return dryRun ? gather() : session.store.documents.withLock(`maintain.${mailbox}`, gather);
}
