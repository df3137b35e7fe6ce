import { DreamosError } from '../../../src/model/errors.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { compareBackup } from './backup.ts';
import { policy, root } from './check.ts';
import { keyedTo, newest, requestId, type MailboxName, type Operation, type Pick, type SendHow } from './history.ts';
import type { Ledger } from './ledger.ts';
import { keyedMessage, plainMessage } from './messages.ts';
import type { Process } from './process.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import type { Outgoing, Sent, Settled } from '../../../src/storage/port/mail.ts';
import type { State } from '../../../src/model/state.ts';
import { changeAgentIn } from '../../storage/contract/ways.ts';

/** What an operation works with besides its process. */
export interface Surroundings {
  readonly ledger: Ledger;
  now(): number;
  /** Of each request, whether its inbox was open, so that somebody may answer it. */
  readonly inboxes: Map<number, 'opening' | 'open'>;
  /** Words that no other message has. */
  words(): string;
  /** The ids of what is not finished in a mailbox. */
  waiting(mailbox: MailboxName): ReadonlySet<string>;
}

type Settling = Extract<Operation, { does: 'ack' | 'nack' | 'renew' }>;
type Changing = Extract<Operation, { does: 'cancel' | 'cancel-held' | 'deliver' | 'restore' | 'retry' }>;

/**
 * Does what a process wants to do next, and tells the ledger what it begins and what it is answered.
 * @returns what came of it, for a person
 */
export async function perform(process: Process, operation: Operation, around: Surroundings): Promise<string> {
  const { ledger } = around;
  const store = await process.store;
  switch (operation.does) {
    case 'send':
      return send(process, store, [{ to: operation.to, how: operation.how }], around);
    case 'batch': {
      const drafts = operation.items.map(({ to, how }) => ({ to: [to], how }));
      return send(process, store, drafts, around);
    }
    case 'keyed': {
      const { key, relaxed } = operation;
      return send(process, store, [{ to: keyedTo[key] ?? [], how: { rank: 2, relaxed }, key }], around);
    }
    case 'claim': {
      const started = ledger.seq;
      const delivery = await store.mail.claim(operation.from, {
        token: process.ids.token(),
        leaseMs: operation.leaseMs,
        policy,
        ...(operation.inbox !== undefined && { inbox: requestId(openRequest(around, operation.inbox) ?? 0) }),
      });
      if (!delivery) return 'nothing there';
      const claim = ledger.claimed(delivery, started);
      process.own.push(claim);
      if (delivery.message.orderingKey != null) ledger.keptInOrder(claim, around.waiting(operation.from));
      return delivery.receipt;
    }
    case 'ask': {
      const { mailbox, request, waitMs } = operation;
      // A request has one inbox in its life, and is sent, so that it can be answered, once that is open.
      if (around.inboxes.has(request)) return 'asked before';
      around.inboxes.set(request, 'opening');
      await store.mail.openInbox(mailbox, requestId(request), around.now() + waitMs);
      around.inboxes.set(request, 'open');
      return 'open';
    }
    case 'close': {
      const request = openRequest(around, operation.request) ?? 0;
      return `${await store.mail.closeInbox(operation.mailbox, requestId(request))} left`;
    }
    case 'ack':
    case 'nack':
    case 'renew':
      return settle(process, store, operation, ledger);
    case 'recover':
      return JSON.stringify(await store.mail.recover(operation.mailbox, policy));
    case 'cancel':
    case 'cancel-held':
    case 'deliver':
    case 'restore':
    case 'retry':
      return change(store, operation, around);
    case 'hand-over':
      return handOver(process, store, operation, ledger);
    case 'backup':
      return compareBackup(process, around);
    case 'open-bucket': {
      const { mailbox, rank, lane } = operation;
      return openBucket(process, `${root}/agent_mailboxes/${mailbox}/ready/p${rank}/${lane}`, around.now());
    }
    case 'save-card':
    default: {
      const name = operation.mailbox;
      await changeAgentIn(store, name, (card) => ({ ...card, name, createdAt: card?.createdAt ?? '' }));
      return 'saved';
    }
  }
}

interface Draft {
  readonly to: readonly MailboxName[];
  readonly how: SendHow;
  readonly key?: number;
}

async function send(process: Process, store: Store, drafts: readonly Draft[], around: Surroundings): Promise<string> {
  const relaxed = drafts[0]?.how.relaxed === true;
  const now = around.now();
  const outgoing = drafts.map(({ to, how: { answers, ...rest }, key }): Outgoing => {
    const id = process.ids.next(now);
    const request = answers === undefined ? undefined : openRequest(around, answers);
    const how: SendHow = request === undefined ? rest : { ...rest, answers: request };
    const message = key === undefined ? plainMessage(id, around.words(), to, how, now) : keyedMessage(id, key, to, now);
    const order =
      how.orderingKey === undefined || how.delayMs !== undefined
        ? undefined
        : { key: how.orderingKey, by: process.p, startedAt: around.ledger.seq, startedTime: now };
    // Keyed sends are always synced.
    const record = { id, mailboxes: to, body: message.body, key, relaxed: relaxed && key === undefined };
    around.ledger.sending({ ...record, order });
    return { message, mailboxes: to, ...(how.delayMs !== undefined && { dueAt: now + how.delayMs }) };
  });
  const results = await store.mail.send(outgoing, { durability: relaxed ? 'relaxed' : 'full' });
  return results.map((result, i) => sent(result, drafts[i]?.key, around)).join(', ');
}

function sent(result: Sent | DreamosError, key: number | undefined, { ledger, now }: Surroundings): string {
  if (result instanceof DreamosError) throw result;
  ledger.sent(result.id, result.durability, key, now());
  return `${result.id}${result.duplicate ? ' (a duplicate)' : ''}`;
}

async function settle(process: Process, store: Store, operation: Settling, ledger: Ledger): Promise<string> {
  const claim = picked(operation.pick.of === 'own' ? process.own : ledger.claims, operation.pick.number);
  if (!claim) return 'no receipt to use';
  const started = ledger.seq;
  const wasLive = ledger.live(claim);
  const doing = operation.does === 'renew' ? 'renewing' : 'settling';
  // It stays so when this process is killed: nobody knows whether it came through.
  claim[doing]++;
  try {
    const result = await settleBy(store, claim.receipt, operation);
    claim[doing]--;
    ledger.settled(claim, operation.does, result, started);
    return `${result.state} ${claim.place}`;
  } catch (error) {
    if (!(error instanceof DreamosError) || error.kind !== 'conflict') throw error;
    claim[doing]--;
    // Somebody else who used it meanwhile is reason enough.
    ledger.refused(claim, operation.does, wasLive && ledger.live(claim), error.code);
    return error.code;
  }
}

async function settleBy(store: Store, receipt: string, operation: Settling): Promise<Settled> {
  if (operation.does === 'ack') return store.mail.ack(receipt, {});
  if (operation.does === 'renew') return store.mail.renew(receipt, { leaseMs: operation.leaseMs });
  const { delayMs, dead } = operation;
  return store.mail.nack(receipt, { policy, dead, ...(delayMs !== undefined && { delayMs }) });
}

const changed: Readonly<Record<Changing['does'], readonly State[]>> = {
  cancel: ['ready', 'delayed'],
  'cancel-held': ['inflight', 'ready', 'delayed'],
  deliver: ['delayed'],
  restore: ['archived'],
  retry: ['dead'],
};

async function change(store: Store, operation: Changing, { ledger, now }: Surroundings): Promise<string> {
  const { does, mailbox, pick } = operation;
  const entries: Entry[] = [];
  for (const state of changed[does]) for await (const entry of store.look.list(mailbox, state)) entries.push(entry);
  const entry = picked(entries, pick);
  if (!entry) return 'nothing there';
  const place = ledger.place(mailbox, entry.id);
  if (does === 'restore' || does === 'retry') place.mayReturn = true;
  const undo = does === 'cancel-held' ? ledger.takingAway(place) : undefined;
  if (does === 'cancel-held') place.mayReturn = true;
  try {
    const { state } = await changeBy(store, entry, operation, now());
    if (does === 'cancel') place.finished = 'archived';
    return `${entry.id} is ${state}`;
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'STATE_CHANGED') throw error;
    // Nothing was done.
    undo?.();
    return error.code;
  }
}

async function handOver(
  process: Process,
  store: Store,
  { mailbox, pick, to }: Extract<Operation, { does: 'hand-over' }>,
  ledger: Ledger,
): Promise<string> {
  const entries: Entry[] = [];
  for (const state of changed['cancel-held'])
    for await (const entry of store.look.list(mailbox, state)) entries.push(entry);
  const entry = picked(entries, pick);
  const record = entry && ledger.messages.get(entry.id);
  if (!record) return 'nothing there';
  // Of two copies that go to one mailbox at the same moment it has both.
  if (record.mailboxes.length > 1 && record.whereabouts.isMoving) return 'another is on its way';
  const started = ledger.seq;
  const undo = ledger.takingAway(ledger.place(mailbox, entry.id));
  ledger.place(to, entry.id).cameOver = true;
  const handing = record.whereabouts.begin(process.p, mailbox, to);
  try {
    await store.mail.handOver(entry, to, {});
    ledger.handedOver(record, handing, started);
    return `${entry.id} is in ${to}`;
  } catch (error) {
    if (!(error instanceof DreamosError) || error.kind !== 'conflict') throw error;
    undo();
    record.whereabouts.refused(handing);
    return error.code;
  }
}

async function changeBy(store: Store, entry: Entry, operation: Changing, now: number): Promise<Entry> {
  switch (operation.does) {
    case 'deliver': {
      const { delayMs } = operation;
      return store.mail.deliver(entry, { dueAt: delayMs === undefined ? undefined : now + delayMs });
    }
    case 'cancel':
    case 'cancel-held':
      return store.mail.cancel(entry, { held: operation.does === 'cancel-held' });
    case 'restore':
    case 'retry':
    default:
      return store.mail[operation.does](entry, {});
  }
}

/** As buckets.ts does it for a producer whose look found the newest bucket full. */
async function openBucket({ disk, ids }: Process, lane: string, now: number): Promise<string> {
  const parent = ((await disk.list(lane)) ?? []).sort().at(-1);
  if (parent === undefined) return 'there is no bucket yet';
  const last = ((await disk.list(`${lane}/${parent}`)) ?? []).sort().at(-1);
  const time = Math.max(now, timeOf(parent) + 1, timeOf(last) + 1);
  const name = `${time}-${ids.token()}`;
  await disk.makeDir(`${lane}/${parent}/${name}`);
  return name;
}

function timeOf(bucket: string | undefined): number {
  return Number(bucket?.slice(0, 13) ?? 0);
}

/** The request of which this is the turn, among those that may be answered. */
function openRequest({ inboxes }: Surroundings, number: number): number | undefined {
  const open = [...inboxes].filter(([, state]) => state === 'open');
  return open[number % open.length]?.[0];
}

function picked<T>(items: readonly T[], number: Pick['number']): T | undefined {
  return number === newest ? items.at(-1) : items[number % items.length];
}
