/** Lock files, by proper-lockfile. */
import * as fs from 'node:fs';
import { systemClock } from '../../../model/clock.ts';
import { attempt, diskError } from './disk-error.ts';
import { lockFolder } from '../names/beside.ts';

// A dead holder delays others for about this long; a live one refreshes its lock every half of it.
const lockStaleMs = 10_000;
const lockTries = 120;

// proper-lockfile's own retries also repeat what does not get better by waiting: 50 s on a root that cannot be written.
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const { default: lockfile } = await import('proper-lockfile');
  // Compromised by a stale takeover, after this process was paused for long: by default that ends the process. The work
  // is safe to do twice, so it goes on.
  const onCompromised = (): void => undefined;
  const removeDead = deadLockRemover(lockFolder(path));
  for (let tried = 1; ; tried++) {
    removeDead();
    try {
      return await lockfile.lock(path, { realpath: false, stale: lockStaleMs, onCompromised });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED' || tried === lockTries) {
        throw diskError(error, lockFolder(path), 'take the lock');
      }
    }
    const waitMs = Math.min(500, 10 * 1.2 ** tried) * (1 + Math.random());
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/**
 * proper-lockfile goes by a lock's date, and one in the future (the clock was ahead, the files were copied) has no age for as
 * long. So whoever waits also looks whether it is refreshed at all, by a clock that does not step.
 */
function deadLockRemover(folder: string): () => void {
  let seen: number | undefined;
  let since = 0;
  return () => {
    const dated = fs.lstatSync(folder, { throwIfNoEntry: false })?.mtimeMs;
    if (dated !== seen) since = systemClock.uptime();
    else if (dated !== undefined && systemClock.uptime() - since > lockStaleMs)
      attempt(folder, 'remove the folder', () => fs.rmdirSync(folder), { ENOENT: undefined });
    seen = dated;
  };
}
