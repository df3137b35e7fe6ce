/**
 * The library's own entrance. Like main.ts for the command, it is where the surroundings of the process come in: its
 * folder, its environment and its warnings. Everything behind it has them handed in.
 */
import { cwd, emitWarning, env, pid } from 'node:process';
import { noteCall, noteDenied, noteInit } from '../core/audit/note.ts';
import { checkAlerts, listAlerts, silenceAlerts, testAlert } from '../core/alerts/alerts.ts';
import { retireAgent, showAgent } from '../core/agents/agents.ts';
import { a2aCardOf } from '../core/agents/a2a.ts';
import { heartbeat } from '../core/agents/heartbeat.ts';
import { pauseAgent, resumeAgent } from '../core/agents/pause.ts';
import { exportArchive, listArchive, restoreArchive, searchArchive, showArchived } from '../core/keep/archive.ts';
import { exportTo } from '../core/export/export.ts';
import { backup } from '../core/keep/backup.ts';
import { cancel } from '../core/keep/cancel.ts';
import { deleteAgent } from '../core/keep/delete-agent.ts';
import { registerAnew, renameAgent } from '../core/keep/rename-agent.ts';
import { deliver } from '../core/keep/deliver.ts';
import { consume } from '../core/take/consume.ts';
import { listDead, purgeDead, retryDead, showDead } from '../core/keep/dlq.ts';
import { doctor } from '../core/keep/doctor.ts';
import { fireDue } from '../core/schedules/fire-due.ts';
import { importTree } from '../core/import/import.ts';
import { list } from '../core/look/list.ts';
import { listen } from '../core/follow/listen.ts';
import { maintain, packArchive, pruneArchive } from '../core/keep/maintain.ts';
import { stats } from '../core/metrics/stats.ts';
import { overview } from '../core/overview/overview.ts';
import { peek } from '../core/look/peek.ts';
import { publish } from '../core/topics/publish.ts';
import { readNext } from '../core/take/read.ts';
import { checkReservations, releaseReservations, renewReservations } from '../core/reserve/held.ts';
import { listReservations } from '../core/reserve/reservations.ts';
import { reserve } from '../core/reserve/reserve.ts';
import { metrics } from '../core/metrics/metrics.ts';
import { showResources } from '../core/resources/resources.ts';
import { reply } from '../core/send/reply.ts';
import { request } from '../core/send/request.ts';
import type { Named } from '../core/root/operation.ts';
import { type Session } from '../core/root/root.ts';
import { addSchedule, listSchedules, removeSchedule, showSchedule } from '../core/schedules/schedules.ts';
import { search } from '../core/look/search.ts';
import { preview, send, sendAll } from '../core/send/send.ts';
import { ack, nack, renew } from '../core/take/settle.ts';
import { show } from '../core/look/show.ts';
import { startAgent } from '../core/keep/start-agent.ts';
import { status } from '../core/look/status.ts';
import { who } from '../core/look/who.ts';
import { subscribe, unsubscribe } from '../core/topics/subscriptions.ts';
import { thread } from '../core/look/thread.ts';
import { listTopics, pruneTopics, showTopic } from '../core/topics/topics.ts';
import { trace } from '../core/look/trace.ts';
import { listWithSessions } from '../core/reach/listed.ts';
import { until } from '../core/follow/until.ts';
import { watch } from '../core/follow/watch.ts';
import { work } from '../core/work/work.ts';
import { currentFolder } from '../model/basics/current-folder.ts';
import type { DeadFilter, Filter, LookFilter } from '../model/filter.ts';
import {
  type InitOptions,
  initRoot,
  type OpenOptions,
  openRoot,
  type RestoreOptions,
  restoreRoot,
  sessionOn,
} from '../core/open-root.ts';
import {
  anything,
  call,
  checkArguments,
  ids,
  iterable,
  maybe,
  needing,
  number,
  type Options,
  record,
  registering,
  signal,
  states,
  step,
  text,
  texts,
  textOrTexts,
  yesOrNo,
} from './arguments.ts';
import { bindersOf, named } from './bind.ts';
import { bindConfig } from './config.ts';
import { bindSecurity } from './security.ts';
import type { Dreamos } from './dreamos.ts';
import { audited, closeNoted } from './security/audited.ts';
import { bindTasks } from './tasks.ts';

/**
 * Opens the root that is there: `options.root`, else DREAMOS_ROOT, else the nearest `runtime/agent_comms` at or above the
 * current folder; for a linked worktree of git also in the main one. Warnings become process warnings, unless `options.warn`
 * takes them. Of a root that an engine keeps also ENGINE_UNREACHABLE, ENGINE_LOST and UNAUTHENTICATED are thrown.
 * @throws ROOT_NOT_FOUND, ROOT_NOT_YOURS, FORMAT_TOO_NEW, FORMAT_UNKNOWN, NAME_INVALID, USAGE
 */
export async function open(options: OpenOptions = {}): Promise<Dreamos> {
  checkArguments([opening], [options]);
  return bindTo(await openRoot(surrounded(options)));
}

/**
 * Makes a root with the named agents, or what of it is not there yet, and opens it. With `store` its mail is in that engine.
 * @throws as open, and ROOT_INSIDE_ROOT; of a store also ALREADY_EXISTS, CONFIG_INVALID
 */
export async function init(options: InitOptions = {}): Promise<Dreamos> {
  checkArguments([{ ...opening, agents: texts, store: text, durability: text, replicas: number }], [options]);
  const how = surrounded(options);
  const made = await initRoot(how).catch(async (error: unknown) => {
    await noteDenied(() => openRoot(how), 'init', error);
    throw error;
  });
  await noteInit(made);
  return bindTo(made.root);
}

/**
 * Makes a root of what `backup` has written, and opens it: everything in it is synced, and it appears whole. Where there is a
 * root without mail, it takes its place. What was claimed is ready again.
 * @returns the root, how many messages, how many of them were claimed, when the backup began; `undefined`: the signal came
 * @throws as init; ALREADY_EXISTS for a root that has mail; SOURCE_NOT_FOUND; CORRUPT for a backup that is cut off or
 * changed; FORMAT_UNKNOWN, FORMAT_TOO_NEW for one that is none, or of a later version. Nothing was made then
 */
export async function restore(
  file: string,
  options: RestoreOptions = {},
): Promise<{ root: Dreamos; messages: number; claimed: number; begunAt: string } | undefined> {
  checkArguments([text, { ...opening, onProgress: call, signal }], [file, options]);
  const restored = await restoreRoot(file, surrounded(options));
  if (!restored) return undefined;
  await noteCall(restored.root, 'restore', [file]);
  return { ...restored, root: bindTo(restored.root) };
}

export { bindTo, surrounded };
const where = { root: text, cwd: text, env: record };
const opening: Options<OpenOptions> = { ...where, as: text, label: text, clock: record, warn: call };
const words = { from: text, type: text, thread: text, tag: text, priority: text, id: text };
const filter: Options<Filter> = { ...words, task: yesOrNo };
const looking: Options<LookFilter> = { ...filter, subject: text, olderThanMs: number };
const deadOnes: Options<DeadFilter> = { ...looking, reason: text };
const finished = { limit: number, filter: looking, after: text };
const listing = { states, limit: number, filter: deadOnes, after: text, signal };
const changingDead = { filter: deadOnes, limit: number, dryRun: yesOrNo, onProgress: call, signal };
const reading = { leaseMs: number, waitMs: number, filter, signal, label: text, unseal: yesOrNo };
const following = { since: text, signal, waitMs: number, count: number, onWarning: call, onBegun: call };
const sending = { waitMs: number, signal };
const saying = { score: number, note: text };
const reserving = { forMs: number, cwd: text };

function surrounded<T extends OpenOptions>(options: T): T & { readonly pid: number } {
  return { cwd: currentFolder(cwd), env, warn: (told) => emitWarning(told, 'DreamosWarning'), ...options, pid };
}

/** Relative paths begin in the current folder, where the options say no other. */
function here<Paths, How extends { readonly cwd?: string | undefined }, Result>(
  operation: ((session: Session, paths: Paths, options?: How) => Promise<Result>) & Named,
) {
  return named(operation, (session: Session, paths: Paths, options?: How): Promise<Result> =>
    operation(session, paths, { cwd: currentFolder(cwd), ...options } as How),
  );
}

function bindTo(session: Session): Dreamos {
  const { bound, each } = bindersOf(session);
  return audited(session, {
    path: session.path,
    acting: session.acting,
    as: (agent) => bindTo(sessionOn(session, { ...session, as: agent })),
    close: () => closeNoted(session),
    [Symbol.asyncDispose]: () => closeNoted(session),

    send: bound(send, anything, sending),
    sendAll: bound(sendAll, iterable, sending),
    preview: bound(preview, anything),
    reply: bound(reply, text, anything, { ...sending, ack: yesOrNo, again: yesOrNo, ...saying }),
    request: bound(request, anything, sending),
    until: bound(until, text, step, { waitMs: number, signal, mailboxes: texts }),
    cancel: bound(cancel, text),
    deliver: bound(deliver, text, { at: number }),

    read: bound(readNext, text, { ...reading, by: text }),
    consume: each(consume, text, { ...reading, by: text }),
    work: bound(work, text, anything, {
      ...reading,
      concurrency: number,
      handlerTimeoutMs: number,
      count: number,
      hurry: signal,
      onHandled: call,
    }),
    peek: bound(peek, text, { limit: number, waitMs: number, filter, signal, unseal: yesOrNo }),
    pause: bound(pauseAgent, text),
    resume: bound(resumeAgent, text),
    ack: bound(ack, text, saying),
    nack: bound(nack, text, { delayMs: number, reason: text, dead: yesOrNo, free: yesOrNo }),
    renew: bound(renew, text, maybe(number)),

    publish: bound(publish, text, anything, sending),
    subscribe: bound(subscribe, textOrTexts),
    unsubscribe: bound(unsubscribe, textOrTexts),
    listen: each(listen, textOrTexts, { ...following, from: number }),

    watch: each(watch, { ...following, mailboxes: texts }),
    status: bound(status, maybe(texts)),
    overview: bound(overview, { events: number }),
    stats: bound(stats, maybe(texts), { windowMs: number, by: text }),
    who: bound(who, maybe(texts), { all: yesOrNo }),
    list: each(list, maybe(text), { ...listing, unseal: yesOrNo }),
    show: bound(show, text, { mailbox: text, unseal: yesOrNo }),
    trace: bound(trace, text),
    thread: bound(thread, text, { signal, onProgress: call, unseal: yesOrNo }),
    search: each(search, text, { ...listing, mailbox: text, onProgress: call, unseal: yesOrNo }),

    agent: {
      register: bound(registerAnew, needing(registering, 'name')),
      start: bound(startAgent, needing({ ...registering, pid: number, note: text }, 'name')),
      heartbeat: bound(heartbeat, text, { status: text, note: text, pid: number }),
      list: bound(listWithSessions),
      show: bound(showAgent, text),
      a2a: bound(a2aCardOf, text, needing({ url: text, binding: text }, 'url')),
      retire: bound(retireAgent, text),
      rename: bound(renameAgent, text, text),
      delete: bound(deleteAgent, text, { archive: yesOrNo }),
    },
    archive: {
      list: each(listArchive, maybe(text), finished),
      show: bound(showArchived, text, text),
      search: each(searchArchive, text, { mailbox: text, ...finished }),
      restore: bound(restoreArchive, text, text),
      export: each(exportArchive, maybe(text), { since: number, until: number, ...finished }),
      pack: each(packArchive, text, { beforeDay: text, dryRun: yesOrNo }),
      prune: each(pruneArchive, text, needing({ olderThanMs: number, keepBytes: number, dryRun: yesOrNo })),
    },
    dlq: {
      list: each(listDead, maybe(text), { limit: number, filter: deadOnes, after: text, signal }),
      show: bound(showDead, text, text),
      retry: bound(retryDead, maybe(text), ids, changingDead),
      purge: bound(purgeDead, maybe(text), ids, { ...changingDead, force: yesOrNo }),
    },
    topics: {
      list: bound(listTopics),
      show: bound(showTopic, text, { limit: number }),
      prune: bound(pruneTopics, textOrTexts, { olderThanMs: number, dryRun: yesOrNo }),
    },
    schedule: {
      add: bound(addSchedule, needing({ name: text, cron: text, tz: text, message: anything }, 'name', 'cron')),
      list: bound(listSchedules),
      show: bound(showSchedule, text),
      remove: bound(removeSchedule, text),
      fire: bound(fireDue, { dryRun: yesOrNo }),
    },
    reservations: {
      reserve: bound(here(reserve), textOrTexts, {
        ...reserving,
        shared: yesOrNo,
        reason: text,
        waitMs: number,
        signal,
      }),
      list: bound(listReservations),
      check: bound(here(checkReservations), textOrTexts, { shared: yesOrNo, cwd: text, literal: yesOrNo }),
      renew: bound(here(renewReservations), maybe(textOrTexts), reserving),
      release: bound(here(releaseReservations), maybe(textOrTexts), { cwd: text }),
    },
    metrics: bound(named(metrics, (of: Session) => metrics(of))),
    alerts: {
      list: bound(listAlerts),
      check: bound(checkAlerts, { run: call, signal }),
      test: bound(testAlert, text, { mailbox: text, act: yesOrNo, run: call, signal }),
      silence: bound(silenceAlerts, maybe(text), needing({ forMs: number, mailbox: text }, 'forMs')),
    },
    resources: { show: bound(showResources, maybe(text)) },
    tasks: bindTasks({ bound, each, named }),
    config: bindConfig({ bound, each, named }),
    ...bindSecurity({ bound, each, named }),

    doctor: each(doctor, { fix: yesOrNo, onProgress: call, signal }),
    maintain: each(maintain, { mailboxes: texts, dryRun: yesOrNo, signal, runAlert: call }),
    import: each(importTree, text, {
      format: text,
      maps: record,
      deliver: yesOrNo,
      dryRun: yesOrNo,
      onNote: call,
      onProgress: call,
    }),
    backup: bound(backup, text, { onProgress: call, signal }),
    export: bound(exportTo, text, { format: text, table: text, since: number, agent: text, onProgress: call, signal }),
  });
}
