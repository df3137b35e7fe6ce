/**
 * A root out of a backup. All of the backup is checked first; then the root is made beside its place, and put there
 * (staging.ts).
 */
import type { FindOptions, FoundRoot } from '../find-root.ts';
import { place } from './place.ts';
import { planFor } from './plan.ts';
import { readBackup } from './read-backup.ts';
import { stageRoot } from './staging.ts';

export interface RestoreOptions extends FindOptions {
  readonly onProgress?: ((messages: number) => void) | undefined;
  /** Ends it; nothing is restored then. */
  readonly signal?: AbortSignal | undefined;
}

export interface RestoredRoot extends FoundRoot {
  /** How many messages it has, each mailbox's own. */
  readonly messages: number;
  /** Of these, how many were claimed, and are ready again. */
  readonly claimed: number;
  readonly begunAt: number;
}

/**
 * @param file its absolute path @returns `undefined`: the signal came
 * @throws as readBackup and stageRoot
 */
export async function restoreFileStore(file: string, options: RestoreOptions): Promise<RestoredRoot | undefined> {
  const staging = await stageRoot(options, 'restore');
  const backup = await readBackup(staging.disk, file);
  const plan = planFor(staging.ctx, backup);
  try {
    await staging.make();
    const messages = await place(staging.ctx, file, plan, options);
    if (messages === undefined || options.signal?.aborted) return undefined;
    const root = await staging.put();
    const claimed = [...plan.claims.values()].reduce((sum, { length }) => sum + length, 0);
    return { ...root, messages, claimed, begunAt: backup.begunAt };
  } finally {
    await staging.remove();
  }
}
