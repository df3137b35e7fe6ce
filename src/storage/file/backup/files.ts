/** What a backup holds besides messages, as files: documents first, what was told and put aside last. */
import type { FileContext } from '../disk/context.ts';
import { listDocuments } from '../documents/documents.ts';
import { everyName } from '../documents/topics.ts';
import { namesIn } from '../disk/folders.ts';
import { readWhole } from '../disk/replace.ts';
import { mailboxNames } from '../documents/agents.ts';
import { isCursorFile, isEventFile } from '../names/backup-name.ts';
import { type Mailbox, parseRevision, revisedDocuments, revisionsFolder, rootDocuments } from '../names/layout.ts';
import { pathIn } from '../names/path.ts';
import { taskDocumentName } from '../names/task-name.ts';
import { auditLog, isAuditLog, parseEventLog, parseRollup } from '../names/slots.ts';
import { checkpointLog } from '../../port/audit.ts';
import { ofThisPlace } from '../../port/dump/loading.ts';
import type { Collection } from './collection.ts';
import { wholeOf, withFile } from './source.ts';
import { firstDayOf, toldBefore } from './told.ts';

const anySize = { maxBytes: Infinity };

export async function addDocuments(ctx: FileContext, collection: Collection): Promise<void> {
  for (const name of rootDocuments)
    if (!ofThisPlace.includes(name)) await addDocument(ctx, collection, ctx.layout.document(name));
  for (const of of ['tasks', 'pending', 'received'] as const)
    for (const id of await listDocuments(ctx, of))
      await addDocument(ctx, collection, ctx.layout.document(taskDocumentName(of, id)));
  for (const of of revisedDocuments) await addRevisions(ctx, collection, revisionsFolder(ctx.layout, of));
  for (const name of await mailboxNames(ctx)) await addDocument(ctx, collection, ctx.layout.mailbox(name).card);
}

async function addRevisions(ctx: FileContext, collection: Collection, folder: string): Promise<void> {
  for (const name of await namesIn(ctx, folder))
    if (parseRevision(name) !== undefined) await addDocument(ctx, collection, pathIn(folder, name));
}

async function addDocument(ctx: FileContext, collection: Collection, path: string): Promise<void> {
  const file = await readWhole(ctx.disk, path, anySize);
  if (file.ok) await collection.file(path, file.bytes, file.mtimeMs ?? collection.begunAt);
}

/** Checkpoints before the logs that they are about, which only grow; the keys stay where they are. */
async function addAudit(ctx: FileContext, collection: Collection): Promise<void> {
  const { audit } = ctx.layout;
  await addFile(ctx, collection, auditLog(ctx.layout, checkpointLog));
  for (const name of await namesIn(ctx, audit))
    if (isAuditLog(name)) await addFile(ctx, collection, pathIn(audit, name));
}

/** Event logs, what is in corrupt/, and when each mailbox was read last; the cursors of the root. */
export async function addKept(ctx: FileContext, collection: Collection): Promise<void> {
  await addAudit(ctx, collection);
  for (const name of (await ctx.disk.list(ctx.layout.cursors)) ?? [])
    if (isCursorFile(name)) await addFile(ctx, collection, pathIn(ctx.layout.cursors, name));
  for (const name of await everyName(ctx)) {
    const mailbox = ctx.layout.mailbox(name);
    // Of one that was made meanwhile.
    await addDocument(ctx, collection, mailbox.card);
    await addRevisions(ctx, collection, mailbox.cards);
    await addFile(ctx, collection, mailbox.lastRead);
    await addEvents(ctx, collection, mailbox);
    // Of logs that were pruned they are all there is; where they are ahead of a log, it is counted anew.
    for (const file of await namesIn(ctx, mailbox.metrics))
      if (parseRollup(file) !== undefined) await addFile(ctx, collection, pathIn(mailbox.metrics, file));
    for (const file of await namesIn(ctx, mailbox.corrupt))
      await addFile(ctx, collection, pathIn(mailbox.corrupt, file));
  }
}

async function addEvents(ctx: FileContext, collection: Collection, mailbox: Mailbox): Promise<void> {
  for (const name of (await namesIn(ctx, mailbox.events)).filter(isEventFile)) {
    const path = pathIn(mailbox.events, name);
    const day = parseEventLog(name);
    // An older one tells of nothing that happens now.
    if (day === undefined || day < firstDayOf(collection.begunAt)) {
      await addFile(ctx, collection, path);
      continue;
    }
    await withFile(ctx, path, (file) => collection.file(path, toldBefore(path, file, collection), file.mtimeMs));
  }
}

async function addFile(ctx: FileContext, collection: Collection, path: string): Promise<void> {
  await withFile(ctx, path, (file) => collection.file(path, wholeOf(path, file), file.mtimeMs));
}
