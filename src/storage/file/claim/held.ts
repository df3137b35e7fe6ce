import { lastedMs } from '../../../model/clock.ts';
import { isLate } from '../../../model/metrics/late.ts';
import type { LogEntry } from '../events/event-log.ts';
import type { EntryName } from '../names/entry-name.ts';

/** How long a claim was held that ends now. @param name what it was called in flight; of anything else nothing is known */
export function heldMs({ tag, since }: EntryName, now: number): number | undefined {
  return tag === 'd' && since !== undefined ? lastedMs(since, now) : undefined;
}

/** What the event tells of a message that is over, done or dead. */
export function endOf(name: EntryName, now: number): Pick<LogEntry, 'heldMs' | 'late' | 'task'> {
  return { heldMs: heldMs(name, now), late: isLate(name, now), ...(name.task && { task: true as const }) };
}
