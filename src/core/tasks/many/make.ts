/**
 * Makes many tasks in one call. All of them are checked before anything is made; then each is sent behind what it depends on,
 * many in one send, which shares its syncs. Their ids are known from the start, so that who waits for a task stands in its
 * document before that is sent. Killed on the way, it has made the first of them, each as whole as one that was made alone.
 */
import type { MadeTask } from '../../../contract/tasks.ts';
import { mostAtOnce } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import type { Lock } from '../../../storage/port/documents.ts';
import { importLost } from '../../../storage/port/refusals.ts';
import { type AddressBook, createAddressBook } from '../../agents/address-book.ts';
import { actingOf } from '../../root/names.ts';
import type { Session } from '../../root/root.ts';
import { composeFor, senderOf } from '../../send/compose.ts';
import type { CheckedDraft, SendOptions } from '../../send/draft.ts';
import { sendAllChecked } from '../../send/send.ts';
import { inOrder, taskMessage } from '../create.ts';
import { addDependents, release } from '../place/dependents.ts';
import type { Dependent } from '../place/document.ts';
import { blockedMs } from '../place/find.ts';
import { placedTasks } from '../list.ts';
import { whileTheyBegin } from '../place/pending.ts';
import { queueFor, queueToBe } from '../place/queue.ts';
import { createWaitingLook, noteDone } from '../place/waiting.ts';
import { foreseen, giveAndTell } from './outcome.ts';
import { type Drafts, named, type Planned, queueOf, type Waits, wrongOne } from './plan.ts';

export interface MakeOptions extends SendOptions {
  /** Checks, and makes nothing. */
  readonly dryRun?: boolean;
  /** For as long as nobody else makes those with the same ids. */
  readonly lock?: Lock;
}

/** @returns one for each, in their order @throws what is wrong with the first that cannot be made, with its name */
export async function makeMany(
  session: Session,
  planned: readonly Planned[],
  options: MakeOptions = {},
): Promise<MadeTask[]> {
  const fresh = planned.filter(({ there }) => !there);
  const waits = await waitsOf(session, fresh);
  const book = createAddressBook(session);
  const drafts = await checkedDrafts(session, book, fresh, waits);
  if (options.dryRun) return planned.map((one) => foreseen(one, drafts, waits));
  for (const wanted of new Map(fresh.map(({ task: { requires = [] } }) => [requires.join(' '), requires])).values())
    await queueFor(session, wanted);
  const ordered = orderOf(fresh);
  await archiveDone(session, book, ordered, drafts, options.lock);
  const open = ordered.filter(({ done }) => !done);
  const made = new Set(fresh.map(({ id }) => id));
  const isDone = (one: Planned, id: string): boolean => !made.has(id) && !waits.get(one.id)?.includes(id);
  await noteDone(session, new Set(open.flatMap((one) => one.task.dependsOn?.filter((id) => isDone(one, id)) ?? [])));
  const dependents = open
    .filter(({ id }) => waits.has(id))
    .map((one) => ({ id: one.id, mailbox: queueOf(drafts, one), waits: waits.get(one.id) as string[] }));
  await addDependents(session, dependents);
  const blocked = new Map(dependents.map((one) => [one.id, one]));
  for (let at = 0; at < open.length; at += mostAtOnce) {
    if (options.lock?.isHeld() === false) throw importLost(at);
    await sendSome(session, book, open.slice(at, at + mostAtOnce), { drafts, blocked, options, before: at });
  }
  return giveAndTell(session, planned, drafts, waits);
}

/** Of each that has to wait what it waits for. What is made with it is not done yet, or else that comes to light behind the send. */
async function waitsOf(session: Session, fresh: readonly Planned[]): Promise<Waits> {
  const planned = new Map(fresh.map((one) => [one.id, one]));
  const unfinished = createWaitingLook(session);
  const waits = new Map<string, string[]>();
  for (const one of fresh) {
    if (one.done) continue;
    const open: string[] = [];
    for (const id of one.task.dependsOn ?? []) {
      const other = planned.get(id);
      if (other ? !other.done : (await unfinished([id])).length > 0) open.push(id);
    }
    if (open.length > 0) waits.set(one.id, open);
  }
  return waits;
}

async function checkedDrafts(
  session: Session,
  book: AddressBook,
  fresh: readonly Planned[],
  waits: Waits,
): Promise<Drafts> {
  const drafts = new Map<string, CheckedDraft>();
  for (const one of fresh) {
    const { id, task, name } = one;
    await named(name, async () => {
      const queue = await queueToBe(session, task.requires ?? []);
      const message = taskMessage(one.draft, queue.name);
      const draft = { ...message, id, task, ...(waits.has(id) && { delayMs: blockedMs }) };
      await composeFor(session, await senderOf(session, book, draft.from), draft, { cards: [queue] });
      drafts.set(id, draft);
    });
  }
  return drafts;
}

/** Parents come first too, where that can be: who is killed then leaves no part of what there is not. */
function orderOf(fresh: readonly Planned[]): Planned[] {
  const byId = new Map(fresh.map((one) => [one.id, one]));
  const edges = (withParents: boolean): Map<string, string[]> =>
    new Map(
      fresh.map(({ id, done, task: { dependsOn = [], parent } }) => [
        id,
        [...(done ? [] : dependsOn), ...(withParents && parent !== undefined ? [parent] : [])].filter((one) =>
          byId.has(one),
        ),
      ]),
    );
  let order: string[];
  try {
    order = inOrder(edges(true));
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    order = inOrder(edges(false));
  }
  return order.map((id) => byId.get(id) as Planned);
}

async function archiveDone(
  session: Session,
  book: AddressBook,
  ordered: readonly Planned[],
  drafts: Drafts,
  lock: Lock | undefined,
): Promise<void> {
  for (const one of ordered) {
    const draft = drafts.get(one.id);
    if (!one.done || !draft) continue;
    const card = await book.recipient(queueOf(drafts, one));
    const { outgoing } = await composeFor(session, await senderOf(session, book, draft.from), draft, { cards: [card] });
    const at = session.clock.now();
    await session.store.mail.deposit(card.name, outgoing.message, 'archived', { at, lock, ...actingOf(session) });
  }
}

async function sendSome(
  session: Session,
  book: AddressBook,
  some: readonly Planned[],
  {
    drafts,
    blocked,
    options,
    before,
  }: {
    readonly drafts: Drafts;
    readonly blocked: ReadonlyMap<string, Dependent & { readonly waits: readonly string[] }>;
    readonly options: MakeOptions;
    readonly before: number;
  },
): Promise<void> {
  const waiting = some.flatMap(({ id }) => blocked.get(id) ?? []);
  const send = () =>
    sendAllChecked(
      session,
      some.map(({ id }) => drafts.get(id) as CheckedDraft),
      options,
      book,
    );
  // One look at all is far less than a look for each. What is seen open now will find who waits for it when it is done.
  const settle = async (): Promise<void> => {
    const open = new Set((await placedTasks(session)).map(({ entry }) => entry.id));
    for (const one of waiting) if (!one.waits.some((id) => open.has(id))) await release(session, one);
  };
  const dependents = waiting.map(({ id, mailbox }) => ({ id, mailbox }));
  const results = await whileTheyBegin(session, dependents, send, settle);
  const made = before + results.filter((result) => !(result instanceof DreamosError)).length;
  for (const [i, result] of results.entries())
    if (result instanceof DreamosError)
      throw wrongOne(some[i]?.name ?? '', result, `${made} of the tasks were made, this one was not.`);
}
