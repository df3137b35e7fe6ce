import { type Checkpoint, parseCheckpoint } from '../../model/security/audit.ts';
import { type Audit, checkpointLog } from '../../storage/port/audit.ts';
import { bytesOf } from './bytes.ts';

export interface Found {
  readonly checkpoint: Checkpoint;
  /** As it is written, without its end. */
  readonly line: string;
}

const tailBytes = 64 * 1024;

/**
 * The newest checkpoint: the last line that is one. Behind it only what a crash has cut short may lie.
 * @param size of their log @returns `undefined`: there is none
 */
export async function lastCheckpoint(audit: Audit, size: number): Promise<Found | undefined> {
  for (let start = size, most = tailBytes; start > 0; most *= 4) {
    start = Math.max(0, size - most);
    const lines = (await bytesOf(audit, checkpointLog, start, size)).toString().split('\n');
    // The first one may begin in front of it.
    for (const line of (start > 0 ? lines.slice(1) : lines).reverse()) {
      const checkpoint = parseCheckpoint(line);
      if (checkpoint) return { checkpoint, line };
    }
  }
  return undefined;
}
