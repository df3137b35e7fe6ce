import type { AgentCard } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import type { MailEvent } from '../../model/event.ts';
import { unseal } from '../../model/message.ts';
import { dueByOf } from '../../model/metrics/late.ts';
import { areSettings } from '../../model/settings.ts';
import { topicOf } from '../../model/topic.ts';
import { sha256 } from '../../model/basics/sha256.ts';
import { bytesOf, jsonOf, type Loading } from '../port/dump/loading.ts';
import { laneOf, ordersOf } from '../port/dump/orders.ts';
import { type DumpEntry, type DumpMailbox, type DumpRecord } from '../port/dump/records.ts';
import type { DeadReason } from '../port/look.ts';
import type { PresenceRecord } from '../port/presence.ts';
import type { HostSession } from '../port/reach.ts';
import type { Refusal } from '../port/mail.ts';
import { dedupeKeyOf } from './deliver.ts';
import { createMail, type Held, keyOf, type Mail, mailboxOf } from './mail.ts';

/** @param mail a fresh one, in which nothing is until it is finished, and over which no store is made before */
export function loadIntoMemory(mail: Mail): Loading {
  const staged = createMail();
  const arrived: { held: Held; arrival: number | undefined }[] = [];
  return {
    take: async (record) => take(staged, record, arrived),
    finish: async () => {
      giveOrders(staged, arrived);
      for (const event of staged.log) {
        const held = event.event === 'published' ? mailboxOf(staged, event.mailbox).get(event.id) : undefined;
        if (held) Object.assign(event, { key: keyOf(held) });
      }
      Object.assign(mail, staged);
    },
    abandon: async () => undefined,
  };
}

function take(mail: Mail, record: DumpRecord, arrived: { held: Held; arrival: number | undefined }[]): void {
  switch (record.kind) {
    case 'document':
      return putDocument(mail, record.name, jsonOf(record.name, record.text));
    case 'revision': {
      const key = record.of === 'settings' ? '' : record.of.replace(/^agents\//, '').toLowerCase();
      const place = record.of === 'policy' ? '/policy' : key;
      const kept = mail.revisions.get(place) ?? new Map<number, object>();
      mail.revisions.set(place, kept.set(record.number, jsonOf(record.of, record.text) as object));
      return;
    }
    case 'mailbox':
      return takeMailbox(mail, record);
    case 'inbox': {
      const key = record.mailbox.toLowerCase();
      const open = mail.inboxes.get(key) ?? new Map<string, number>();
      mail.inboxes.set(key, open.set(record.request, record.until));
      return;
    }
    case 'entry': {
      const held = heldOf(record);
      mailboxOf(mail, record.mailbox).set(record.id, held);
      arrived.push({ held, arrival: record.arrival });
      return;
    }
    case 'corrupt': {
      const key = record.mailbox.toLowerCase();
      const kept = mail.corrupt.get(key) ?? new Map<string, Uint8Array>();
      const bytes = Uint8Array.from(bytesOf(record.body));
      // There may be several of the same bytes.
      mail.corrupt.set(key, kept.set(`${sha256(bytes)} ${kept.size}`, bytes));
      return;
    }
    case 'key': {
      const message = unseal(bytesOf(record.body));
      mail.dedupe.set(dedupeKeyOf(message), { message, mailboxes: record.mailboxes ?? message.to, at: record.at });
      return;
    }
    case 'rollup': {
      const key = record.mailbox.toLowerCase();
      const kept = mail.rollups.get(key) ?? new Map<string, string>();
      mail.rollups.set(key, kept.set(record.name, record.text));
      return;
    }
    case 'session': {
      const name = `${record.host}.${record.session}`;
      if (record.record) mail.reached.sessions.set(name, record.record as unknown as HostSession);
      if (record.place !== undefined) mail.reached.places.set(name, record.place);
      return;
    }
    case 'announced': {
      const { mailbox, id, time, at, host, session } = record;
      mail.reached.announced.push({ mailbox, id, time, at, to: `${host}.${session}` });
      return;
    }
    case 'audit':
      mail.audit.logs.set(
        record.log,
        Buffer.concat([mail.audit.logs.get(record.log) ?? Buffer.alloc(0), bytesOf(record.body)]),
      );
      return;
    case 'audit-key':
      mail.audit.keys.set(record.checkpoint, record.text);
      return;
    case 'event':
      mail.log.push(record.event);
      return;
    // Files' alone.
    case 'handed-in':
    case 'cursor':
  }
}

function putDocument(mail: Mail, name: string, value: unknown): void {
  if (name.startsWith('agents/')) {
    mail.agents.set(name.slice('agents/'.length).toLowerCase(), { value: value as AgentCard, version: 1 });
    return;
  }
  mail.documents.set(name, { value, version: 1 });
  if (name === 'settings' && areSettings(value)) mail.goodSettings = value;
}

function takeMailbox(mail: Mail, record: DumpMailbox): void {
  const { mailbox, lastReadAt, allowanceFullAtUs, prunedThrough, refused, presence } = record;
  const key = mailbox.toLowerCase();
  const topic = topicOf(mailbox);
  if (topic !== undefined) mail.topics.add(topic);
  mailboxOf(mail, mailbox);
  if (lastReadAt !== undefined) mail.lastReads.set(key, lastReadAt);
  if (allowanceFullAtUs !== undefined) mail.allowances.set(key, allowanceFullAtUs);
  if (presence) mail.reached.present.set(key, presence as PresenceRecord & { seenAt: number });
  const all = refused?.flatMap(({ at, count, code, reason }) =>
    Array.from({ length: count }, () => ({ mailbox, at, code: code as Refusal['code'], reason })),
  );
  if (all) mail.refused.set(key, all);
  if (prunedThrough === undefined) return;
  // Its events are gone; that they were there is known by one of them.
  const event: MailEvent = { at: `${prunedThrough}T00:00:00.000Z`, mailbox, event: 'purged', id: '' };
  mail.log.push(event);
  mail.pruned.add(event);
}

function heldOf(entry: DumpEntry): Held {
  const { mailbox, id, state, priority, attempt, at, since } = entry;
  const bytes = bytesOf(entry.body);
  const message = unseal(bytes);
  if (message.id !== id)
    throw new DreamosError('invalid', 'CORRUPT', `What is said to be ${id} in ${mailbox} is ${message.id}.`);
  const dead = entry.dead as (Omit<DeadReason, 'deadAt'> & object) | undefined;
  return {
    ...{ mailbox, id, priority, bytes, state, attempt, order: 0, version: 0 },
    orderingKey: entry.unordered ? undefined : (message.orderingKey ?? undefined),
    unordered: entry.unordered === true,
    sentAt: Date.parse(message.createdAt),
    isTask: message.task !== undefined,
    usedTokens: new Set(entry.settled),
    comesBack: entry.comesBack === true,
    holdsOrderingKey: entry.holdsKey === true,
    dueBy: dueByOf(message),
    expiresAt: entry.expiresAt,
    token: entry.token ?? '',
    dueAt: state === 'delayed' ? at : 0,
    readySince: state === 'ready' ? at : 0,
    claimedAt: state === 'inflight' ? since : undefined,
    restsSince: state === 'delayed' ? since : undefined,
    inbox: entry.inbox,
    leaseUntil: state === 'inflight' ? at : 0,
    maxAttempts: entry.maxAttempts,
    ackedAt: state === 'archived' ? at : 0,
    withdrawn: entry.withdrawn === true,
    dead: state === 'dead' ? { reason: 'unknown', attempts: attempt, history: [], ...dead, deadAt: at } : undefined,
  };
}

/** Arrivals, where the storage that was dumped has counted them. */
function giveOrders(mail: Mail, arrived: readonly { held: Held; arrival: number | undefined }[]): void {
  if (arrived.every(({ arrival }) => arrival !== undefined)) {
    for (const { held, arrival = 0 } of arrived) held.order = arrival;
  } else {
    const orders = ordersOf(arrived.map(({ held }) => ({ id: held.id, lane: laneOf(held) })));
    for (const [i, { held }] of arrived.entries()) held.order = orders[i] ?? 0;
  }
  mail.arrivals = arrived.reduce((most, { held }) => Math.max(most, held.order + 1), 0);
}
