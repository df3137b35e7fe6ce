/** Changes that a person makes: cancel, restore, retry, purge, deposit. Each is one rename out of where the entry was seen. */
import { DreamosError } from '../../../model/errors.ts';
import { priorities, sealLines, type Message } from '../../../model/message.ts';
import { states, unfinished } from '../../../model/state.ts';
import type { Lock } from '../../port/documents.ts';
import type { Entry } from '../../port/look.ts';
import type { CancelOptions } from '../../port/mail.ts';
import { importLost, stateChanged } from '../../port/refusals.ts';
import type { FileContext } from '../disk/context.ts';
import { formatEntryName, orderOf, type EntryName } from '../names/entry-name.ts';
import { logEvents, type LogEntry } from '../events/event-log.ts';
import { findIn, listState } from '../look/find.ts';
import { ensureFolder, moveInto, syncAncestorsOnce, syncFolderOrAncestor } from '../disk/folders.ts';
import { releaseOrderingKey } from '../places/key-heads.ts';
import { type Mailbox, tmpFile } from '../names/layout.ts';
import { moveToReady } from '../places/filling.ts';
import { pathOf, toEntry } from '../names/found.ts';
import { memory } from '../disk/memory.ts';
import { archiveFolder } from '../names/slots.ts';
import { reasonOf } from '../names/beside.ts';
import { folderOf, pathIn } from '../names/path.ts';
import { heldMs } from './held.ts';

interface Change {
  readonly mailbox: Mailbox;
  readonly path: string;
  readonly name: EntryName;
}

export async function cancel(ctx: FileContext, entry: Entry, { by, held = false }: CancelOptions): Promise<Entry> {
  const { mailbox, path, name } = locate(ctx, entry, held ? unfinished : ['ready', 'delayed']);
  const archived: EntryName = {
    ...name,
    tag: 'k',
    time: ctx.clock.now(),
    withdrawn: true,
    since: undefined,
    token: undefined,
    maxAttempts: undefined,
  };
  const moved = await archive(ctx, mailbox, path, archived);
  if (!moved) throw stateChanged(entry);
  await releaseOrderingKey(ctx, mailbox, name);
  await logEvents(ctx, mailbox, [
    { event: 'cancelled', id: entry.id, by, heldMs: heldMs(name, archived.time), ...(name.task && { task: true }) },
  ]);
  return moved;
}

export async function restore(
  ctx: FileContext,
  entry: Entry,
  { by, lock }: { readonly by?: string | undefined; readonly lock?: Lock | undefined },
): Promise<Entry> {
  const { mailbox, ...archived } = locate(ctx, entry, ['archived']);
  const plain = await (await import('../keep/unpack.ts')).takeOut(ctx, mailbox, archived, lock);
  if (!plain) throw stateChanged(entry);
  try {
    return await backToReady(ctx, entry, { mailbox, ...plain }, { event: 'restored', id: entry.id, by });
  } catch (error) {
    await plain.putBack();
    throw error;
  }
}

export async function retry(ctx: FileContext, entry: Entry, by: string | undefined): Promise<Entry> {
  const change = locate(ctx, entry, ['dead']);
  await tellFirst(ctx, change);
  const ready = await backToReady(ctx, entry, change, { event: 'retried', id: entry.id, by });
  await removeReason(ctx, change.path);
  return ready;
}

export async function purge(ctx: FileContext, entry: Entry, by: string | undefined): Promise<void> {
  const change = locate(ctx, entry, ['dead']);
  const { mailbox, path, name } = change;
  await tellFirst(ctx, change);
  if (!(await ctx.disk.remove(path))) throw stateChanged(entry);
  await releaseOrderingKey(ctx, mailbox, name);
  await removeReason(ctx, path);
  await logEvents(ctx, mailbox, [{ event: 'purged', id: entry.id, by }]);
}

/** Of this death nobody would be told any more. */
async function tellFirst(ctx: FileContext, { mailbox, name }: Change): Promise<void> {
  if (name.notify) await (await import('./notice.ts')).tellSender(ctx, mailbox, name);
}

async function removeReason(ctx: FileContext, path: string): Promise<void> {
  try {
    await ctx.disk.remove(reasonOf(path));
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    ctx.warn(`A reason file stays in dlq/ until \`dreamos doctor --fix\`: ${error.message}`);
  }
}

/** Puts a message from elsewhere into the archive or into ready/; synced. One that the mailbox knows already stays as it is. */
export async function deposit(
  ctx: FileContext,
  mailbox: Mailbox,
  message: Message,
  to: 'archived' | 'ready',
  options: { readonly at: number; readonly by?: string | undefined; readonly lock?: Lock | undefined },
): Promise<Entry> {
  const ids = await heldIds(ctx, mailbox);
  if (!ids || ids.has(message.id)) {
    const [known] = await findIn(ctx, mailbox, message.id);
    if (known) return toEntry(mailbox, known);
  }
  ids?.add(message.id);
  const name: EntryName = {
    tag: to === 'ready' ? 't' : 'k',
    time: to === 'ready' ? ctx.clock.now() : options.at,
    id: message.id,
    rank: priorities.indexOf(message.priority),
    attempt: 0,
    // A task in the archive that nobody has called off is done.
    withdrawn: to === 'archived' && !message.task ? true : undefined,
    task: message.task && true,
    order: orderOf(message),
  };
  await ensureFolder(ctx, mailbox.tmp);
  const file = tmpFile(mailbox, message.id);
  await ctx.disk.remove(file);
  const made = await ctx.disk.create(file, sealLines([message]).bytes, { sync: true });
  if (options.lock?.isHeld() === false) {
    await ctx.disk.remove(file);
    throw importLost();
  }
  const entry = !made
    ? undefined
    : to === 'ready'
      ? await makeReady(ctx, mailbox, file, name)
      : await archive(ctx, mailbox, file, name);
  if (!entry) throw new DreamosError('disk', 'DISK_FAILED', `${file} vanished while it was being imported.`);
  const dir = folderOf(pathIn(mailbox.dir, entry.key));
  await syncFolderOrAncestor(ctx, dir);
  await syncAncestorsOnce(ctx, dir, mailbox.dir);
  await logEvents(ctx, mailbox, [{ event: 'imported', id: message.id, by: options.by }]);
  return entry;
}

/** While this process holds the import lock, by mailbox: the ids that are there, so that an import lists it once. */
const held = memory<{ byMailbox: Map<string, Set<string>> | undefined }>(() => ({ byMailbox: undefined }));

/** Every id in a mailbox; `undefined` outside of the import lock, where a list would be out of date at once. */
async function heldIds(ctx: FileContext, mailbox: Mailbox): Promise<Set<string> | undefined> {
  const { byMailbox } = held.of(ctx);
  let ids = byMailbox?.get(mailbox.name);
  if (!byMailbox || ids) return ids;
  ids = new Set();
  for (const state of states) for await (const { name } of listState(ctx, mailbox, state)) ids.add(name.id);
  byMailbox.set(mailbox.name, ids);
  return ids;
}

/** Runs an import's work: while it holds the lock, nobody else imports, and deposits need not list the mailbox each time. */
export async function whileImporting<T>(ctx: FileContext, work: () => Promise<T>): Promise<T> {
  held.of(ctx).byMailbox = new Map();
  try {
    return await work();
  } finally {
    held.of(ctx).byMailbox = undefined;
  }
}

async function backToReady(
  ctx: FileContext,
  entry: Entry,
  { mailbox, path, name }: Change,
  event: LogEntry,
): Promise<Entry> {
  const ready: EntryName = {
    ...name,
    tag: 't',
    time: ctx.clock.now(),
    attempt: 0,
    expiresAt: undefined,
    withdrawn: undefined,
    order: name.order && { ...name.order, life: name.order.life + 1 },
  };
  const moved = await makeReady(ctx, mailbox, path, ready);
  if (!moved) throw stateChanged(entry);
  // For who died before he could release it in its last life.
  await releaseOrderingKey(ctx, mailbox, name);
  await logEvents(ctx, mailbox, [event]);
  return moved;
}

async function makeReady(
  ctx: FileContext,
  mailbox: Mailbox,
  path: string,
  name: EntryName,
): Promise<Entry | undefined> {
  const bucket = await moveToReady(ctx, path, mailbox, 0, name);
  return bucket === undefined
    ? undefined
    : toEntry(mailbox, { state: 'ready', path: pathIn(bucket, formatEntryName(name)), name });
}

async function archive(ctx: FileContext, mailbox: Mailbox, path: string, name: EntryName): Promise<Entry | undefined> {
  const dir = archiveFolder(mailbox, name.time);
  const text = formatEntryName(name);
  if (!(await moveInto(ctx, path, dir, text))) return undefined;
  return toEntry(mailbox, { state: 'archived', path: pathIn(dir, text), name });
}

function locate(ctx: FileContext, entry: Entry, from: readonly Entry['state'][]): Change {
  const mailbox = ctx.layout.mailbox(entry.mailbox);
  const place = from.includes(entry.state) ? pathOf(mailbox, entry) : undefined;
  if (!place) throw stateChanged(entry);
  return { mailbox, ...place };
}
