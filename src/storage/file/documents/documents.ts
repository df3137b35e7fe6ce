/** The small documents of the whole root, which are read, changed and written under a lock: config.json and its like. */
import { DreamosError } from '../../../model/errors.ts';
import type { ListedDocuments, Versioned } from '../../port/documents.ts';
import { areSettings, type Settings } from '../../../model/settings.ts';
import { documentInvalid } from '../../port/refusals.ts';
import type { FileContext } from '../disk/context.ts';
import type { FileStat } from '../disk/disk.ts';
import { ensureFolder, syncAncestorsOnce } from '../disk/folders.ts';
import { memory } from '../disk/memory.ts';
import type { RootDocument } from '../names/layout.ts';
import { replaceDocument, readWhole } from '../disk/replace.ts';
import { folderOf, pathIn } from '../names/path.ts';
import { isTaskFolder, parseTaskFile, pendingFolder, receivedFolder, tasksFolder } from '../names/task-name.ts';
import { documentBytes, documentText, readJson, sharedDocumentBytes } from './text.ts';

function mostBytesOf(name: RootDocument): number {
  return name === 'settings' ? documentBytes : sharedDocumentBytes;
}

/** As they were last read. */
const documents = memory(() => new Map<RootDocument, KnownDocument>());

/** Who goes through ten thousand tasks would keep all of their documents. */
const mostKnown = 500;

interface KnownDocument extends Missable {
  readonly document: Versioned;
}

/** What was there when it was last looked for, or since when (uptime) it is not. */
export interface Missable {
  missedAt?: number | undefined;
}

const goneAfterMs = 1000;

/**
 * Whether a file that was there is gone, asked of one that is missing now. An editor that renames it away to save leaves such
 * a moment, in which nobody may go by the defaults; so it is gone at a look that comes a second later.
 */
export function isGone({ clock }: FileContext, known: Missable): boolean {
  const now = clock.uptime();
  return now - (known.missedAt ??= now) >= goneAfterMs;
}

const lastGood = memory(() => ({ settings: undefined as Settings | undefined }));

/** What this process has seen of them, else their last revision: a new process goes by that, too. */
export async function lastGoodSettings(ctx: FileContext): Promise<Settings | undefined> {
  const last = lastGood.of(ctx);
  return (last.settings ??= await (await import('./revisions.ts')).lastKeptSettings(ctx));
}

/** @throws CONFIG_INVALID */
export async function getDocument(ctx: FileContext, name: RootDocument): Promise<Versioned | undefined> {
  const document = await lookAt(ctx, name);
  if (name === 'settings') {
    const { value } = document ?? { value: {} };
    if (areSettings(value)) lastGood.of(ctx).settings = value;
  }
  return document;
}

/**
 * The settings as the core goes by them (config-file.ts): while somebody has invalid ones there, what they said before.
 * @throws CONFIG_INVALID: they never could be used, as far as anybody knows
 */
export async function settingsInForce(ctx: FileContext): Promise<Settings> {
  const known = (): Promise<Settings | undefined> => lastGoodSettings(ctx);
  try {
    const written = (await getDocument(ctx, 'settings'))?.value ?? {};
    return areSettings(written) ? written : ((await known()) ?? written);
  } catch (error) {
    const last = error instanceof DreamosError ? await known() : undefined;
    if (!last) throw error;
    return last;
  }
}

async function lookAt(ctx: FileContext, name: RootDocument): Promise<Versioned | undefined> {
  const path = ctx.layout.document(name);
  const stat = await ctx.disk.stat(path);
  const known = documents.of(ctx).get(name);
  const version = stat && versionOf(stat);
  if (known && known.document.version === version) {
    known.missedAt = undefined;
    return known.document;
  }
  const value = stat && (await readDocument(ctx, name, path));
  if (version !== undefined && value !== undefined) {
    const document = { value, version };
    if (documents.of(ctx).size >= mostKnown) documents.of(ctx).clear();
    documents.of(ctx).set(name, { document });
    return document;
  }
  if (known && !isGone(ctx, known)) return known.document;
  documents.of(ctx).delete(name);
  return undefined;
}

export async function putDocument(
  ctx: FileContext,
  name: RootDocument,
  value: unknown,
  version: string | undefined,
): Promise<boolean> {
  const path = ctx.layout.document(name);
  const folder = folderOf(path);
  const text = documentText(value, `All ${name} together`, mostBytesOf(name));
  if (folder !== ctx.layout.root) await ensureFolder(ctx, folder);
  return ctx.disk.withLock(ctx.layout.lock(name), async () => {
    // Whoever was refused reads what is there now, also that nothing is.
    documents.of(ctx).delete(name);
    const done = await replaceDocument(ctx, path, text, () => hasVersion(ctx, path, version));
    if (done) await syncAncestorsOnce(ctx, folder, ctx.layout.root);
    return done;
  });
}

export async function listDocuments(ctx: FileContext, of: ListedDocuments): Promise<string[]> {
  if (of === 'received') return idsIn(ctx, receivedFolder(ctx.layout));
  if (of === 'pending') return idsIn(ctx, pendingFolder(ctx.layout));
  const all: string[] = [];
  const tasks = tasksFolder(ctx.layout);
  for (const name of (await ctx.disk.list(tasks)) ?? [])
    if (isTaskFolder(name)) all.push(...(await idsIn(ctx, pathIn(tasks, name))));
  return all;
}

async function idsIn(ctx: FileContext, folder: string): Promise<string[]> {
  return ((await ctx.disk.list(folder)) ?? []).flatMap((name) => parseTaskFile(name) ?? []);
}

/** So that it is looked at again, and is gone at once where it is not there. */
export function forgetDocument(ctx: FileContext, name: RootDocument): void {
  documents.of(ctx).delete(name);
}

export async function removeDocument(ctx: FileContext, name: RootDocument): Promise<void> {
  forgetDocument(ctx, name);
  await ctx.disk.remove(ctx.layout.document(name));
}

/** @throws CONFIG_INVALID: it is no file, or too large */
export async function documentAsText(
  ctx: FileContext,
  name: RootDocument,
): Promise<{ readonly text: string; readonly version: string } | undefined> {
  const path = ctx.layout.document(name);
  // Looked at first: whoever replaces it meanwhile makes the version an old one.
  const stat = await ctx.disk.stat(path);
  const file = await readWhole(ctx.disk, path, { maxBytes: mostBytesOf(name) });
  if (stat && file.ok) return { text: file.bytes.toString(), version: versionOf(stat) };
  if (!stat || file.ok || file.missing) return undefined;
  throw documentInvalid({ document: path }, `it cannot be read: ${file.why}`);
}

/** @param version `undefined`: it is not there */
export async function hasVersion(ctx: FileContext, path: string, version: string | undefined): Promise<boolean> {
  const stat = await ctx.disk.stat(path);
  return (stat && versionOf(stat)) === version;
}

/** A document is replaced, never changed in place, so another one is another file. */
export function versionOf({ inode, mtimeMs, size }: FileStat): string {
  return `${inode}.${mtimeMs}.${size}`;
}

/** @throws CONFIG_INVALID: taken for empty, it would be overwritten by the next change, and what it said would be lost */
async function readDocument(ctx: FileContext, name: RootDocument, path: string): Promise<unknown> {
  const read = await readJson(ctx, path, mostBytesOf(name));
  if ('value' in read) return read.value;
  if (read.missing) return undefined;
  throw documentInvalid({ document: path, ...(read.at !== undefined && { at: read.at }) }, read.fault);
}
