import { basename, join, resolve } from 'node:path';
import { DreamosError } from '../../../../model/errors.ts';
import type { Disk } from '../disk.ts';
import { nodeDisk } from '../node-disk.ts';
import { formatName } from '../../names/layout.ts';
import { pathIn } from '../../names/path.ts';

/** Something in a foreign tree, by its path in it, with `/`. */
export type SourceEntry =
  | { readonly kind: 'file'; readonly path: string; readonly sizeBytes: number; readonly mtimeMs: number }
  /** Not opened, not entered, with the reason. `failed`: it should have been. */
  | { readonly kind: 'passed'; readonly path: string; readonly why: string; readonly failed: boolean };

type SourceRead = { readonly ok: true; readonly bytes: Buffer } | { readonly ok: false; readonly why: string };

export interface SourceTree {
  /** Its absolute path. */
  readonly path: string;
  /** Everything in it, sorted; folders are entered, links are not followed, only regular files are files. */
  readonly entries: readonly SourceEntry[];
  read(path: string, maxBytes: number): Promise<SourceRead>;
}

/** Folders that never hold mail and may hold a hundred thousand files. */
const foreign = new Set(['.git', 'node_modules', '__pycache__', '.venv']);

/**
 * Looks through somebody else's tree without changing anything in it.
 * @throws DreamosError not-found SOURCE_NOT_FOUND; usage when it is a dreamos root or inside one's folder
 */
export async function openSourceTree(dir: string, disk: Disk = nodeDisk()): Promise<SourceTree> {
  const path = resolve(dir);
  if ((await disk.list(path)) === undefined) {
    const stat = await disk.stat(path);
    const what =
      stat === undefined ? 'is not there' : stat.kind === 'symlink' ? 'is a symbolic link' : 'is not a folder';
    throw new DreamosError('not-found', 'SOURCE_NOT_FOUND', `There is nothing to import: ${path} ${what}.`, {
      hint: 'Name the folder that holds the older mailboxes: dreamos import --help',
    });
  }
  if (await isRoot(disk, path)) {
    throw new DreamosError('usage', 'USAGE', `${path} is a dreamos root, and its mail is not imported.`, {
      hint: 'If an older tree lies in the same folder, move it elsewhere first, then import it from there.',
    });
  }
  const entries: SourceEntry[] = [];
  await walk(disk, path, '', entries);
  return { path, entries, read: (inside, maxBytes) => readSource(disk, join(path, inside), maxBytes) };
}

async function walk(disk: Disk, tree: string, folder: string, entries: SourceEntry[]): Promise<void> {
  let names: string[];
  try {
    names = (await disk.list(join(tree, folder))) ?? [];
  } catch (error) {
    entries.push({ kind: 'passed', path: folder, why: reasonOf(error), failed: true });
    return;
  }
  for (const name of names.sort()) {
    const path = folder === '' ? name : pathIn(folder, name);
    const pass = (why: string, failed = false): unknown => entries.push({ kind: 'passed', path, why, failed });
    const stat = await disk.stat(join(tree, path));
    if (stat === undefined) pass('its name is not UTF-8, or it is gone again', true);
    else if (stat.kind === 'symlink') pass('a symbolic link, not followed');
    else if (stat.kind === 'other') pass('not a regular file (a fifo, socket or device), not opened');
    else if (stat.kind === 'file') entries.push({ kind: 'file', path, sizeBytes: stat.size, mtimeMs: stat.mtimeMs });
    else if (foreign.has(basename(path))) pass('a folder that holds no mail, not entered');
    else if (await isRoot(disk, join(tree, path))) pass('a dreamos root, not an older mailbox; not entered');
    else await walk(disk, tree, path, entries);
  }
}

async function readSource(disk: Disk, path: string, maxBytes: number): Promise<SourceRead> {
  try {
    return await disk.read(path, { maxBytes });
  } catch (error) {
    return { ok: false, why: reasonOf(error) };
  }
}

async function isRoot(disk: Disk, dir: string): Promise<boolean> {
  const mark = await readSource(disk, join(dir, formatName), 4096);
  return mark.ok && /"format"\s*:\s*"dreamos"/.test(mark.bytes.toString());
}

function reasonOf(error: unknown): string {
  return error instanceof DreamosError ? error.message.replace(/\.$/, '') : String(error);
}
