import { isDumped } from '../../port/dump/loading.ts';
import type { DumpRecord } from '../../port/dump/records.ts';
import type { FileContext } from '../disk/context.ts';
import { namesIn } from '../disk/folders.ts';
import { readWhole } from '../disk/replace.ts';
import { mailboxNames } from '../documents/agents.ts';
import { listDocuments } from '../documents/documents.ts';
import {
  parseRevision,
  revisedDocuments,
  revisionFile,
  revisionsFolder,
  type RootDocument,
  rootDocuments,
} from '../names/layout.ts';
import { cardDocument, taskDocumentName } from '../names/task-name.ts';
import type { RevisedName } from '../../port/documents.ts';

const anySize = { maxBytes: Infinity };

/** All but where a server listens, which is of this place. */
export async function* documentRecords(ctx: FileContext, whole: boolean): AsyncGenerator<DumpRecord, void, void> {
  const tasks: RootDocument[] = [];
  for (const of of ['tasks', 'pending', 'received'] as const)
    for (const id of await listDocuments(ctx, of)) tasks.push(taskDocumentName(of, id));
  for (const name of [...rootDocuments, ...tasks])
    if (isDumped(name, whole)) yield* documentAt(ctx, name, ctx.layout.document(name));
  const agents = await mailboxNames(ctx);
  for (const name of agents) yield* documentAt(ctx, cardDocument(name), ctx.layout.mailbox(name).card);
  for (const of of revisedDocuments) yield* revisionsOf(ctx, of);
  for (const name of agents) yield* revisionsOf(ctx, cardDocument(name));
}

async function* documentAt(ctx: FileContext, name: string, path: string): AsyncGenerator<DumpRecord, void, void> {
  const file = await readWhole(ctx.disk, path, anySize);
  if (file.ok) yield { kind: 'document', name, text: file.bytes.toString() };
}

async function* revisionsOf(ctx: FileContext, of: RevisedName): AsyncGenerator<DumpRecord, void, void> {
  const folder = revisionsFolder(ctx.layout, of);
  const numbers = (await namesIn(ctx, folder)).flatMap((name) => parseRevision(name) ?? []);
  for (const number of numbers.sort((a, b) => a - b)) {
    const file = await readWhole(ctx.disk, revisionFile(folder, number), anySize);
    if (file.ok) yield { kind: 'revision', of, number, text: file.bytes.toString() };
  }
}
