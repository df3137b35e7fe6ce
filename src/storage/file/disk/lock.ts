/** Lock files, by proper-lockfile. */
import { diskError } from './disk-error.ts';
import { lockFolder } from '../names/beside.ts';

// A dead holder delays others for at most this long; a live one refreshes its lock every half of it.
const lockStaleMs = 10_000;
const lockTries = 120;

// proper-lockfile's own retries also repeat what does not get better by waiting: 50 s on a root that cannot be written.
export async function takeLock(path: string): Promise<() => Promise<void>> {
  const { default: lockfile } = await import('proper-lockfile');
  // Compromised by a stale takeover, after this process was paused for long: by default that ends the process. The work
  // is safe to do twice, so it goes on.
  const onCompromised = (): void => undefined;
  for (let tried = 1; ; tried++) {
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
