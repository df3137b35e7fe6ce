/**
 * The library's own entrance. Like main.ts for the command, it is where the surroundings of the process come in: its
 * folder, its environment and its warnings. Everything behind it has them handed in.
 */
import { cwd, emitWarning, env } from 'node:process';
import { listAgents, registerAgent, resolveAgent, retireAgent } from '../core/agents/agents.ts';
import { exportArchive, listArchive, restoreArchive, searchArchive, showArchived } from '../core/keep/archive.ts';
import { cancel } from '../core/keep/cancel.ts';
import { getConfig, setConfig } from '../core/root/config.ts';
import { consume } from '../core/take/consume.ts';
import { listDead, purgeDead, retryDead, showDead } from '../core/keep/dlq.ts';
import { doctor } from '../core/keep/doctor.ts';
import { fireDue } from '../core/schedules/fire-due.ts';
import { importTree } from '../core/import/import.ts';
import { list } from '../core/look/list.ts';
import { listen } from '../core/follow/listen.ts';
import { maintain, packArchive, pruneArchive } from '../core/keep/maintain.ts';
import { peek } from '../core/look/peek.ts';
import { publish } from '../core/topics/publish.ts';
import { readNext } from '../core/take/read.ts';
import { reply } from '../core/send/reply.ts';
import { request } from '../core/send/request.ts';
import { type Session } from '../core/root/root.ts';
import { addSchedule, listSchedules, removeSchedule, showSchedule } from '../core/schedules/schedules.ts';
import { search } from '../core/look/search.ts';
import { preview, send, sendAll } from '../core/send/send.ts';
import { ack, nack, renew } from '../core/take/settle.ts';
import { show } from '../core/look/show.ts';
import { status } from '../core/look/status.ts';
import { subscribe, unsubscribe } from '../core/topics/subscriptions.ts';
import { thread } from '../core/look/thread.ts';
import { listTopics, pruneTopics, showTopic } from '../core/topics/topics.ts';
import { trace } from '../core/look/trace.ts';
import { until } from '../core/follow/until.ts';
import { watch } from '../core/follow/watch.ts';
import { work } from '../core/work/work.ts';
import { currentFolder } from '../model/basics/current-folder.ts';
import { initRoot, type OpenOptions, openRoot, sessionOn } from '../core/open-root.ts';
import type { Dreamos } from './dreamos.ts';

/**
 * Opens the root that is there: `options.root`, else DREAMOS_ROOT, else the nearest `runtime/agent_comms` at or above the
 * current folder. Warnings become process warnings, unless `options.warn` takes them.
 * @throws ROOT_NOT_FOUND, ROOT_NOT_YOURS, FORMAT_TOO_NEW, FORMAT_UNKNOWN, NAME_INVALID
 */
export async function open(options: OpenOptions = {}): Promise<Dreamos> {
  return bindTo(await openRoot(surrounded(options)));
}

/**
 * Makes a root with the named agents, or what of it is not there yet, and opens it.
 * @throws as open, and ROOT_INSIDE_ROOT
 */
export async function init(options: OpenOptions & { readonly agents?: readonly string[] } = {}): Promise<Dreamos> {
  return bindTo((await initRoot(surrounded(options))).root);
}

function surrounded<T extends OpenOptions>(options: T): T {
  const warn = (message: string): void => emitWarning(message, 'DreamosWarning');
  return { cwd: currentFolder(cwd), env, warn, ...options };
}

function bindTo(session: Session): Dreamos {
  const bound = <Rest extends unknown[], Result>(operation: (session: Session, ...rest: Rest) => Result) => {
    return (...rest: Rest): Result => operation(session, ...rest);
  };
  return {
    path: session.path,
    acting: session.acting,
    as: (agent) => bindTo(sessionOn(session, { ...session, as: agent })),
    close: () => session.close(),
    [Symbol.asyncDispose]: () => session.close(),

    send: bound(send),
    sendAll: bound(sendAll),
    preview: bound(preview),
    reply: bound(reply),
    request: bound(request),
    until: bound(until),
    cancel: bound(cancel),

    read: bound(readNext),
    consume: bound(consume),
    work: bound(work),
    peek: bound(peek),
    ack: bound(ack),
    nack: bound(nack),
    renew: bound(renew),

    publish: bound(publish),
    subscribe: bound(subscribe),
    unsubscribe: bound(unsubscribe),
    listen: bound(listen),

    watch: bound(watch),
    status: bound(status),
    list: bound(list),
    show: bound(show),
    trace: bound(trace),
    thread: bound(thread),
    search: bound(search),

    agent: {
      register: bound(registerAgent),
      list: bound(listAgents),
      show: bound(resolveAgent),
      retire: bound(retireAgent),
    },
    archive: {
      list: bound(listArchive),
      show: bound(showArchived),
      search: bound(searchArchive),
      restore: bound(restoreArchive),
      export: bound(exportArchive),
      pack: bound(packArchive),
      prune: bound(pruneArchive),
    },
    dlq: { list: bound(listDead), show: bound(showDead), retry: bound(retryDead), purge: bound(purgeDead) },
    topics: { list: bound(listTopics), show: bound(showTopic), prune: bound(pruneTopics) },
    schedule: {
      add: bound(addSchedule),
      list: bound(listSchedules),
      show: bound(showSchedule),
      remove: bound(removeSchedule),
      fire: bound(fireDue),
    },
    config: { get: bound(getConfig), set: bound(setConfig) },

    doctor: bound(doctor),
    maintain: bound(maintain),
    import: bound(importTree),
  };
}
