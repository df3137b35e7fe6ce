import { timeIn } from '../../model/clock.ts';
import { timeLeft } from '../../model/duration.ts';
import type { Context } from '../context.ts';

/** Which moment a time was taken for whose zone nobody wrote: most clocks on a wall are not in UTC. */
export async function sayMoment(context: Context, text: string | undefined): Promise<void> {
  if (text === undefined || /(?:Z|[+-]\d\d:?\d\d)$/i.test(text)) return;
  const at = timeIn(text);
  if (at === undefined) return;
  const inMs = at - (await context.session()).clock.now();
  const moment = new Date(at).toISOString().replace(/(?::00)?\.000Z$/, 'Z');
  await context.output.note(`Delivered from ${moment} on, in ${timeLeft(inMs)}: a time without a zone is UTC.`);
}
