import { ofThisPlace } from '../../port/dump/loading.ts';
import { isAuditLog, parseEventLog, parsePrunedMark, parseRollup } from './slots.ts';
import {
  type Layout,
  type Mailbox,
  parseRevision,
  revisedDocuments,
  revisionFile,
  revisionsFolder,
  rootDocuments,
} from './layout.ts';
import { parsePack } from './pack-name.ts';
import { parseTaskFile, taskDocumentName } from './task-name.ts';
import { folderOf, isIn, longestName, nameOf, pathBelow, pathIn } from './path.ts';

/** Names in a backup, and of what lies beside one, or beside a root, while it is being written. */

/** Its first entry, which says what it is; and its last one, without which it is cut off. */
export const aboutBackup = 'backup.json';
export const indexOfBackup = 'index.jsonl';

/** A message's bytes. A script may hand in the same id with other bytes, so the id is not enough. */
export function backedUpBody(id: string, sha256: string): string {
  return `messages/${id}.${sha256.slice(0, 16)}.json`;
}

export function isBackedUpBody(name: string): boolean {
  return /^messages\/[0-7][0-9A-HJKMNP-TV-Z]{25}\.[0-9a-f]{16}\.json$/.test(name);
}

/** A backup, until it is whole. @param token drawn anew */
export function unfinishedBackup(file: string, token: string): string {
  return `${file}.part-${token}`;
}

/** A root, until it is restored; and the one without mail whose place it takes. */
export function unfinishedRoot(root: string, token: string): string {
  return `${root}.restore-${token}`;
}
export function replacedRoot(root: string, token: string): string {
  return `${root}.before-${token}`;
}

/** Whether this name, beside a root's, is that of the one that a restore took away. */
export function isReplacedRoot(name: string, root: string): boolean {
  return name.startsWith(`${root}.before-`) && /^[0-9A-Z]{10}$/.test(name.slice(`${root}.before-`.length));
}

/** Where a root's mail goes when it is moved elsewhere: there it stays until it is purged. */
export function movedRoot(root: string, token: string): string {
  return `${root}.moved-${token}`;
}

/** What takes its place then, and says where it is. */
export function nextOfRoot(root: string, token: string): string {
  return `${root}.next-${token}`;
}

/** Beside it: held by the process that moves it. */
export function moveOfRoot(root: string): string {
  return `${root}.move`;
}

/** The tokens of those among these names, which lie beside the root's. */
export function tokensBeside(kind: 'moved' | 'next', names: readonly string[], root: string): string[] {
  const start = `${root}.${kind}-`;
  const tokens = names.filter((name) => name.startsWith(start)).map((name) => name.slice(start.length));
  return tokens.filter((token) => /^[0-9A-Z]{10}$/.test(token)).sort();
}

/** Whether a path is the root's, or lies in it. */
export function isInRoot(root: string, path: string): boolean {
  return isIn(root, path);
}

/** A file that is backed up as it is, by its path in the root. */
export function pathInBackup(layout: Layout, path: string): string {
  return pathBelow(layout.root, path);
}

/** Where such a file belongs in this root; `undefined`: it is none, and would lie where nothing of a backup belongs. */
export function placeOfBackedUp(layout: Layout, name: string): string | undefined {
  for (const document of rootDocuments.filter((one) => !ofThisPlace.includes(one))) {
    const path = layout.document(document);
    if (pathInBackup(layout, path) === name) return path;
  }
  const path = pathIn(layout.root, name);
  if (path === pathIn(layout.cursors, nameOf(name)) && isCursorFile(nameOf(name))) return path;
  if (path === pathIn(layout.audit, nameOf(name)) && isAuditLog(nameOf(name))) return path;
  const version = parseRevision(nameOf(name));
  if (version !== undefined)
    for (const of of revisedDocuments) if (path === revisionFile(revisionsFolder(layout, of), version)) return path;
  const id = parseTaskFile(nameOf(name));
  if (id !== undefined)
    for (const of of ['tasks', 'pending', 'received'] as const)
      if (path === layout.document(taskDocumentName(of, id))) return path;
  const { mailbox, parts } = layout.placeOf(path) ?? {};
  if (!mailbox || !parts?.every(isPlainName)) return undefined;
  return isOfMailbox(mailbox, parts) ? path : undefined;
}

function isOfMailbox(mailbox: Mailbox, [folder = '', name, ...more]: readonly string[]): boolean {
  const path = pathIn(mailbox.dir, folder);
  if (name === undefined) return path === mailbox.card || path === mailbox.lastRead;
  if (more.length > 0) return false;
  if (path === mailbox.archive) return parsePack(name) !== undefined;
  if (path === mailbox.events) return isEventFile(name);
  if (path === mailbox.metrics) return parseRollup(name) !== undefined;
  if (path === mailbox.cards) return parseRevision(name) !== undefined;
  return path === mailbox.corrupt || path === mailbox.drop;
}

/** What a long cursor stands for. */
export function isCursorFile(name: string): boolean {
  return /^[0-9A-Za-z]{1,64}\.jsonl$/.test(name);
}

/** The id in such a name; `undefined`: it is another file's. */
export function cursorIdIn(name: string): string | undefined {
  return isCursorFile(name) ? name.slice(0, -'.jsonl'.length) : undefined;
}

/** Whether it is a name that a file can have, and leads nowhere else. */
export function isFileName(name: string): boolean {
  return isPlainName(name) && !name.includes('/');
}

/** Whether a path is that of a pack, where packs lie. */
export function isPackPath(layout: Layout, path: string): boolean {
  const { mailbox, parts } = layout.placeOf(path) ?? {};
  return parts?.length === 2 && folderOf(path) === mailbox?.archive && parsePack(nameOf(path)) !== undefined;
}

/** A log of events, or the mark of those that were pruned. */
export function isEventFile(name: string): boolean {
  return (parseEventLog(name) ?? parsePrunedMark(name)) !== undefined;
}

function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('\0') && Buffer.byteLength(name) <= longestName;
}

/** Where the next version of an export is made, beside it. @param token drawn anew */
export function exportFolder(folder: string, token: string): string {
  return pathIn(folder, `.dreamos-export-${token}`);
}

export function isExportFolder(name: string): boolean {
  return /^\.dreamos-export-[0-9A-Z]{10}$/.test(name);
}

/** In that folder: the version that is there, the next one, and texts. */
export function exportFiles(folder: string): {
  readonly was: string;
  readonly next: string;
  readonly text: (name: string) => string;
} {
  return {
    was: pathIn(folder, 'was.db'),
    next: pathIn(folder, 'next.db'),
    text: (name) => pathIn(folder, `${name}.text`),
  };
}
