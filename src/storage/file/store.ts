import { dirname } from 'node:path';
import type { Store } from '../store.ts';
import { cancel, deposit, purge, restore, retry, whileImporting } from './by-hand.ts';
import { claim } from './claim.ts';
import type { FileContext } from './context.ts';
import { quarantineBytes } from './corrupt.ts';
import { counts, lastReadAt, markRead } from './count.ts';
import { deadReason } from './dead-letter.ts';
import { sweepKeys } from './dedupe.ts';
import {
  getAgent,
  listAgents,
  loadDocument,
  loadSettings,
  mailboxNames,
  saveAgent,
  saveDocument,
  saveSettings,
} from './documents.ts';
import { buryExpired } from './expired.ts';
import { findIn, listState, pathOf, toEntry } from './find.ts';
import { history } from './history.ts';
import { closeInbox, hasInbox, openInbox } from './inbox.ts';
import { looksPacked } from './layout.ts';
import { finishOutbox } from './outbox.ts';
import { prune, topicNames } from './publish.ts';
import { readEntry } from './read-entry.ts';
import { cursorAt, readEvents } from './read-events.ts';
import { readReceipt } from './receipt.ts';
import { recover, recoverNowAndThen } from './recover.ts';
import { send } from './send.ts';
import { ack, checkClaim, nack, renew } from './settle.ts';

/** The storage port over files: which module carries which promise. */
export function fileStore(ctx: FileContext): Store {
  const at = (name: string) => ctx.layout.mailbox(name);
  return {
    listAgents: () => listAgents(ctx),
    getAgent: (name) => getAgent(ctx, name),
    saveAgent: (name, change) => saveAgent(ctx, name, change),
    loadSettings: () => loadSettings(ctx),
    saveSettings: (change) => saveSettings(ctx, change),
    loadDocument: (name) => loadDocument(ctx, name),
    saveDocument: (name, change) => saveDocument(ctx, name, change),

    listTopics: () => topicNames(ctx),

    send: (outgoing, { durability }) => send(ctx, outgoing, durability),
    openInbox: (mailbox, request, until) => openInbox(ctx, at(mailbox), request, until),
    closeInbox: (mailbox, request) => closeInbox(ctx, at(mailbox), request),
    hasInbox: (mailbox, request) => hasInbox(ctx, at(mailbox), request),
    async claim(mailbox, options) {
      // Who waits for one answer does not read the mailbox.
      if (options.inbox === undefined) await markRead(ctx, at(mailbox));
      await recoverNowAndThen(ctx, at(mailbox), options.policy);
      return claim(ctx, at(mailbox), options);
    },
    ack: (receipt, { by }) => ack(ctx, receipt, by),
    nack: (receipt, options) => nack(ctx, receipt, options),
    renew: (receipt, options) => renew(ctx, receipt, options),
    checkClaim: (receipt) => checkClaim(ctx, receipt),
    parseReceipt(text) {
      const { mailbox, name } = readReceipt(ctx, text);
      return { mailbox, id: name.id };
    },
    recover: (mailbox, policy) => recover(ctx, at(mailbox), policy),
    async finishSends() {
      await finishOutbox(ctx, Infinity);
    },

    async *list(mailbox, state) {
      for await (const found of listState(ctx, at(mailbox), state)) yield toEntry(at(mailbox), found);
    },
    async find(id, mailbox) {
      const names = mailbox === undefined ? await mailboxNames(ctx) : [mailbox];
      const found = await Promise.all(
        names.map(async (name) => (await findIn(ctx, at(name), id)).map((one) => toEntry(at(name), one))),
      );
      return found.flat();
    },
    async read(entry) {
      const place = pathOf(at(entry.mailbox), entry);
      if (place && looksPacked(dirname(dirname(place.path)))) {
        return (await import('./packed.ts')).readPacked(ctx, place.path);
      }
      const message = place && (await readEntry(ctx, place.path, place.name, entry.mailbox));
      if (message || !place || entry.state !== 'archived') return message;
      return (await import('./packed.ts')).readPackedSince(ctx, at(entry.mailbox), place.name);
    },
    async deadReason(entry) {
      const place = entry.state === 'dead' ? pathOf(at(entry.mailbox), entry) : undefined;
      return place && deadReason(ctx, at(entry.mailbox), place.name);
    },
    counts: (mailbox) => counts(ctx, at(mailbox)),
    load: async (mailbox) => (await import('./load.ts')).load(ctx, at(mailbox)),
    async *listArchived(mailbox, range) {
      const { listArchived } = await import('./packed.ts');
      for await (const found of listArchived(ctx, at(mailbox), range)) yield toEntry(at(mailbox), found);
    },
    lastReadAt: (mailbox) => lastReadAt(ctx, at(mailbox)),

    cancel: (entry, { by }) => cancel(ctx, entry, by),
    restore: (entry, { by }) => restore(ctx, entry, by),
    retry: (entry, { by }) => retry(ctx, entry, by),
    purge: (entry, { by }) => purge(ctx, entry, by),
    prune: (log, before, options) => prune(ctx, at(log), before, options),
    deposit: (mailbox, message, to, options) => deposit(ctx, at(mailbox), message, to, options),
    quarantine: (mailbox, bytes, about) => quarantineBytes(ctx, at(mailbox), bytes, about),
    withLock(name, work) {
      const locked = name === 'import' ? () => whileImporting(ctx, work) : work;
      return ctx.disk.withLock(ctx.layout.lock(name), locked);
    },

    async *packArchive(mailbox, options) {
      yield* (await import('./pack.ts')).packArchive(ctx, at(mailbox), options);
    },
    async *pruneArchive(mailbox, options) {
      yield* (await import('./prune.ts')).pruneArchive(ctx, at(mailbox), options);
    },
    async *pruneEvents(mailbox, options) {
      yield* (await import('./prune.ts')).pruneEvents(ctx, at(mailbox), options);
    },
    buryExpired: (mailbox, { dryRun }) => buryExpired(ctx, at(mailbox), dryRun),
    sweepKeys: ({ dryRun }) => sweepKeys(ctx, dryRun),

    cursor: (mailboxes, where) => cursorAt(ctx, mailboxes, where),
    readEvents: (mailboxes, cursor) => readEvents(ctx, mailboxes, cursor),
    history: (id, mailbox) => history(ctx, id, mailbox),
    async watch(mailboxes, hint) {
      const { watchFiles } = await import('./watch.ts');
      return watchFiles(ctx, mailboxes, hint);
    },
    async watchTopics(accepts, hint) {
      const { watchLogs } = await import('./watch.ts');
      return watchLogs(ctx, accepts, hint);
    },

    async *inspect(options) {
      const { inspect } = await import('./inspect.ts');
      yield* inspect(ctx, options);
    },
    async close() {
      await ctx.disk.close();
    },
  };
}
