import type { Glance } from '../../core/keep/dlq.ts';
import { cut } from '../../model/basics/text.ts';
import { formatDuration } from '../../model/duration.ts';
import type { Output } from '../output.ts';
import { titleOf } from './message-view.ts';
import { layoutOf, type RowLayout, wideEnough } from './screenful.ts';

/**
 * What a line of dead letters says: on a terminal ages, and who sent it only where there is room.
 * @param everywhere several mailboxes are looked into
 */
export function deadLayout(output: Output, everywhere: boolean, nowMs: number): RowLayout<Glance> {
  const { toTerminal } = output;
  const isWide = output.width >= wideEnough;
  return layoutOf(
    [
      ['id', true, ({ id }) => id],
      ['mailbox', everywhere, ({ mailbox }) => mailbox],
      ['dead since', !toTerminal, ({ deadAt }) => deadAt],
      ['dead for', toTerminal, ({ deadAt }) => formatDuration(nowMs - Date.parse(deadAt))],
      ['attempts', isWide, ({ attempts }) => String(attempts)],
      ['from', isWide, ({ message }) => message?.from ?? ''],
      ['subject', true, ({ message }) => (message ? titleOf(message) : '(unreadable)')],
      ['reason', true, ({ reason }) => reason],
    ],
    { mailbox: 6, from: 6, subject: 6, reason: 6 },
  );
}

const longestCause = 40;

/**
 * How a reason begins, as it can be typed to find others of its kind: a number behind several words is mostly of this one
 * alone, and behind one (`exit 65`) mostly what the kind is.
 */
export function beginningOf(reason: string): string {
  const [line = ''] = /^\P{C}*/u.exec(reason) ?? [];
  const [words = ''] = /^(?=\S+\s+[^\d\s])[^\d]{4,40}(?=\s\S*\d|$)/u.exec(line) ?? /^.{1,40}(?=\s|$)/u.exec(line) ?? [];
  return (words || cut(line, longestCause + 1).replace(/\u2026$/, '')).trim();
}
