import { isoTime } from '../../contract/json.ts';
import { timeLeft } from '../../model/duration.ts';
import type { Settled } from '../../storage/port/mail.ts';

/** Where a message is after a nack, and of one that rests until when. */
export function whereNow({ state, dueAt }: Settled, nowMs: number): string {
  return dueAt === undefined ? state : `${state} until ${isoTime(dueAt)} (in ${timeLeft(dueAt - nowMs)})`;
}
