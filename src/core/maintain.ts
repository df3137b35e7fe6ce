/**
 * Keeping house, for cron: a list of steps, each of which may be cut off and done again, by any number of processes. What
 * changes an archive or a log is done under the mailbox's lock; the rest any process may do at any time anyway.
 */
import type { AgentCard } from '../model/agent.ts';
import { DreamosError } from '../model/errors.ts';
import type { KeepOptions, Tidied } from '../storage/store.ts';
import { listAgents, resolveAgent } from './agents.ts';
import { bringAllDue } from './due.ts';
import type { Root } from './root.ts';
import { effectiveSettings } from './settings.ts';
import { pruneTopic } from './topics.ts';

/** One thing that was done, or, in a dry run, would be. */
export interface Maintained {
  readonly task: 'due' | 'expired' | 'pack' | 'prune' | 'events' | 'schedule' | 'topic' | 'dedupe';
  /** Not for what concerns the whole root. */
  readonly mailbox?: string;
  readonly schedule?: string;
  readonly topic?: string;
  /** The UTC day it is about. */
  readonly day?: string;
  /** Messages; for `events` logs, for `dedupe` keys. */
  readonly count: number;
  /** What they take, or, packed, took. */
  readonly bytes?: number;
  /** What they take now that they are packed. */
  readonly packedBytes?: number;
  readonly dryRun?: true;
}

export interface MaintainOptions {
  /** All, and what concerns the whole root, if not given. */
  readonly mailboxes?: readonly string[];
  /** Only say what would be done. */
  readonly dryRun?: boolean;
  /** Ends it between two steps or days. */
  readonly signal?: AbortSignal;
}

type Step = (root: Root, card: AgentCard, dryRun: boolean) => AsyncIterable<Maintained>;
type RootStep = (root: Root, dryRun: boolean) => AsyncIterable<Maintained>;

// What is too old goes before it would be packed for nothing; what is too large goes by what it takes packed.
const mailboxSteps: readonly Step[] = [buryExpired, recoverDue, pruneOld, packOld, pruneLarge, pruneOldEvents];
const rootSteps: readonly RootStep[] = [sendSchedules, pruneTopicLogs, sweepKeys];

/**
 * Does what the settings ask for: nothing in a root that needs nothing. A step that fails does not keep the others; the
 * first failure is thrown at the end.
 * @throws AGENT_NOT_FOUND, CONFIG_INVALID, DISK_FAILED
 */
export async function* maintain(
  root: Root,
  options: MaintainOptions = {},
): AsyncGenerator<Maintained, void, undefined> {
  const { mailboxes, dryRun = false, signal } = options;
  const cards = mailboxes
    ? await Promise.all(mailboxes.map((name) => resolveAgent(root, name)))
    : await listAgents(root);
  const steps = [
    ...cards.flatMap((card) => mailboxSteps.map((step) => () => step(root, card, dryRun))),
    ...(mailboxes ? [] : rootSteps.map((step) => () => step(root, dryRun))),
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
      if (failure && failure.message !== error.message) root.warn(error.message);
      failure ??= error;
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

/** Packs whole days of a mailbox's archive. What is packed is archived as before. @throws AGENT_NOT_FOUND */
export async function* packArchive(
  root: Root,
  mailbox: string,
  { beforeDay = dayBefore(root, 0), dryRun = false }: PackOptions = {},
): AsyncGenerator<Maintained, void, undefined> {
  const { name } = await resolveAgent(root, mailbox);
  for (const one of await locked(root, name, dryRun, () => root.store.packArchive(name, { beforeDay, dryRun })))
    yield { task: 'pack', mailbox: name, ...one, ...(dryRun && { dryRun }) };
}

export interface PruneOptions {
  /** Whole days older than this go; milliseconds. */
  readonly olderThanMs?: number;
  /** The oldest days go until no more than this is left. */
  readonly keepBytes?: number;
  readonly dryRun?: boolean;
}

/** Removes whole days of a mailbox's archive for good; never today's. @throws AGENT_NOT_FOUND */
export async function* pruneArchive(
  root: Root,
  mailbox: string,
  { olderThanMs, keepBytes, dryRun = false }: PruneOptions,
): AsyncGenerator<Maintained, void, undefined> {
  const card = await resolveAgent(root, mailbox);
  const keep: KeepOptions = {
    dryRun,
    ...(olderThanMs !== undefined && { fromDay: dayBefore(root, olderThanMs) }),
    ...(keepBytes !== undefined && { maxBytes: keepBytes }),
  };
  for await (const one of pruneTo(root, card, keep)) yield dryRun ? { ...one, dryRun } : one;
}

async function* recoverDue(root: Root, card: AgentCard, dryRun: boolean): AsyncGenerator<Maintained> {
  let count = 0;
  const now = root.clock.now();
  for await (const { leaseUntil } of root.store.list(card.name, 'inflight'))
    if ((leaseUntil ?? now + 1) <= now) count++;
  for await (const { dueAt } of root.store.list(card.name, 'delayed')) if ((dueAt ?? now + 1) <= now) count++;
  // Also where nothing is due: handed-in files and unfinished sends wait as well, and are nothing to tell.
  if (!dryRun) await bringAllDue(root, card);
  if (count > 0) yield { task: 'due', mailbox: card.name, count };
}

async function* buryExpired(root: Root, card: AgentCard, dryRun: boolean): AsyncGenerator<Maintained> {
  const count = await root.store.buryExpired(card.name, { dryRun });
  if (count > 0) yield { task: 'expired', mailbox: card.name, count };
}

async function* packOld(root: Root, card: AgentCard, dryRun: boolean): AsyncGenerator<Maintained> {
  const { packAfterDays, archiveDays } = (await effectiveSettings(root, card)).retention;
  if (packAfterDays === Infinity) return;
  const packed = packArchive(root, card.name, { beforeDay: dayBefore(root, packAfterDays * dayMs), dryRun });
  yield* notOlder(root, archiveDays, packed);
}

async function* pruneOld(root: Root, card: AgentCard, dryRun: boolean): AsyncGenerator<Maintained> {
  const { archiveDays } = (await effectiveSettings(root, card)).retention;
  yield* pruneTo(root, card, keepOptions(root, archiveDays, Infinity, dryRun));
}

async function* pruneLarge(root: Root, card: AgentCard, dryRun: boolean): AsyncGenerator<Maintained> {
  const { archiveDays, archiveBytes } = (await effectiveSettings(root, card)).retention;
  yield* notOlder(root, archiveDays, pruneTo(root, card, keepOptions(root, Infinity, archiveBytes, dryRun)));
}

/** What is older has gone before; where it is still there, it is a dry run, which has told of it. */
async function* notOlder(root: Root, days: number, tidied: AsyncIterable<Maintained>): AsyncGenerator<Maintained> {
  for await (const one of tidied) {
    if (days === Infinity || (one.day ?? '') >= dayBefore(root, days * dayMs)) yield one;
  }
}

async function* pruneTo(root: Root, { name }: AgentCard, keep: KeepOptions | undefined): AsyncGenerator<Maintained> {
  if (!keep) return;
  const { dryRun } = keep;
  for (const one of await locked(root, name, dryRun, () => root.store.pruneArchive(name, keep)))
    yield { task: 'prune', mailbox: name, ...one };
}

async function* pruneOldEvents(root: Root, card: AgentCard, dryRun: boolean): AsyncGenerator<Maintained> {
  const { eventDays, eventBytes } = (await effectiveSettings(root, card)).retention;
  const keep = keepOptions(root, eventDays, eventBytes, dryRun);
  if (!keep) return;
  for (const one of await locked(root, card.name, dryRun, () => root.store.pruneEvents(card.name, keep)))
    yield { task: 'events', mailbox: card.name, ...one };
}

async function* sendSchedules(root: Root, dryRun: boolean): AsyncGenerator<Maintained> {
  if ((await root.store.loadDocument('schedules')) === undefined) return;
  const { fireDue } = await import('./fire-due.ts');
  const { fired } = await fireDue(root, { dryRun });
  // What was skipped has warned.
  for (const { schedule, skipped } of fired) if (!skipped) yield { task: 'schedule', schedule, count: 1 };
}

async function* pruneTopicLogs(root: Root, dryRun: boolean): AsyncGenerator<Maintained> {
  for (const name of await root.store.listTopics()) {
    const { topic, messages, bytes } = await pruneTopic(root, name, { dryRun });
    if (messages > 0) yield { task: 'topic', topic, count: messages, bytes };
  }
}

async function* sweepKeys(root: Root, dryRun: boolean): AsyncGenerator<Maintained> {
  const count = await root.store.sweepKeys({ dryRun });
  if (count > 0) yield { task: 'dedupe', count };
}

const dayMs = 86_400_000;

/** The UTC day that began at most so long ago. */
function dayBefore(root: Root, ms: number): string {
  return new Date(Math.max(0, root.clock.now() - ms)).toISOString().slice(0, 10);
}

function keepOptions(root: Root, days: number, maxBytes: number, dryRun: boolean): KeepOptions | undefined {
  if (days === Infinity && maxBytes === Infinity) return undefined;
  return {
    dryRun,
    ...(days < Infinity && { fromDay: dayBefore(root, days * dayMs) }),
    ...(maxBytes < Infinity && { maxBytes }),
  };
}

/** Its results come when it is over: a lock is not held while somebody else looks at them. */
async function locked(
  root: Root,
  mailbox: string,
  dryRun: boolean,
  work: () => AsyncIterable<Tidied>,
): Promise<Tidied[]> {
  const gather = async (): Promise<Tidied[]> => {
    const all: Tidied[] = [];
    for await (const one of work()) all.push(one);
    return all;
  };
  return dryRun ? gather() : root.store.withLock(`maintain.${mailbox}`, gather);
}
