/**
 * What a user keeps outside of every root, for himself alone: private keys, which keys of others he trusts, passwords. Each file is
 * replaced as a whole, by one rename, under a lock; its folders are made for their owner alone.
 */
import * as fs from 'node:fs';
import { homedir } from 'node:os';
import { systemClock } from '../../../../model/clock.ts';
import { attempt } from '../disk-error.ts';
import { nodeDisk } from '../node-disk.ts';
import { isLockAside, nextHostFile } from '../../names/beside.ts';
import { folderOf, isIn, pathIn } from '../../names/path.ts';
import { identityPath, storesPath, trustPath, userFolder } from '../../names/foreign/user-name.ts';

/** Files of a few hundred keys. */
const mostBytes = 16 * 1024 * 1024;

export interface UserFile {
  readonly path: string;
  readonly bytes: Buffer;
  /** Another one is another file. */
  readonly version: string;
  /** Whether others than its owner may read it, and change it. */
  readonly isReadable: boolean;
  readonly isWritable: boolean;
  /** It belongs to another user than this one and root, who can give it any mode. */
  readonly isAnothers: boolean;
}

export interface UserPaths {
  identity(root: string, agent: string): string;
  trust(root: string): string;
  /** Passwords of engines. */
  readonly stores: string;
}

/** Where they lie: in `DREAMOS_CONFIG_HOME`, else in `dreamos` of XDG_CONFIG_HOME, else of ~/.config. */
export function userPaths(env: Readonly<Record<string, string | undefined>>): UserPaths {
  const folder = userFolder(env, env['HOME'] || homedir());
  return {
    identity: (root, agent) => identityPath(folder, root, agent),
    trust: (root) => trustPath(folder, root),
    stores: storesPath(folder),
  };
}

const nothing = { ENOENT: undefined, ENOTDIR: undefined };

/** `undefined`: there is none. It costs one look. @throws DISK_FAILED */
export function versionOfUserFile(path: string): string | undefined {
  const stat = attempt<fs.Stats | undefined, undefined>(
    path,
    'look at',
    () => fs.statSync(path, { throwIfNoEntry: false }),
    nothing,
  );
  return stat && versionOf(stat);
}

/** @returns `undefined`: there is none @throws DISK_FAILED; what is no regular file, too */
export function readUserFile(path: string): UserFile | undefined {
  const fd = attempt<number, undefined>(
    path,
    'open',
    // A pipe would be waited for.
    () => fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK),
    nothing,
  );
  if (fd === undefined) return undefined;
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile() || stat.size > mostBytes) throw Object.assign(new Error(), { code: 'EINVAL' });
    return {
      path,
      bytes: fs.readFileSync(fd),
      version: versionOf(stat),
      isReadable: (stat.mode & 0o044) !== 0,
      isWritable: (stat.mode & 0o022) !== 0,
      isAnothers: isOfAnother(stat),
    };
  } catch (error) {
    return attempt<UserFile, never>(path, 'read', () => {
      throw error;
    });
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * The first folder of a file that others than this user and root may change, up to the user's own: they could put another file
 * in its place. Where each may take away but what is his (sticky, as /tmp) they cannot.
 * @returns `undefined`: there is none, or it is not there yet
 */
export function openFolderOf(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): { readonly folder: string; readonly isAnothers: boolean } | undefined {
  const top = userFolder(env, env['HOME'] || homedir());
  for (let folder = folderOf(path); ; folder = folderOf(folder)) {
    const stat = attempt<fs.Stats | undefined, undefined>(
      folder,
      'look at',
      () => fs.statSync(folder, { throwIfNoEntry: false }),
      nothing,
    );
    const isAnothers = stat !== undefined && isOfAnother(stat);
    if (isAnothers || (stat && (stat.mode & 0o022) !== 0 && (stat.mode & 0o1000) === 0)) return { folder, isAnothers };
    if (folder === top || !isIn(top, folder)) return undefined;
  }
}

/**
 * Puts it in the place of what was read, synced; nobody else may read it. Who calls it holds the file (`whileUserFileHeld`).
 * @param was `undefined`: there was none
 * @returns `false`: it is another one by now, and nothing was changed @throws DISK_FAILED; then it is as it was
 */
export function replaceUserFile(path: string, text: string, was: UserFile | undefined): boolean {
  // Through a link to what it leads to.
  const target = was ? attempt<string, never>(path, 'resolve', () => fs.realpathSync(path)) : path;
  const fresh = nextHostFile(target);
  attempt(fresh, 'remove', () => fs.rmSync(fresh, { force: true }));
  try {
    attempt(fresh, 'write', () => fs.writeFileSync(fresh, text, { flag: 'wx', mode: 0o600, flush: true }));
    if (versionOfUserFile(path) !== was?.version) return false;
    attempt(target, 'replace', () => fs.renameSync(fresh, target));
  } finally {
    attempt(fresh, 'remove', () => fs.rmSync(fresh, { force: true }));
  }
  nodeDisk().syncDir(folderOf(target)) as boolean;
  return true;
}

/** One process at a time changes it. */
export async function whileUserFileHeld<T>(path: string, work: () => Promise<T>): Promise<T> {
  makeFolders(path);
  return nodeDisk().withLock(path, async () => {
    sweep(path);
    return work();
  });
}

// Longer than any process is on its way between the two steps of giving a lock back.
const oldMs = 60_000;

/** What killed processes have left of the lock: no `doctor` looks here. */
function sweep(path: string): void {
  const folder = folderOf(path);
  for (const name of attempt<string[], never>(folder, 'read the folder', () => fs.readdirSync(folder))) {
    const aside = pathIn(folder, name);
    const { mtimeMs = Infinity } = (isLockAside(name, path) && fs.statSync(aside, { throwIfNoEntry: false })) || {};
    if (systemClock.now() - mtimeMs > oldMs)
      attempt(aside, 'remove the folder', () => fs.rmdirSync(aside), { ...nothing, ENOTEMPTY: undefined });
  }
}

function makeFolders(path: string): void {
  const folder = folderOf(path);
  const first = attempt<string | undefined, never>(folder, 'make the folder', () =>
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 }),
  );
  if (first === undefined) return;
  for (let made = folder; ; made = folderOf(made)) {
    nodeDisk().syncDir(folderOf(made)) as boolean;
    if (made === first) return;
  }
}

function isOfAnother({ uid }: fs.Stats): boolean {
  return ![0, nodeDisk().userId() ?? uid].includes(uid);
}

function versionOf({ ino, mtimeMs, size, mode, uid }: fs.Stats): string {
  return [ino, mtimeMs, size, mode, uid].join(' ');
}
