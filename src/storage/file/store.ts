import { auditOf } from './audit/audit.ts';
import type { DocumentName, Documents } from '../port/documents.ts';
import type { Journal } from '../port/journal.ts';
import type { Look } from '../port/look.ts';
import type { Mail } from '../port/mail.ts';
import type { Capabilities, Store } from '../port/store.ts';
import type { Rollups } from '../port/rollups.ts';
import type { Upkeep } from '../port/upkeep.ts';
import { claimDue, claimManyDue } from './claim/claim-due.ts';
import type { FileContext } from './disk/context.ts';
import { quarantineBytes } from './places/corrupt.ts';
import { memory } from './disk/memory.ts';
import { counts, lastReadAt } from './look/count.ts';
import { sweepKeys } from './send/dedupe-keys.ts';
import {
  documentAsText,
  getDocument,
  lastGoodSettings,
  listDocuments,
  putDocument,
  removeDocument,
} from './documents/documents.ts';
import { locateIn } from './documents/text.ts';
import { sweepExpired } from './claim/expired.ts';
import { findIn, listState } from './look/find.ts';
import { closeInbox, hasInbox, openInbox } from './places/inbox.ts';
import { agentOfDocument, type RootDocument } from './names/layout.ts';
import { finishOutbox } from './send/hand-out.ts';
import { readEntry } from './places/read-entry.ts';
import { takeUp } from './claim/consumers.ts';
import { recover } from './claim/recover.ts';
import { send } from './send/send.ts';
import { ack, ackMany, checkClaim, nack, renew } from './claim/settle.ts';
import { getAgent, getCard, listAgents, mailboxNames, putCard } from './documents/agents.ts';
import { renameMailbox } from './documents/renamed.ts';
import { identityOf } from './names/entry-name.ts';
import { pathOf, toEntry } from './names/found.ts';
import { folderOf, nameOf, pathIn } from './names/path.ts';
import { isLog } from '../../model/topic.ts';
import { readReceipt } from './claim/receipts.ts';
import { topicNames } from './documents/topics.ts';
import { presenceOf, reachOf } from './reach/roles.ts';
import { looksLikePackedPath } from './names/pack-name.ts';

/** The storage port over files: which module carries which promise. */
export function fileStore(ctx: FileContext): Store {
  const close = async (): Promise<void> => {
    if (refusals.of(ctx).noted) await (await import('./look/refusals.ts')).writeRefusals(ctx);
    await ctx.disk.close();
  };
  return {
    ...{ engine: 'files', capabilities },
    now: () => ctx.clock.now(),
    documents: documentsOf(ctx),
    mail: mailOf(ctx),
    look: lookOf(ctx),
    journal: journalOf(ctx),
    rollups: rollupsOf(ctx),
    reach: reachOf(ctx),
    presence: presenceOf(ctx),
    audit: auditOf(ctx),
    upkeep: upkeepOf(ctx),
    dump: async (take, options) => (await import('./dump/dump.ts')).dump(ctx, take, options),
    self: async () => {
      const user = ctx.disk.userId();
      return {
        ...{ pid: (await ctx.disk.self()).pid, host: await ctx.disk.hostName() },
        ...(user !== undefined && { user }),
      };
    },
    space: async () => ctx.disk.space(ctx.layout.root),
    isThere: async () => (await ctx.disk.stat(ctx.layout.format)) !== undefined,
    close,
  };
}

/** Whether this store has noted any. */
const refusals = memory(() => ({ noted: false }));

const capabilities: Capabilities = {
  durability: 'full',
  atomicFanOut: true,
  leases: 'given clock',
  filters: 'scanned',
  ordering: 'until a power cut',
  search: 'scanned',
  journal: 'partial',
};

const kept = (): Promise<typeof import('./documents/revisions.ts')> => import('./documents/revisions.ts');
const byHand = (): Promise<typeof import('./claim/by-hand.ts')> => import('./claim/by-hand.ts');

function documentsOf(ctx: FileContext): Documents {
  return {
    listAgents: (starting) => listAgents(ctx, starting),
    getAgent: (name) => getAgent(ctx, name),
    get(name) {
      const agent = agentOfDocument(name);
      return agent === undefined ? getDocument(ctx, name as RootDocument) : getCard(ctx, agent);
    },
    locate: (name, field) => locateIn(ctx, pathOfDocument(ctx, name), field),
    text: (name) => documentAsText(ctx, name),
    lastGoodSettings: () => lastGoodSettings(ctx),
    put(name, value, version) {
      const agent = agentOfDocument(name);
      return agent === undefined
        ? putDocument(ctx, name as RootDocument, value, version)
        : putCard(ctx, agent, value, version);
    },
    revisions: async (of) => (await kept()).revisions(ctx, of),
    revision: async (of, number) => (await kept()).revision(ctx, of, number),
    keepRevision: async (of, number, value) => (await kept()).keepRevision(ctx, of, number, value),
    list: (of) => listDocuments(ctx, of),
    remove: (name) => removeDocument(ctx, name),
    withdraw: async (name, version) => (await import('./documents/withdraw.ts')).withdrawDocument(ctx, name, version),
    rename: (from, to) => renameMailbox(ctx, from, to),
    async watch(name, hint) {
      const { watchDocument } = await import('./events/watch-document.ts');
      return watchDocument(pathOfDocument(ctx, name), hint);
    },
    withLock(name, work) {
      return ctx.disk.withLock(ctx.layout.lock(name), async (lock) =>
        name === 'import' ? (await byHand()).whileImporting(ctx, () => work(lock)) : work(lock),
      );
    },
  };
}

function pathOfDocument({ layout }: FileContext, name: DocumentName): string {
  const agent = agentOfDocument(name);
  return agent === undefined ? layout.document(name as RootDocument) : layout.mailbox(agent).card;
}

function mailOf(ctx: FileContext): Mail {
  const at = (name: string) => ctx.layout.mailbox(name);
  return {
    send: (outgoing, how) => send(ctx, outgoing, how),
    async noteRefusals(noted) {
      refusals.of(ctx).noted = true;
      const { noteRefusals } = await import('./look/refusals.ts');
      await noteRefusals(
        ctx,
        noted.flatMap((one) => (isLog(one.mailbox) ? [] : { ...one, at: at(one.mailbox) })),
      );
    },
    spend: async (mailbox, perMinute, count) =>
      (await import('./send/allowance.ts')).spend(ctx, at(mailbox), perMinute, count),
    openInbox: (mailbox, request, until) => openInbox(ctx, at(mailbox), request, until),
    closeInbox: (mailbox, request) => closeInbox(ctx, at(mailbox), request),
    hasInbox: (mailbox, request) => hasInbox(ctx, at(mailbox), request),
    claim: (mailbox, options) => claimDue(ctx, at(mailbox), options),
    claimMany: (mailbox, options) => claimManyDue(ctx, at(mailbox), options),
    takeUp: (mailbox, who) => takeUp(ctx, at(mailbox), who),
    ack: (receipt, options) => ack(ctx, receipt, options),
    ackMany: (receipts, options) => ackMany(ctx, receipts, options),
    nack: (receipt, options) => nack(ctx, receipt, options),
    renew: (receipt, options) => renew(ctx, receipt, options),
    checkClaim: (receipt) => checkClaim(ctx, receipt),
    parseReceipt(text) {
      const { mailbox, name } = readReceipt(ctx, text);
      return { mailbox, id: name.id, ...(name.task && { task: true }) };
    },
    recover: (mailbox, policy) => recover(ctx, at(mailbox), policy),
    async finishSends() {
      await finishOutbox(ctx, Infinity);
    },
    cancel: async (entry, options) => (await byHand()).cancel(ctx, entry, options),
    deliver: async (entry, options) => (await import('./claim/deliver.ts')).deliver(ctx, entry, options),
    handOver: async (entry, to, options) =>
      (await import('./claim/hand-over.ts')).handOver(ctx, entry, at(to), options),
    restore: async (entry, how) => (await byHand()).restore(ctx, entry, how),
    retry: async (entry, { by }) => (await byHand()).retry(ctx, entry, by),
    purge: async (entry, { by }) => (await byHand()).purge(ctx, entry, by),
    deposit: async (mailbox, message, to, options) => (await byHand()).deposit(ctx, at(mailbox), message, to, options),
    quarantine: (mailbox, bytes, about) => quarantineBytes(ctx, at(mailbox), bytes, about),
  };
}

function lookOf(ctx: FileContext): Look {
  const at = (name: string) => ctx.layout.mailbox(name);
  return {
    async *list(mailbox, state, from) {
      for await (const found of listState(ctx, at(mailbox), state, { from })) yield toEntry(at(mailbox), found);
    },
    placeOf: ({ key }) => pathIn(folderOf(key), identityOf(nameOf(key))),
    async find(id, mailbox) {
      const names = mailbox === undefined ? await mailboxNames(ctx) : [mailbox];
      const found = await Promise.all(
        names.map(async (name) => (await findIn(ctx, at(name), id)).map((one) => toEntry(at(name), one))),
      );
      return found.flat();
    },
    async read(entry) {
      const place = pathOf(at(entry.mailbox), entry);
      if (place && looksLikePackedPath(place.path)) {
        return (await import('./places/packed.ts')).readPacked(ctx, place.path);
      }
      const message = place && (await readEntry(ctx, place.path, place.name, entry.mailbox));
      if (message || !place || entry.state !== 'archived') return message;
      return (await import('./places/packed.ts')).readPackedSince(ctx, at(entry.mailbox), place.name);
    },
    async deadReason(entry) {
      const place = entry.state === 'dead' ? pathOf(at(entry.mailbox), entry) : undefined;
      return place && (await import('./claim/reason.ts')).deadReason(ctx, at(entry.mailbox), place.name);
    },
    counts: (mailbox) => counts(ctx, at(mailbox)),
    load: async (mailbox) => (await import('./look/load.ts')).load(ctx, at(mailbox)),
    allowance: async (mailbox, perMinute) =>
      (await import('./send/allowance.ts')).allowance(ctx, at(mailbox), perMinute),
    async *listArchived(mailbox, range) {
      const { listArchived } = await import('./places/packed.ts');
      for await (const found of listArchived(ctx, at(mailbox), range)) yield toEntry(at(mailbox), found);
    },
    lastReadAt: (mailbox) => lastReadAt(ctx, at(mailbox)),
    listTopics: () => topicNames(ctx),
  };
}

function journalOf(ctx: FileContext): Journal {
  const toldAgain = async (): Promise<void> => (await import('./keep/tell-again.ts')).tellAgain(ctx);
  return {
    async cursor(of, where) {
      const { cursorAt } = await import('./events/read-events.ts');
      await toldAgain();
      return cursorAt(ctx, of, where);
    },
    async readEvents(of, cursor, among) {
      const { readEvents } = await import('./events/read-events.ts');
      // Nonsense is refused before anything is written.
      (await import('./names/cursor.ts')).parseCursor(cursor);
      await toldAgain();
      return readEvents(ctx, of, cursor, among);
    },
    history: async (id, mailbox) => (await import('./events/history.ts')).history(ctx, id, mailbox),
    recent: async (since, least) => (await import('./events/history.ts')).recent(ctx, since, least),
    claims: async (mailbox, attempts) => (await import('./events/history.ts')).claims(ctx, mailbox, attempts),
    tally: async (mailbox, since) => (await import('./events/history.ts')).tally(ctx, mailbox, since),
    logs: async (mailbox) => (await import('./events/read-log.ts')).logs(ctx, mailbox),
    prunedThrough: async (mailbox, ahead) => (await import('./events/read-log.ts')).lastPruned(ctx, mailbox, ahead),
    async *readLog(mailbox, day, from) {
      yield* (await import('./events/read-log.ts')).readLog(ctx, mailbox, day, from);
    },
    async watch(of, hint) {
      const { watch } = await import('./events/watch.ts');
      return watch(ctx, of, hint);
    },
  };
}

function rollupsOf(ctx: FileContext): Rollups {
  const rollups = (): Promise<typeof import('./events/rollups.ts')> => import('./events/rollups.ts');
  return {
    days: async (mailbox) => (await rollups()).rollupDays(ctx, mailbox),
    read: async (mailbox, name, firstBytes) => (await rollups()).readRollup(ctx, mailbox, name, firstBytes),
    write: async (mailbox, name, text) => (await rollups()).writeRollup(ctx, mailbox, name, text),
  };
}

function upkeepOf(ctx: FileContext): Upkeep {
  const at = (name: string) => ctx.layout.mailbox(name);
  return {
    async *packArchive(mailbox, options) {
      yield* (await import('./keep/pack.ts')).packArchive(ctx, at(mailbox), options);
    },
    async *pruneArchive(mailbox, options) {
      yield* (await import('./keep/prune.ts')).pruneArchive(ctx, at(mailbox), options);
    },
    async *pruneEvents(mailbox, options) {
      yield* (await import('./keep/prune.ts')).pruneEvents(ctx, at(mailbox), options);
    },
    prune: async (topicLog, before, options) =>
      (await import('./keep/prune-topic.ts')).pruneTopic(ctx, at(topicLog), before, options),
    sweepExpired: (mailbox, { dryRun }) => sweepExpired(ctx, at(mailbox), dryRun),
    sweepKeys: ({ dryRun }) => sweepKeys(ctx, dryRun),
    async *inspect(options) {
      const { inspect } = await import('./doctor/doctor.ts');
      yield* inspect(ctx, options);
    },
    backup: async (file, options) => (await import('./backup/backup.ts')).backup(ctx, file, options),
  };
}
