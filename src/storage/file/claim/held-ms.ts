import { lastedMs } from '../../../model/clock.ts';
import type { EntryName } from '../names/entry-name.ts';

/** How long a claim was held that ends now. @param name what it was called in flight; of anything else nothing is known */
export function heldMs({ tag, since }: EntryName, now: number): number | undefined {
  return tag === 'd' && since !== undefined ? lastedMs(since, now) : undefined;
}
