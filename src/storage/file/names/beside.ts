import { join } from 'node:path';
import { bucketName, fileOf, formatName, ignoreName, type Mailbox, parseRevision, rootDocuments } from './layout.ts';
import { folderOf, longestName, nameOf, pathIn } from './path.ts';
import { parseTaskFile } from './task-name.ts';

/** Names of what lies beside documents and entries, and of what killed processes leave there. */

/** Of a document: a version that is to take its place. @param token drawn anew */
export function waitingOf(document: string, token: string): string {
  return `${document}.next-${token}`;
}

/** Whether a version of this document waits under this name. Nobody but us makes such a name: it may be taken away. */
export function isWaitingFor(name: string, document: string): boolean {
  return name.startsWith(document) && /^\.next-[0-9A-Z]{10}$/.test(name.slice(document.length));
}

/** Of a document, from older builds: the version before. */
export function keptOf(document: string): string {
  return `${document}${keptEnding}`;
}
const keptEnding = '.kept';

/** The document whose version before has this name; `undefined`: it is another file's. */
export function documentOfKept(name: string): string | undefined {
  return name.endsWith(keptEnding) ? name.slice(0, -keptEnding.length) : undefined;
}

/** Of an entry in dlq/: the document that says why. */
export function reasonOf(entryPath: string): string {
  return `${entryPath}${reasonEnding}`;
}
const reasonEnding = '.reason.json';

export function isReason(name: string): boolean {
  return name.endsWith(reasonEnding);
}

/** The entry that a reason is about. */
export function entryOfReason(reasonPath: string): string {
  return reasonPath.slice(0, -reasonEnding.length);
}

/** Of a file in corrupt/: the document that says what is wrong with it. */
export function noteOf(path: string): string {
  return `${path}.note.json`;
}

export function isNote(name: string): boolean {
  return name.endsWith('.note.json');
}

/** A name in corrupt/: when, something random, and as much of the old name as fits and is harmless. */
export function corruptName(timeMs: number, random: string, oldName: string): string {
  const harmless = oldName.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 150);
  const name = `${bucketName(timeMs, random)}-${harmless}`;
  return isNote(name) ? `${name}_` : name;
}

/** A card that cannot be read, in corrupt/. */
export function corruptCard(mailbox: Mailbox, random: string): string {
  return pathIn(mailbox.corrupt, `agent-${random}.json`);
}

/** What an agent may still send: a folder with one empty file, made with the first send under a limit. */
export function allowanceFolder(mailbox: Mailbox): string {
  return pathIn(mailbox.dir, 'allowance');
}

/** The same while it is being made. @param token drawn anew */
export function stagedAllowance(mailbox: Mailbox, token: string): string {
  return `${allowanceFolder(mailbox)}.${token}`;
}

export function isStagedAllowance(name: string): boolean {
  return /^allowance\.[0-9A-HJKMNP-TV-Z]{10}$/.test(name);
}

/** The file's name: when all of it may be sent again; microseconds since 1970. */
export function allowanceName(fullAtUs: number): string {
  return String(fullAtUs).padStart(16, '0');
}

/** `undefined`: it is another file's. */
export function parseAllowance(name: string): number | undefined {
  return /^\d{16}$/.test(name) ? Number(name) : undefined;
}

/** Where a root's server listens, if nothing else is said: there while one runs, or where one was killed. */
export const socketName = 'server.sock';

/** What proper-lockfile puts beside what it locks. */
export function lockFolder(path: string): string {
  return `${path}${lockEnding}`;
}
const lockEnding = '.lock';

/** Where a lock goes from its place to be removed. */
export function lockAside(folder: string): string {
  return `${folder}.${String(Math.random()).slice(2)}${lockEnding}`;
}

/** Whether a killed process has left a lock of this path there. */
export function isLockAside(name: string, path: string): boolean {
  return name.startsWith(`${nameOf(lockFolder(path))}.`) && isLockFolder(name);
}

export function isLockFolder(name: string): boolean {
  return name.endsWith(lockEnding);
}

/**
 * What a killed process left. `perhaps`: an older build did, whose names are no different from that of a copy which somebody
 * made with the date behind it.
 */
export type Leftover = 'certainly' | 'perhaps';

/** Of a document that a process died in the middle of; write-file-atomic puts a number behind the name of what it writes. */
function leftoverOf(name: string, isDocument: (name: string) => boolean): Leftover | undefined {
  const [, document = '', next] = /^(.*?\.json)(\.next-[0-9A-Z]{10})?(?:\.\d+)*$/.exec(name) ?? [];
  if (document === name || !isDocument(document)) return undefined;
  return next === undefined ? 'perhaps' : 'certainly';
}

export function reasonLeftover(name: string): Leftover | undefined {
  return leftoverOf(name, isReason);
}

export function cardLeftover(name: string): Leftover | undefined {
  return leftoverOf(name, (document) => document === 'agent.json');
}

/** Of either document of a mailbox. */
export function mailboxLeftover(name: string): Leftover | undefined {
  return cardLeftover(name) ?? leftoverOf(name, (document) => document === 'presence.json');
}

/** In tmp/. */
export function tmpLeftover(name: string): Leftover | undefined {
  return /^[0-9A-Z]{26}\.(?:jsonl?|jsonl\.gz)$/.test(name) ? 'certainly' : undefined;
}

/** In metrics/: what was to take a file's place. */
export function rollupLeftover(name: string): Leftover | undefined {
  return /^(?:index\.json|\d{4}-\d\d-\d\d\.jsonl)\.next-[0-9A-Z]{10}$/.test(name) ? 'certainly' : undefined;
}

/** In the root: of a document, or of the trial of its file system. */
export function rootLeftover(name: string): Leftover | undefined {
  return name.startsWith('.probe-') ? 'certainly' : leftoverOf(name, isRootDocument);
}

/** In a folder of tasks' documents. */
export function taskLeftover(name: string): Leftover | undefined {
  return leftoverOf(name, (document) => parseTaskFile(document) !== undefined);
}

/** Where what is kept of documents lies. */
export function revisionLeftover(name: string): Leftover | undefined {
  return leftoverOf(name, (document) => parseRevision(document) !== undefined);
}

function isRootDocument(name: string): boolean {
  return ['boot.json', formatName, ...rootDocuments.map(fileOf)].includes(name);
}

/** In a folder that only says where an engine keeps the mail: that, and what is of this machine alone. */
export function mayLieBesideEngine(name: string): boolean {
  return name === formatName || name === ignoreName || name === socketName;
}

/** Everything that an init which was cut off may have left in a root. */
export function mayLieInRoot(name: string): boolean {
  if (
    /^(?:agent_mailboxes|outbox|dedupe|topics|cursors|reach|tasks|received|config|audit)$/.test(name) ||
    isLockFolder(name) ||
    name === ignoreName ||
    name === socketName
  )
    return true;
  return rootLeftover(name) !== undefined || isRootDocument(documentOfKept(name) ?? name);
}

/** The files of the trial that a new root's file system is put to; the last name is as long as any. */
export function probeFiles(
  root: string,
  random: string,
): { readonly made: string; readonly linked: string; readonly renamed: string } {
  const name = `.probe-${random}`;
  const made = join(root, name);
  return { made, linked: `${made}-linked`, renamed: join(root, `${name}-renamed`.padEnd(longestName, '-')) };
}

/** Of another program's file: what is to take its place, and what is locked while it is changed. */
export function nextHostFile(path: string): string {
  return `${path}.dreamos-new`;
}

/** Not the name that a program would take for a lock of its own. */
export function heldHostFile(path: string): string {
  return pathIn(folderOf(path), `.dreamos-setup-${nameOf(path)}`);
}

/** Whether a killed process has left a lock of that aside under this name. */
export function isHeldAside(name: string, path: string): boolean {
  return isLockAside(name, heldHostFile(path));
}
