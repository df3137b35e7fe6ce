import { seal } from '../../model/message.ts';
import { states } from '../../model/state.ts';
import { logOf } from '../../model/topic.ts';
import { carried, isDumped, type DumpOptions, type TakeRecord } from '../port/dump/loading.ts';
import { type DumpEntry, type DumpMailbox, type DumpRecord } from '../port/dump/records.ts';
import { type Held, inState, type Mail } from './mail.ts';
import { prunedThrough } from './rollups.ts';

/** In one turn: what is taken afterwards changes no more. */
export async function dump(
  mail: Mail,
  take: TakeRecord,
  { signal, whole = false }: DumpOptions = {},
): Promise<boolean> {
  for (const record of [...recordsOf(mail, whole)]) {
    if (signal?.aborted) return false;
    await take(record);
  }
  return true;
}

function* recordsOf(mail: Mail, whole: boolean): Generator<DumpRecord, void, void> {
  for (const [name, { value }] of mail.documents)
    if (isDumped(name, whole)) yield { kind: 'document', name, text: textOf(value) };
  for (const { value } of mail.agents.values())
    yield { kind: 'document', name: `agents/${value.name}`, text: textOf(value) };
  for (const [key, kept] of mail.revisions)
    for (const [number, value] of kept) yield { kind: 'revision', of: revised(mail, key), number, text: textOf(value) };
  for (const mailbox of namesIn(mail)) yield* mailboxRecords(mail, mailbox);
  for (const { message, mailboxes, at } of mail.dedupe.values())
    yield { kind: 'key', id: message.id, at, mailboxes: [...mailboxes], body: carried(seal(message)) };
  yield* reachRecords(mail);
  for (const [log, bytes] of mail.audit.logs) yield { kind: 'audit', log, body: carried(bytes) };
  for (const [checkpoint, text] of whole ? mail.audit.keys : []) yield { kind: 'audit-key', checkpoint, text };
  for (const event of mail.log) {
    const { key: _, ...told } = event;
    if (!mail.pruned.has(event)) yield { kind: 'event', event: structuredClone(told) };
  }
}

function textOf(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function revised(mail: Mail, key: string): string {
  if (key === '') return 'settings';
  return key.startsWith('/') ? key.slice(1) : `agents/${mail.agents.get(key)?.value.name ?? key}`;
}

/** Topics' logs, too; with their cases. */
function namesIn(mail: Mail): string[] {
  const names = new Map([...mail.topics].map((topic) => [logOf(topic), logOf(topic)]));
  for (const [key, box] of mail.mailboxes) for (const { mailbox } of box.values()) names.set(key, mailbox);
  for (const [key, { value }] of mail.agents) names.set(key, value.name);
  return [...names.values()].sort();
}

function* mailboxRecords(mail: Mail, mailbox: string): Generator<DumpRecord, void, void> {
  const key = mailbox.toLowerCase();
  yield aboutMailbox(mail, mailbox);
  for (const [request, until] of mail.inboxes.get(key) ?? []) yield { kind: 'inbox', mailbox, request, until };
  for (const state of states) for (const held of inState(mail, mailbox, state)) yield entryOf(held);
  for (const [name, bytes] of mail.corrupt.get(key) ?? [])
    yield { kind: 'corrupt', mailbox, name, body: carried(bytes) };
  for (const [name, text] of mail.rollups.get(key) ?? []) yield { kind: 'rollup', mailbox, name, text };
}

function aboutMailbox(mail: Mail, mailbox: string): DumpMailbox {
  const key = mailbox.toLowerCase();
  const pruned = prunedThrough(mail, mailbox);
  const refused = mail.refused.get(key)?.map(({ at, code, reason }) => ({ at, count: 1, code, reason }));
  const presence = mail.reached.present.get(key);
  const lastReadAt = mail.lastReads.get(key);
  const allowanceFullAtUs = mail.allowances.get(key);
  return {
    kind: 'mailbox',
    mailbox,
    ...(lastReadAt !== undefined && { lastReadAt }),
    ...(allowanceFullAtUs !== undefined && { allowanceFullAtUs }),
    ...(pruned !== undefined && { prunedThrough: pruned }),
    ...(refused && { refused }),
    ...(presence && { presence: { ...presence } }),
  };
}

function entryOf(held: Held): DumpEntry {
  const { mailbox, id, state, priority, attempt, expiresAt, withdrawn, inbox, order, usedTokens, dead } = held;
  return {
    ...{ kind: 'entry', mailbox, id, state, priority, attempt, at: timeOf(held) },
    ...(state === 'ready' && held.comesBack && { comesBack: true }),
    ...(state === 'inflight' && { token: held.token }),
    ...(state === 'inflight' && held.claimedAt !== undefined && { since: held.claimedAt }),
    ...(state === 'delayed' && held.restsSince !== undefined && { since: held.restsSince }),
    ...(state === 'inflight' && held.maxAttempts !== undefined && { maxAttempts: held.maxAttempts }),
    ...(usedTokens.size > 0 && { settled: [...usedTokens] }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(state === 'archived' && withdrawn && { withdrawn: true }),
    ...(state === 'delayed' && inbox !== undefined && { inbox }),
    ...(held.holdsOrderingKey && held.orderingKey !== undefined && { holdsKey: true }),
    ...(held.unordered && { unordered: true }),
    arrival: order,
    ...(state === 'dead' && dead && { dead: deadOf(dead) }),
    body: carried(held.bytes),
  };
}

function deadOf({ reason, attempts, history, notice }: NonNullable<Held['dead']>): DumpEntry['dead'] {
  const told = history.map((event) => ({ ...event }));
  return { reason, attempts, history: told, ...(notice !== undefined && { notice }) };
}

function timeOf({ state, readySince, dueAt, leaseUntil, ackedAt, dead }: Held): number {
  if (state === 'ready') return readySince;
  if (state === 'delayed') return dueAt;
  if (state === 'inflight') return leaseUntil;
  return state === 'archived' ? ackedAt : (dead?.deadAt ?? 0);
}

function* reachRecords({ reached: { sessions, places, announced } }: Mail): Generator<DumpRecord, void, void> {
  const names = new Set([...sessions.keys(), ...places.keys()]);
  for (const name of names) {
    const record = sessions.get(name);
    const place = places.get(name);
    yield {
      kind: 'session',
      ...keyOf(name),
      ...(record && { record: { ...record } }),
      ...(place !== undefined && { place }),
    };
  }
  for (const { mailbox, to, id, time, at } of announced)
    yield { kind: 'announced', mailbox, ...keyOf(to), id, time, at };
}

function keyOf(name: string): { host: string; session: string } {
  const dot = name.indexOf('.');
  return { host: name.slice(0, dot), session: name.slice(dot + 1) };
}
