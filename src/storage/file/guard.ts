/**
 * A root may be moved elsewhere (moving.ts) while a process has it open. From then on nothing is found under its path any more:
 * no agent, no mail, no claim; and nothing that is done there can succeed. So whoever fails, or finds nothing, looks whether
 * that is why, and says so. What goes well costs nothing.
 */
import { DreamosError } from '../../model/errors.ts';
import type { Documents } from '../port/documents.ts';
import type { Look } from '../port/look.ts';
import type { Mail } from '../port/mail.ts';
import type { Store } from '../port/store.ts';
import type { FileContext } from './disk/context.ts';
import { memory } from './disk/memory.ts';
import { parseJson } from './disk/parse-json.ts';

/** The inode of the format.json that was found in order last. */
const places = memory(() => ({ inode: 0 }));

/** @throws ROOT_MOVED */
export async function checkSamePlace(ctx: FileContext): Promise<void> {
  const place = places.of(ctx);
  const { format } = ctx.layout;
  const stat = await ctx.disk.stat(format);
  if (stat && stat.inode === place.inode) return;
  const file = stat && (await ctx.disk.read(format, { maxBytes: 65_536 }));
  const said = file?.ok ? (parseJson(file.bytes) as { readonly version?: unknown } | undefined) : undefined;
  if (stat && said?.version === 1) place.inode = stat.inode;
  else await (await import('./moving.ts')).checkPlace(ctx, said);
}

export function guarded(ctx: FileContext, store: Store): Store {
  const check = (): Promise<void> => checkSamePlace(ctx);

  /** @param isSure of what need not be asked about */
  async function sure<T>(work: Promise<T>, isSure: (value: T) => boolean = () => true): Promise<T> {
    let value: T;
    try {
      value = await work;
    } catch (error) {
      if (!isUncertain(error)) await check();
      throw error;
    }
    if (!isSure(value)) await check();
    return value;
  }
  async function* sureOf<T>(work: AsyncIterable<T>): AsyncGenerator<T, void, void> {
    let isEmpty = true;
    for await (const one of work) {
      isEmpty = false;
      yield one;
    }
    if (isEmpty) await check();
  }
  const isThere = (value: unknown): boolean => value !== undefined;
  const isSome = (value: { readonly length: number }): boolean => value.length > 0;
  const isUnsure = (): boolean => false;

  const { documents, mail, look } = store;
  const guardedDocuments: Documents = {
    ...documents,
    listAgents: (starting) => sure(documents.listAgents(starting), isSome),
    getAgent: (name) => sure(documents.getAgent(name), isThere),
    // What is put beside the mail would also lie in the folder that says where the mail is now.
    put: (name, value, version) => sure(documents.put(name, value, version), isUnsure),
    withdraw: (name, version) => sure(documents.withdraw(name, version), isUnsure),
    keepRevision: (of, number, value) => sure(documents.keepRevision(of, number, value), isUnsure),
    remove: (name) => sure(documents.remove(name), isUnsure),
    rename: (from, to) => sure(documents.rename(from, to), (done) => done === 'renamed'),
  };
  const guardedMail: Mail = {
    ...mail,
    async send(outgoing, how) {
      const results = await sure(mail.send(outgoing, how));
      const failed = results.filter((one) => one instanceof DreamosError);
      if (failed.every(isUncertain)) return results;
      try {
        await check();
        return results;
      } catch (error) {
        // What was sent before is sent.
        if (!(error instanceof DreamosError) || (failed.length === results.length && !failed.some(isUncertain)))
          throw error;
        return results.map((one) => (one instanceof DreamosError && !isUncertain(one) ? error : one));
      }
    },
    spend: (mailbox, perMinute, count) => sure(mail.spend(mailbox, perMinute, count)),
    openInbox: (mailbox, request, until) => sure(mail.openInbox(mailbox, request, until)),
    closeInbox: (mailbox, request) => sure(mail.closeInbox(mailbox, request), (left) => left > 0),
    hasInbox: (mailbox, request) => sure(mail.hasInbox(mailbox, request), Boolean),
    claim: (mailbox, options) => sure(mail.claim(mailbox, options), isThere),
    claimMany: (mailbox, options) => sure(mail.claimMany(mailbox, options), isSome),
    takeUp: (mailbox, who) => sure(mail.takeUp(mailbox, who)),
    ack: (receipt, options) => sure(mail.ack(receipt, options)),
    async ackMany(receipts, options) {
      const answers = await sure(mail.ackMany(receipts, options));
      if (!answers.some((one) => one instanceof DreamosError)) return answers;
      const moved = await check().catch(orBug);
      return moved ? answers.map((one) => (one instanceof DreamosError ? moved : one)) : answers;
    },
    nack: (receipt, options) => sure(mail.nack(receipt, options)),
    renew: (receipt, options) => sure(mail.renew(receipt, options)),
    checkClaim: (receipt) => sure(mail.checkClaim(receipt)),
    recover: (mailbox, policy) => sure(mail.recover(mailbox, policy)),
    finishSends: () => sure(mail.finishSends()),
    cancel: (entry, options) => sure(mail.cancel(entry, options)),
    deliver: (entry, options) => sure(mail.deliver(entry, options)),
    handOver: (entry, to, options) => sure(mail.handOver(entry, to, options)),
    restore: (entry, how) => sure(mail.restore(entry, how)),
    retry: (entry, actor) => sure(mail.retry(entry, actor)),
    purge: (entry, actor) => sure(mail.purge(entry, actor)),
    deposit: (mailbox, message, to, actor) => sure(mail.deposit(mailbox, message, to, actor)),
    quarantine: (mailbox, bytes, about) => sure(mail.quarantine(mailbox, bytes, about)),
  };
  const guardedLook: Look = {
    ...look,
    list: (mailbox, state, from) => sureOf(look.list(mailbox, state, from)),
    listArchived: (mailbox, range) => sureOf(look.listArchived(mailbox, range)),
    find: (id, mailbox) => sure(look.find(id, mailbox), isSome),
    read: (entry) => sure(look.read(entry), isThere),
    counts: (mailbox) => sure(look.counts(mailbox), ({ ready, inflight }) => ready + inflight > 0),
    listTopics: () => sure(look.listTopics(), isSome),
  };
  const journal: Store['journal'] = {
    ...store.journal,
    readEvents: (of, cursor, among) =>
      sure(store.journal.readEvents(of, cursor, among), ({ events }) => events.length > 0),
    history: (id, mailbox) => sure(store.journal.history(id, mailbox), isSome),
  };
  const { audit } = store;
  // A log that is open takes lines under whatever name it has.
  const guardedAudit: Store['audit'] = { ...audit, append: (log, lines) => sure(audit.append(log, lines), isUnsure) };
  return {
    ...store,
    ...{ documents: guardedDocuments, mail: guardedMail, look: guardedLook, journal, audit: guardedAudit },
    async isThere() {
      await check();
      return (await store.isThere?.()) ?? true;
    },
  };
}

function orBug(error: unknown): DreamosError {
  if (error instanceof DreamosError) return error;
  throw error;
}

/** It may have been sent before the root was moved: who is told to run it again would send it twice. */
function isUncertain(error: unknown): boolean {
  return error instanceof DreamosError && error.code === 'SEND_UNCERTAIN';
}
