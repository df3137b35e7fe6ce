import type { WatchedEvent } from '../../model/event.ts';
import { cutLine, widthOf } from '../fit.ts';
import { harmless } from '../harmless.ts';
import type { Paint } from '../output.ts';
import { whoseText } from '../show/message-view.ts';
import { wideEnough } from '../show/screenful.ts';

export function eventJson({ cursor, at, mailbox, event, id, ...rest }: WatchedEvent) {
  return { cursor, at, mailbox, event, id, ...rest };
}

/** On a narrow terminal without the year, and with the end of the id, by which it may be typed: else nothing of the rest has room. */
export function eventText(event: WatchedEvent, width: number, paint: Paint, columns: number): string {
  const told = [
    event.from === undefined ? '' : `from ${event.from}`,
    event.priority === undefined || event.priority === 'normal' ? '' : event.priority,
    event.subject ? `"${event.subject}"` : '',
    whoseText(event, event.from),
    event.via === undefined ? '' : `in ${event.via}`,
    event.event === 'forwarded' && event.to !== undefined ? `to ${event.to}` : '',
    event.attempt === undefined ? '' : `attempt ${event.attempt}`,
    event.replacedBy === undefined ? '' : `(its place is taken by ${event.replacedBy})`,
    event.reason === undefined ? '' : `(${event.reason})`,
    event.again ? '(told again)' : '',
  ].filter((part) => part !== '');
  const isNarrow = columns < wideEnough;
  const at = harmless(isNarrow ? `${event.at.slice(5, 19).replace('T', ' ')}Z` : event.at);
  const id = harmless(isNarrow ? event.id.slice(-8) : event.id);
  const mailbox = harmless(event.mailbox).padEnd(width);
  const kind = harmless(event.event).padEnd(13);
  const room = Math.max(1, columns - [at, mailbox, kind, id].reduce((sum, part) => sum + widthOf(part) + 2, 0));
  const what = cutLine(harmless(told.join(' ')), room);
  return `${paint.dim(at)}  ${mailbox}  ${kindPaint(event.event, paint)(kind)}  ${id}  ${what}`.trimEnd();
}

function kindPaint(kind: string, paint: Paint): (text: string) => string {
  if (kind === 'dead' || kind === 'corrupt') return paint.red;
  if (kind === 'nacked' || kind === 'lease_expired') return paint.yellow;
  return kind === 'acked' ? paint.green : paint.cyan;
}
