import type { Listed } from '../../contract/look.ts';
import { sameAgent } from '../../model/agent.ts';
import { formatDuration, timeLeft } from '../../model/duration.ts';
import { placeName, signatureWord, titleOf, whoText } from './message-view.ts';
import { layoutOf, type RowLayout, wideEnough } from './screenful.ts';

/**
 * What a line of a list says on a terminal. What every message has by nature (normal, no attempt) is not said.
 * @param everywhere several mailboxes are looked into
 */
export function listLayout(width: number, nowMs: number, everywhere: boolean): RowLayout<Listed> {
  const isWide = width >= wideEnough;
  return layoutOf(
    [
      ['id', true, ({ id }) => id],
      ['mailbox', everywhere, ({ mailbox }) => placeName(mailbox)],
      ['state', true, ({ state }) => state],
      ['priority', isWide, unusualPriority],
      ['attempts', isWide, ({ attempt }) => (attempt === 0 ? '' : String(attempt))],
      ['age', true, ({ message }) => (message ? formatDuration(nowMs - Date.parse(message.createdAt)) : '')],
      // In 80 columns there is room for one of both.
      ['from', isWide || !everywhere, ({ message }) => message?.from ?? ''],
      ['subject', true, ({ message }) => (message ? titleOf(message) : '(unreadable)')],
      [
        'note',
        true,
        (listed) =>
          [signatureWord(listed), ...(isWide ? [] : [unusualPriority(listed)]), ...noteOf(listed, nowMs, isWide)]
            .filter(Boolean)
            .join(', '),
      ],
    ],
    // A note of a reason is cut, one of a time never is.
    { mailbox: 5, from: 6, subject: 8, note: 18 },
  );
}

function unusualPriority({ priority }: Listed): string {
  return priority === 'normal' ? '' : priority;
}

/** Where there is little room, nothing that goes without saying: its own agent, for the first time. */
function noteOf(
  { mailbox, leaseUntil, dueAt, reason, heldBy, heldLabel, attempt }: Listed,
  nowMs: number,
  isWide: boolean,
): string[] {
  const till = (time: string): string => timeLeft(Date.parse(time) - nowMs);
  if (leaseUntil === undefined) return [dueAt === undefined ? (reason ?? '') : `due in ${till(dueAt)}`];
  const left = `${till(leaseUntil)} left`;
  if (isWide)
    return [left, heldBy === undefined ? '' : `by ${whoText(heldBy, heldLabel)}`, attempt > 1 ? 'redelivered' : ''];
  const again = attempt > 1 ? `try ${attempt}` : '';
  const label = heldLabel ?? '';
  if (heldBy === undefined || sameAgent(heldBy, mailbox)) return [left, again, label];
  return [`${heldBy} ${again === '' ? left : `${till(leaseUntil)} ${again}`}`, label];
}
