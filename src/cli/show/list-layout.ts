import type { Listed } from '../../contract/look.ts';
import { sameAgent } from '../../model/agent.ts';
import { formatDuration } from '../../model/duration.ts';
import { titleOf } from './message-view.ts';
import { layoutOf, type RowLayout, wideEnough } from './screenful.ts';

/** What a line of a list says on a terminal. What every message has by nature (normal, no attempt) is not said. */
export function listLayout(width: number, nowMs: number): RowLayout<Listed> {
  const isWide = width >= wideEnough;
  return layoutOf(
    [
      ['id', true, ({ id }) => id],
      ['state', true, ({ state }) => state],
      ['priority', isWide, unusualPriority],
      ['attempts', isWide, ({ attempt }) => (attempt === 0 ? '' : String(attempt))],
      ['age', true, ({ message }) => (message ? formatDuration(nowMs - Date.parse(message.createdAt)) : '')],
      ['from', true, ({ message }) => message?.from ?? ''],
      ['subject', true, ({ message }) => (message ? titleOf(message) : '(unreadable)')],
      [
        'note',
        true,
        (listed) =>
          [isWide ? '' : unusualPriority(listed), noteOf(listed, nowMs), ...heldNote(listed, isWide)]
            .filter(Boolean)
            .join(', '),
      ],
    ],
    // A note of a reason is cut, one of a time never is.
    { from: 6, subject: 8, note: 16 },
  );
}

function unusualPriority({ priority }: Listed): string {
  return priority === 'normal' ? '' : priority;
}

/** Where there is little room, nothing that goes without saying: its own agent, for the first time. */
function heldNote({ mailbox, state, heldBy, attempt }: Listed, isWide: boolean): string[] {
  if (state !== 'inflight') return [];
  const by = heldBy === undefined || (!isWide && sameAgent(heldBy, mailbox)) ? '' : `by ${heldBy}`;
  return [by, attempt > 1 ? `redelivered (attempt ${attempt})` : ''];
}

function noteOf({ leaseUntil, dueAt, reason }: Listed, nowMs: number): string {
  const till = (time: string): string => formatDuration(Math.max(0, Date.parse(time) - nowMs));
  if (leaseUntil !== undefined) return `${till(leaseUntil)} left`;
  return dueAt === undefined ? (reason ?? '') : `due in ${till(dueAt)}`;
}
