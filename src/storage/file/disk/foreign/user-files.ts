/**
 * What a user keeps outside of every root, for himself alone: private keys, and which keys of others he trusts. Each file is
 * replaced as a whole, by one rename, under a lock; its folders are made for their owner alone.
 */
import * as fs from 'node:fs';
import { homedir } from 'node:os';
import { attempt } from '../disk-error.ts';
import { nodeDisk } from '../node-disk.ts';
import { type HostFile, replaceHostFile } from './host-files.ts';
import { folderOf } from '../../names/path.ts';
import { identityPath, trustPath, userFolder } from '../../names/user-name.ts';

/** Files of a few hundred keys. */
const mostBytes = 16 * 1024 * 1024;

export interface UserFile extends HostFile {
  /** Another one is another file. */
  readonly version: string;
  /** Whether others than its owner may read it, and change it. */
  readonly isReadable: boolean;
  readonly isWritable: boolean;
}

export interface UserPaths {
  identity(root: string, agent: string): string;
  trust(root: string): string;
}

/** Where they lie: in `DREAMOS_CONFIG_HOME`, else in `dreamos` of XDG_CONFIG_HOME, else of ~/.config. */
export function userPaths(env: Readonly<Record<string, string | undefined>>): UserPaths {
  const folder = userFolder(env, env['HOME'] || homedir());
  return {
    identity: (root, agent) => identityPath(folder, root, agent),
    trust: (root) => trustPath(folder, root),
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
      mode: stat.mode & 0o7777,
      version: versionOf(stat),
      isReadable: (stat.mode & 0o044) !== 0,
      isWritable: (stat.mode & 0o022) !== 0,
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
 * Puts it in the place of what was read, synced, with what folders it takes; a new one nobody else may read.
 * @param was `undefined`: there was none
 * @returns `false`: it is another one by now, and nothing was changed @throws DISK_FAILED
 */
export function replaceUserFile(path: string, text: string, was: UserFile | undefined): boolean {
  return replaceHostFile(path, Buffer.from(text), was, 0o600);
}

/** One process at a time changes it. */
export async function whileUserFileHeld<T>(path: string, work: () => Promise<T>): Promise<T> {
  makeFolders(path);
  return nodeDisk().withLock(path, work);
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

function versionOf({ ino, mtimeMs, size, mode }: fs.Stats): string {
  return [ino, mtimeMs, size, mode].join(' ');
}
