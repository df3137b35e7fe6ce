import { states } from '../../../src/model/state.ts';
import { logOf } from '../../../src/model/topic.ts';
import type { Store } from '../../../src/storage/port/store.ts';

/** All that one sees of a root, but for what is each storage's own: keys of entries, receipts, versions, cursors. */
export async function viewOf(store: Store): Promise<unknown> {
  const agents = (await store.documents.listAgents()).sort((a, b) => (a.name < b.name ? -1 : 1));
  const topics = await store.look.listTopics();
  const names = [...agents.map(({ name }) => name), ...topics.map(logOf)];
  const mailboxes: Record<string, unknown> = {};
  const ids = new Set<string>();
  for (const name of names) {
    const lists: Record<string, unknown[]> = {};
    for (const state of states) {
      lists[state] = [];
      for await (const entry of store.look.list(name, state)) {
        ids.add(entry.id);
        const { key: _key, receipt, ...seen } = entry;
        const dead = state === 'dead' ? await store.look.deadReason(entry) : undefined;
        lists[state]?.push({
          ...seen,
          claim: receipt && tokenIn(receipt),
          message: await store.look.read(entry),
          dead,
        });
      }
    }
    mailboxes[name] = {
      lists,
      counts: await store.look.counts(name),
      presence: seenIn(await store.presence.get(name)),
      allowance: await store.look.allowance(name, 60),
      revisions: await store.documents.revisions(`agents/${name}`),
      rollups: await rollupsOf(store, name),
      events: withoutKeys(await eventsOf(store, name)),
      pruned: await store.journal.prunedThrough(name, true),
      announced: [...(await store.reach.announcedIn(name))].sort(),
    };
  }
  const histories: Record<string, unknown> = {};
  // What happened in one millisecond in two mailboxes has no order.
  for (const id of [...ids].sort()) histories[id] = byTime(withoutKeys(await store.journal.history(id)));
  const documents: Record<string, unknown> = {};
  for (const name of ['settings', 'subscriptions', 'schedules', 'policy', 'tokens', 'identity'] as const)
    documents[name] = (await store.documents.get(name))?.value;
  return JSON.parse(
    JSON.stringify(
      {
        ...{ agents, topics, mailboxes, histories, documents },
        tasks: (await store.documents.list('tasks')).sort(),
        settingsRevisions: await store.documents.revisions('settings'),
        sessions: await store.reach.sessions(),
        audit: await auditOf(store),
      },
      (_name, value) => inWholeMs(value),
    ),
  );
}

function tokenIn(receipt: string): string | undefined {
  return /(?:\.c|:)([0-9A-HJKMNP-TV-Z]{10})(?![0-9A-Z])/.exec(receipt)?.[1];
}

function seenIn(presence: object | undefined): object | undefined {
  return presence;
}

async function rollupsOf(store: Store, name: string): Promise<Record<string, string | undefined>> {
  const days = (await store.rollups.days(name)).sort();
  const all: Record<string, string | undefined> = {};
  for (const day of [...days, 'index']) all[day] = await store.rollups.read(name, day);
  return all;
}

async function eventsOf(store: Store, name: string): Promise<object[]> {
  const all: object[] = [];
  for (let cursor = await store.journal.cursor([name], 'start'); ;) {
    const batch = await store.journal.readEvents([name], cursor);
    all.push(...batch.events.map((event) => ({ ...event, cursor: undefined })));
    if (batch.events.length === 0) return all;
    ({ cursor } = batch);
  }
}

function withoutKeys(events: readonly object[]): object[] {
  return events.map((event) => {
    const { key: _, ...told } = event as { key?: string };
    return told;
  });
}

function byTime(events: readonly object[]): object[] {
  const placeOf = (event: object): string => ['at', 'mailbox'].map((field) => (event as never)[field]).join(' ');
  return [...events].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : Number(placeOf(a) > placeOf(b))));
}

/** A file system keeps a time as it can. */
function inWholeMs(value: unknown): unknown {
  return typeof value === 'number' && value > 1e12 ? Math.round(value) : value;
}

async function auditOf(store: Store): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const log of ['checkpoints', ...(await store.audit.days())]) {
    const parts: Uint8Array[] = [];
    for await (const part of store.audit.read(log, 0, await store.audit.size(log))) parts.push(part);
    all[log] = Buffer.concat(parts).toString();
  }
  for (const key of await store.audit.keys()) all[`key ${key}`] = (await store.audit.key(key)) ?? '';
  return all;
}
