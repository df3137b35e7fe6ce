/**
 * Lock files, by proper-lockfile. It asks for a folder's name alone, and who was paused for long (SIGSTOP, a laptop's lid) can
 * find another's lock under it, in front of any call. So it is given a file system of one folder, which knows which folder it
 * has made, or has looked at, and refreshes and removes no other.
 */
import * as fs from 'node:fs';
import { systemClock } from '../../../model/clock.ts';
import { attempt, diskError } from './disk-error.ts';
import { lockAside, lockFolder } from '../names/beside.ts';

// A dead holder delays others for about this long; a live one refreshes its lock every half of it.
const lockStaleMs = 10_000;
const lockTries = 120;

interface TakenLock {
  isHeld(): boolean;
  /** Takes away nothing but this lock. */
  release(): Promise<void>;
}

// proper-lockfile's own retries also repeat what does not get better by waiting: 50 s on a root that cannot be written.
/** @param busy what is thrown as soon as it is seen that one who is alive holds it; without it that is waited for */
export async function takeLock(path: string, busy?: () => Error): Promise<TakenLock> {
  const folder = lockFolder(path);
  const removeDead = deadLockRemover(folder);
  for (let tried = 1; ; tried++) {
    if (removeDead() === 'alive' && busy) throw busy();
    try {
      const taken = await tryLock(path);
      if (taken) return taken;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED' || tried === lockTries)
        throw diskError(error, folder, 'take the lock');
    }
    const waitMs = Math.min(500, 10 * 1.2 ** tried) * (1 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** @returns `undefined`: this process was paused meanwhile, and another may have it */
async function tryLock(path: string): Promise<TakenLock | undefined> {
  const { default: lockfile } = await import('proper-lockfile');
  const { isThere, isHeld, fileSystem } = ownFolder(lockFolder(path));
  // Compromised by a stale takeover: by default that ends the process. Who has to know it asks `isHeld`.
  const onCompromised = (): void => undefined;
  const options = { realpath: false, stale: lockStaleMs, onCompromised, fs: fileSystem };
  const unlock = await lockfile.lock(path, options);
  // It goes by the path: of a lock that is lost, it would end the one that this process has taken there since.
  const release = async (): Promise<void> => (isThere() ? unlock() : undefined);
  if (isHeld()) return { isHeld, release };
  await release();
  return undefined;
}

/** Tells one folder from another under the same name; a number alone is soon given again. */
interface Folder {
  readonly inode: number;
  readonly mtimeMs: number;
}

type Callback = (error: unknown, stat?: fs.Stats) => void;

function ownFolder(folder: string) {
  let mine: Folder | undefined;
  let seen: Folder | undefined;
  let refreshed = moment();

  const isThere = (): boolean => mine !== undefined && isSame(look(folder), mine);
  // What is there after a pause may be another's already.
  const date = (work: () => void): void => {
    const before = moment();
    work();
    const made = look(folder);
    mine = isOver(before) ? undefined : made;
    refreshed = before;
    if (!mine) throw Object.assign(new Error(), { code: 'ELOCKED' });
  };
  const calling =
    <Arguments extends unknown[]>(work: (...given: Arguments) => fs.Stats | void) =>
    (_: string, ...given: [...Arguments, Callback]): void => {
      const callback = given.pop() as Callback;
      let stat: fs.Stats | undefined;
      try {
        stat = work(...(given as unknown as Arguments)) ?? undefined;
      } catch (error) {
        return callback(error);
      }
      callback(null, stat);
    };
  const remove = (): void => removeFolder(folder, mine ?? seen);

  return {
    isThere,
    /** `false`: it is another's, or others may take it now, since it was not refreshed for so long. */
    isHeld: () => !isOver(refreshed) && isThere(),
    /** What proper-lockfile asks of one. */
    fileSystem: {
      mkdir: calling(() => date(() => fs.mkdirSync(folder))),
      stat: calling(() => {
        const stat = fs.lstatSync(folder);
        seen = folderOf(stat);
        return stat;
      }),
      utimes: calling((atime: Date, mtime: Date) => {
        if (!isThere()) throw Object.assign(new Error(), { code: 'ENOENT' });
        date(() => fs.utimesSync(folder, atime, mtime));
      }),
      rmdir: calling(remove),
      // When the process ends.
      rmdirSync: remove,
    },
  };
}

/**
 * Between a look and what follows any process can be paused. So a lock is looked at once more under a name that nobody else
 * knows, where nothing takes its place; if it is another's, it is put back at once.
 */
function removeFolder(folder: string, was: Folder | undefined): void {
  if (!was || !isSame(look(folder), was)) return;
  const aside = lockAside(folder);
  if (!attemptRename(folder, aside)) return;
  let removed = false;
  try {
    if (isSame(look(aside), was)) {
      fs.rmdirSync(aside);
      removed = true;
    }
  } finally {
    if (!removed) putBack(aside, folder);
  }
}

/** Who has taken it meanwhile has it: the other one finds, when it asks, that it has lost it. */
function putBack(aside: string, folder: string): void {
  if (look(folder)) fs.rmdirSync(aside);
  else fs.renameSync(aside, folder);
}

function attemptRename(from: string, to: string): boolean {
  return attempt(from, `move to ${to}`, () => (fs.renameSync(from, to), true), { ENOENT: false });
}

function look(folder: string): Folder | undefined {
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  return stat && folderOf(stat);
}

function folderOf({ ino, mtimeMs }: fs.Stats): Folder {
  return { inode: ino, mtimeMs };
}

function isSame(one: Folder | undefined, other: Folder): boolean {
  return one !== undefined && one.inode === other.inode && one.mtimeMs === other.mtimeMs;
}

/** By both clocks: one stands still while the machine sleeps, the other may step. */
function moment(): { readonly now: number; readonly uptime: number } {
  return { now: systemClock.now(), uptime: systemClock.uptime() };
}

function isOver({ now, uptime }: ReturnType<typeof moment>): boolean {
  return systemClock.uptime() - uptime > lockStaleMs || systemClock.now() - now > lockStaleMs;
}

/**
 * proper-lockfile goes by a lock's date, and one in the future (the clock was ahead, the files were copied) has no age for as
 * long. So whoever waits also looks whether it is refreshed at all, by a clock that does not step.
 */
function deadLockRemover(folder: string): () => 'alive' | undefined {
  let seen: Folder | undefined;
  let since = 0;
  return () => {
    const found = look(folder);
    if (!found || !seen || !isSame(found, seen)) since = systemClock.uptime();
    else if (systemClock.uptime() - since > lockStaleMs)
      attempt(folder, 'remove the folder', () => removeFolder(folder, found), { ENOENT: undefined });
    const isRefreshed = found !== undefined && seen !== undefined && !isSame(found, seen);
    seen = found;
    return isRefreshed ? 'alive' : undefined;
  };
}
