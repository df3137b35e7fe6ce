/**
 * The storage as an operation may touch it. What its action is about is asked for each mailbox when it is touched, so that a group
 * is its members, and an id the mailboxes it lies in; all else is dreamos' own work, and is not asked: who sends need not be allowed
 * to look whether there is room.
 */
import type { OperationName } from '../../contract/operations.ts';
import type { Action } from '../../model/security/policy.ts';
import { DreamosError } from '../../model/errors.ts';
import { formerly } from '../../model/agent.ts';
import { logOf } from '../../model/topic.ts';
import type { Documents } from '../../storage/port/documents.ts';
import type { Look } from '../../storage/port/look.ts';
import type { Mail, Outgoing, Sent, Settled } from '../../storage/port/mail.ts';
import type { Store } from '../../storage/port/store.ts';
import type { Session } from '../root/root.ts';
import type { Ask } from './ask.ts';
import { seenEvents, seenRollups } from './seen.ts';

// What the core keeps by storage (who shares a sync, who waits at a mailbox) it keeps for these together.
const views = new WeakMap<Store, Map<string, Store>>();
const mostViews = 500;

/** @param session over the storage itself @param lists it may be about all mailboxes: then it is about those that are allowed */
export function guarded(
  { store, acting = '' }: Session,
  operation: OperationName,
  action: Action,
  ask: Ask,
  lists: boolean,
): Store {
  let known = views.get(store);
  if (!known) views.set(store, (known = new Map()));
  const key = `${operation} ${acting}`;
  let view = known.get(key);
  if (!view) {
    view = viewOf(store, operation, action, ask, lists);
    if (known.size >= mostViews) known.clear();
    known.set(key, view);
  }
  return view;
}

function viewOf(store: Store, operation: OperationName, action: Action, ask: Ask, lists: boolean): Store {
  const { mail, look, journal, documents, rollups } = store;
  const listed = lists ? listing(documents, action, ask) : documents;
  switch (action) {
    case 'send':
      // A request settles its own answer, and nothing else.
      return { ...store, mail: operation === 'request' ? sending(mail, ask) : settling(store, ask) };
    case 'read':
      return { ...store, mail: claiming(store, ask) };
    case 'look':
    case 'subscribe':
      return {
        ...store,
        documents: action === 'look' ? listed : documents,
        look: seen(look, ask),
        journal: seenEvents(journal, ask),
        rollups: seenRollups(rollups, ask),
      };
    case 'manage':
      return { ...store, documents: listed, mail: changing(mail, ask), look: changeable(look, ask) };
    case 'publish':
    case 'admin':
    default:
      // What is published, and what is administered, was asked before it began.
      return store;
  }
}

/** Of several, what may not be sent is refused, and nothing else. What is published is not sent to its subscribers. */
function sending(mail: Mail, ask: Ask): Mail {
  const refusalOf = async ({ message, mailboxes }: Outgoing): Promise<DreamosError | undefined> => {
    if (message.topic !== undefined) return undefined;
    for (const mailbox of mailboxes) {
      const refused = await ask.refusal('send', { mailbox });
      if (refused) return refused;
    }
    return undefined;
  };
  return {
    ...mail,
    async send(outgoing, how) {
      const refusals = await Promise.all(outgoing.map(refusalOf));
      if (refusals.every((refused) => refused === undefined)) return mail.send(outgoing, how);
      const allowed = outgoing.filter((_, i) => refusals[i] === undefined);
      const sent = allowed.length === 0 ? [] : await mail.send(allowed, how);
      const results: (Sent | DreamosError)[] = [];
      for (const refused of refusals) {
        const result = refused ?? sent.shift();
        // They end with the first that finds no room.
        if (result === undefined) break;
        results.push(result);
      }
      return results;
    },
  };
}

function claiming(store: Store, ask: Ask): Mail {
  const { mail } = store;
  const check = (mailbox: string): Promise<void> => ask.check('read', { mailbox });
  return {
    ...settling(store, ask),
    claim: async (mailbox, options) => (await check(mailbox), mail.claim(mailbox, options)),
    claimMany: async (mailbox, options) => (await check(mailbox), mail.claimMany(mailbox, options)),
    takeUp: async (mailbox, who) => (await check(mailbox), mail.takeUp(mailbox, who)),
  };
}

/** What its handler sends, a worker sends; and whose answer finishes a message has to be allowed to claim it. */
function settling({ mail, documents }: Store, ask: Ask): Mail {
  /** A receipt holds on where its mailbox has another name by now. */
  const checkReceipt = async (receipt: string): Promise<void> => {
    const { mailbox } = mail.parseReceipt(receipt);
    if (await ask.may('read', { mailbox })) return;
    const now = (await documents.getAgent(mailbox)) ? undefined : formerly(await documents.listAgents(), mailbox)[0];
    await ask.check('read', { mailbox: now?.name ?? mailbox });
  };
  const refusalOf = async (receipt: string): Promise<DreamosError | undefined> => {
    try {
      await checkReceipt(receipt);
      return undefined;
    } catch (error) {
      // All else is of the policy, or of the storage that was asked for it, and so of all of them.
      if (!(error instanceof DreamosError) || !['FORBIDDEN', 'RECEIPT_INVALID'].includes(error.code)) throw error;
      return error;
    }
  };
  return {
    ...sending(mail, ask),
    checkClaim: async (receipt) => (await checkReceipt(receipt), mail.checkClaim(receipt)),
    ack: async (receipt, options) => (await checkReceipt(receipt), mail.ack(receipt, options)),
    ackMany: async (receipts, options) => {
      const refusals = await Promise.all(receipts.map(refusalOf));
      const allowed = receipts.filter((_, i) => refusals[i] === undefined);
      const answers = allowed.length === 0 ? [] : await mail.ackMany(allowed, options);
      return refusals.map((refused) => refused ?? (answers.shift() as Settled | DreamosError));
    },
    nack: async (receipt, options) => (await checkReceipt(receipt), mail.nack(receipt, options)),
    renew: async (receipt, options) => (await checkReceipt(receipt), mail.renew(receipt, options)),
  };
}

function changing(mail: Mail, ask: Ask): Mail {
  const check = (mailbox: string): Promise<void> => ask.check('manage', { mailbox });
  return {
    ...mail,
    cancel: async (entry, options) => (await check(entry.mailbox), mail.cancel(entry, options)),
    deliver: async (entry, options) => (await check(entry.mailbox), mail.deliver(entry, options)),
    handOver: async (entry, to, options) => (await check(entry.mailbox), mail.handOver(entry, to, options)),
    restore: async (entry, actor) => (await check(entry.mailbox), mail.restore(entry, actor)),
    retry: async (entry, actor) => (await check(entry.mailbox), mail.retry(entry, actor)),
    purge: async (entry, actor) => (await check(entry.mailbox), mail.purge(entry, actor)),
  };
}

/** An id means it where it may be changed; it is refused if that is nowhere. */
function changeable(look: Look, ask: Ask): Look {
  return {
    ...look,
    async find(id, mailbox) {
      const found = await look.find(id, mailbox);
      const allowed = await only(found, (entry) => ask.may('manage', { mailbox: entry.mailbox }));
      const [first] = found;
      if (first && allowed.length === 0) await ask.check('manage', { mailbox: first.mailbox });
      return allowed;
    },
  };
}

function listing(documents: Documents, action: Action, ask: Ask): Documents {
  return {
    ...documents,
    listAgents: async (starting) =>
      only(await documents.listAgents(starting), ({ name }) => ask.may(action, { mailbox: name })),
  };
}

/** Whoever looks into a mailbox by its name is refused; who looks everywhere sees what he may. */
function seen(look: Look, ask: Ask): Look {
  const check = (mailbox: string): Promise<void> => ask.check('look', { mailbox });
  const may = (mailbox: string): Promise<boolean> => ask.may('look', { mailbox });
  return {
    ...look,
    async *list(mailbox, state, from) {
      await check(mailbox);
      yield* look.list(mailbox, state, from);
    },
    async *listArchived(mailbox, range) {
      await check(mailbox);
      yield* look.listArchived(mailbox, range);
    },
    find: async (id, mailbox) => only(await look.find(id, mailbox), (entry) => may(entry.mailbox)),
    read: async (entry) => (await check(entry.mailbox), look.read(entry)),
    deadReason: async (entry) => (await check(entry.mailbox), look.deadReason(entry)),
    counts: async (mailbox) => (await check(mailbox), look.counts(mailbox)),
    load: async (mailbox) => (await check(mailbox), look.load(mailbox)),
    lastReadAt: async (mailbox) => (await check(mailbox), look.lastReadAt(mailbox)),
    listTopics: async () => only(await look.listTopics(), (topic) => may(logOf(topic))),
  };
}

/** Asked one after the other: a policy is in memory. */
async function only<T>(items: readonly T[], may: (item: T) => Promise<boolean>): Promise<T[]> {
  const kept: T[] = [];
  for (const item of items) if (await may(item)) kept.push(item);
  return kept;
}
