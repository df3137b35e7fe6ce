/**
 * Mail in memory, for tests and as the second implementation of the port. Every operation runs to its end in one turn of
 * the event loop, so each is atomic without more ado. Nothing survives the process; `full` durability is not to be had.
 */
import { dayMs } from '../../model/basics/limits.ts';
import { unfinished } from '../../model/state.ts';
import { isLog } from '../../model/topic.ts';
import type { Journal } from '../port/journal.ts';
import type { Counts, Entry, Look } from '../port/look.ts';
import type { Actor, Mail as MailRole, Refusal } from '../port/mail.ts';
import { orRefusal, stateChanged } from '../port/refusals.ts';
import type { Capabilities, Store } from '../port/store.ts';
import type { Pruned, Upkeep } from '../port/upkeep.ts';
import { ack, checkClaim, claim, claimMany, deliver, nack, parseReceipt, recover, renew } from './claims.ts';
import { dump } from './dump.ts';
import { put, sendEach, sweepKeys } from './deliver.ts';
import { isExpired } from './die.ts';
import { documentsOf } from './documents.ts';
import { handOver } from './hand-over.ts';
import { claims, cursor, history, readEvents, recent, tally, watch } from './events.ts';
import { auditOf, logs, prunedThrough, readLog, rollupsOf } from './rollups.ts';
import { closeInbox, hasInbox, openInbox } from './inbox.ts';
import { reachedOf } from './reach.ts';
import { pruneArchive, pruneEvents, quarantine, sweepExpired } from './housekeeping.ts';
import {
  actorOf,
  changed,
  createMail,
  type Deps,
  type Held,
  behindPlace,
  inState,
  loadOf,
  type Mail,
  mailboxOf,
  messageOf,
  spend,
  toEntry,
} from './mail.ts';

/**
 * @param mail shared by several stores, it is what several processes see of one root
 * @param plays in tests of what stands above the port: a storage that promises more than memory can keep
 */
export function createMemoryStore(deps: Deps, mail: Mail = createMail(), plays: Partial<Capabilities> = {}): Store {
  const capabilities: Capabilities = { ...honest, ...plays };
  const mostDurable = capabilities.durability === 'full' ? 'full' : 'relaxed';
  const { clock } = deps;
  const current = (entry: Entry): Held | undefined => {
    const held = mailboxOf(mail, entry.mailbox).get(entry.id);
    return held && toEntry(held).key === entry.key ? held : undefined;
  };
  const inStates = (entry: Entry, allowed: readonly Entry['state'][]): Held => {
    const held = current(entry);
    if (held && allowed.includes(held.state)) return held;
    throw stateChanged(entry);
  };
  // Whoever asks for it once more means it: attempts start anew, and a time-to-live of long ago no longer counts.
  const again = (held: Held, event: 'restored' | 'retried', actor: Actor): Entry => {
    Object.assign(held, { state: 'ready', comesBack: true, attempt: 0, expiresAt: undefined, withdrawn: false });
    changed(mail, held, clock.now(), event, actorOf(actor));
    return toEntry(held);
  };

  const life: MailRole = {
    send: (outgoing, how) => sendEach(mail, deps, outgoing, how, mostDurable),
    noteRefusals: async (refusals) => {
      for (const one of refusals) {
        const key = one.mailbox.toLowerCase();
        // Of a topic's log nobody asks.
        if (mail.agents.has(key))
          mail.refused.set(key, [...refusedIn(mail, key, clock.now()), { ...one, at: clock.now() }]);
      }
    },
    spend: async (mailbox, perMinute, count) => spend(mail, mailbox, perMinute, count, clock.now()),
    openInbox: async (mailbox, request, until) => openInbox(mail, mailbox, request, until),
    hasInbox: async (mailbox, request) => hasInbox(mail, mailbox, request),
    closeInbox: async (mailbox, request) => closeInbox(mail, mailbox, request, clock.now()),
    claim: async (mailbox, options) => claim(mail, deps, mailbox, options),
    claimMany: async (mailbox, options) => claimMany(mail, deps, mailbox, options),
    // A process takes all of it with it.
    takeUp: async () => ({
      token: () => deps.ids.token(),
      seesGone: async () => false,
      close: async () => undefined,
    }),
    ack: async (receipt, options) => ack(mail, deps, receipt, options),
    ackMany: async (receipts, options) => receipts.map((receipt) => orRefusal(() => ack(mail, deps, receipt, options))),
    checkClaim: async (receipt) => checkClaim(mail, receipt),
    nack: async (receipt, options) => nack(mail, deps, receipt, options),
    renew: async (receipt, options) => renew(mail, deps, receipt, options),
    parseReceipt: (receipt) => {
      const { mailbox, id } = parseReceipt(receipt);
      return { mailbox, id, ...(mailboxOf(mail, mailbox).get(id)?.isTask && { task: true }) };
    },
    recover: async (mailbox, policy) => recover(mail, deps, mailbox, policy),
    finishSends: async () => undefined,
    cancel: async (entry, actor) => {
      const held = inStates(entry, actor.held ? unfinished : ['ready', 'delayed']);
      held.inbox = undefined;
      held.state = 'archived';
      held.holdsOrderingKey = false;
      held.ackedAt = clock.now();
      held.withdrawn = true;
      changed(mail, held, held.ackedAt, 'cancelled', actorOf(actor));
      return toEntry(held);
    },
    deliver: async (entry, options) => {
      const held = inStates(entry, ['delayed']);
      deliver(mail, held, clock.now(), options);
      return toEntry(held);
    },
    handOver: async (entry, to, options) => handOver(mail, inStates(entry, unfinished), to, clock.now(), options),
    restore: async (entry, actor) => again(inStates(entry, ['archived']), 'restored', actor),
    retry: async (entry, actor) => again(inStates(entry, ['dead']), 'retried', actor),
    purge: async (entry, actor) => {
      const held = inStates(entry, ['dead']);
      mailboxOf(mail, entry.mailbox).delete(entry.id);
      changed(mail, held, clock.now(), 'purged', actorOf(actor));
    },
    deposit: async (mailbox, message, to, actor) => {
      const held = mailboxOf(mail, mailbox).get(message.id);
      return toEntry(
        held ??
          put(mail, mailbox, message, clock.now(), { state: to, event: 'imported', at: actor.at, ...actorOf(actor) }),
      );
    },
    quarantine: async (mailbox, bytes, about) => quarantine(mail, mailbox, bytes, about, clock.now()),
  };

  const look: Look = {
    list: async function* (mailbox, state, { after, until = Infinity } = {}) {
      const at = ({ ackedAt, dead }: Held): number => (state === 'archived' ? ackedAt : (dead?.deadAt ?? 0));
      const isSettled = state === 'archived' || state === 'dead';
      for (const held of behindPlace(inState(mail, mailbox, state), after))
        if (!isSettled || at(held) <= until) yield toEntry(held);
    },
    placeOf: ({ key }) => key.slice(key.indexOf('@') + 1),
    find: async (id, mailbox) => {
      const names = mailbox === undefined ? [...mail.mailboxes.keys()].filter((name) => !isLog(name)) : [mailbox];
      return names
        .map((name) => mailboxOf(mail, name).get(id))
        .flatMap((held) => held ?? [])
        .sort((a, b) => (a.mailbox < b.mailbox ? -1 : 1))
        .map(toEntry);
    },
    read: async (entry) => {
      const held = current(entry);
      return held && messageOf(held);
    },
    deadReason: async (entry) => structuredClone(current(entry)?.dead),
    counts: async (mailbox) => countsOf(mail, mailbox, clock.now()),
    load: async (mailbox) => loadOf(mail, mailbox),
    allowance: async (mailbox, perMinute) => {
      const { left, nextAt } = spend(mail, mailbox, perMinute, 0, clock.now());
      return { left, nextAt };
    },
    listArchived: async function* (mailbox, { since = 0, until = Infinity, after }) {
      for (const held of behindPlace(inState(mail, mailbox, 'archived').reverse(), after, true))
        if (held.ackedAt >= since && held.ackedAt < until) yield toEntry(held);
    },
    lastReadAt: async (mailbox) => mail.lastReads.get(mailbox.toLowerCase()),
    listTopics: async () => [...mail.topics].sort(),
  };

  const journal: Journal = {
    cursor: async (_of, at) => cursor(mail, at),
    readEvents: async (of, from) => readEvents(mail, of, from),
    history: async (id, mailbox) => history(mail, id, mailbox),
    recent: async (since, least) => recent(mail, since, least),
    tally: async (mailbox, since) => tally(mail, mailbox, since),
    claims: async (mailbox, attempts) => claims(mail, mailbox, attempts),
    logs: async (mailbox) => logs(mail, mailbox),
    prunedThrough: async (mailbox) => prunedThrough(mail, mailbox),
    readLog: async function* (mailbox, day, from) {
      yield* readLog(mail, mailbox, day, from);
    },
    watch: async (of, hint) => watch(mail, of, hint),
  };

  const upkeep: Upkeep = {
    packArchive: async function* () {
      // Nothing would be the smaller for it.
    },
    pruneArchive: async function* (mailbox, options) {
      yield* pruneArchive(mail, mailbox, options, clock.now());
    },
    pruneEvents: async function* (mailbox, options) {
      yield* pruneEvents(mail, mailbox, options, clock.now());
    },
    prune: async (log, before, options) => pruneTopicLog(mail, log, before, clock.now(), options),
    sweepExpired: async (mailbox, { dryRun }) => sweepExpired(mail, deps, mailbox, dryRun),
    sweepKeys: async ({ dryRun }) => sweepKeys(mail, clock.now(), dryRun),
    inspect: async function* () {
      // Memory has no format that could be broken.
    },
  };

  return {
    ...{ engine: 'memory', capabilities },
    now: () => clock.now(),
    documents: documentsOf(mail),
    mail: life,
    look,
    journal,
    rollups: rollupsOf(mail),
    ...reachedOf(mail, clock),
    audit: auditOf(mail),
    upkeep,
    dump: (take, options) => dump(mail, take, options),
    self: async () => ({ pid: 1, host: 'memory' }),
    close: async () => undefined,
  };
}

const honest: Capabilities = {
  durability: 'none',
  atomicFanOut: true,
  leases: 'given clock',
  filters: 'scanned',
  ordering: 'always',
  search: 'indexed',
  journal: 'complete',
};

function pruneTopicLog(
  mail: Mail,
  log: string,
  before: number,
  now: number,
  { dryRun, ...actor }: Actor & { dryRun: boolean },
): Pruned {
  const old = inState(mail, log, 'archived').filter((held) => held.ackedAt < before);
  const bytes = old.reduce((sum, held) => sum + held.bytes.length, 0);
  const [newest] = old;
  if (dryRun || !newest) return { messages: old.length, bytes };
  for (const held of old) mailboxOf(mail, log).delete(held.id);
  const reason = `${old.length} from before ${new Date(before).toISOString()}`;
  changed(mail, newest, now, 'purged', { reason, ...actorOf(actor) });
  return { messages: old.length, bytes };
}

function refusedIn(mail: Mail, key: string, now: number): (Refusal & { readonly at: number })[] {
  return (mail.refused.get(key) ?? []).filter(({ at }) => at > now - dayMs);
}

function countsOf(mail: Mail, mailbox: string, now: number): Counts {
  const count = (state: Entry['state']): number => inState(mail, mailbox, state).length;
  const ready = inState(mail, mailbox, 'ready');
  const sentAt = ready.map((held) => held.sentAt);
  const expired = ready.filter((held) => isExpired(held, now)).length;
  const lastReadAt = mail.lastReads.get(mailbox.toLowerCase());
  const refused = refusedIn(mail, mailbox.toLowerCase(), now);
  const last = refused.at(-1);
  return {
    ready: sentAt.length,
    inflight: count('inflight'),
    delayed: count('delayed'),
    dead: count('dead'),
    archived: count('archived'),
    corrupt: mail.corrupt.get(mailbox.toLowerCase())?.size ?? 0,
    ...(expired > 0 && { expired }),
    ...(sentAt.length > 0 && { oldestReadyAt: Math.min(...sentAt) }),
    ...(lastReadAt !== undefined && { lastReadAt }),
    ...(last && { refused: { count: refused.length, lastAt: last.at, code: last.code, reason: last.reason } }),
  };
}
