import { dayMs } from '../../model/basics/limits.ts';

/** A process that was about to write at midnight may do so a little later. */
const lateMs = 60_000;

/** Whether a checkpoint of then has seen all that is ever noted of that day. */
export function isOverAt(day: string, at: string): boolean {
  return Date.parse(`${day}T00:00:00Z`) + dayMs + lateMs <= Date.parse(at);
}
