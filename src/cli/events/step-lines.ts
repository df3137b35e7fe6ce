import type { TraceStep } from '../../contract/look.ts';
import { formatDuration } from '../../model/duration.ts';
import { harmless } from '../harmless.ts';
import type { Paint } from '../output.ts';
import { placeName, whoseText } from '../show/message-view.ts';

/** What happened to a message, a line each. @param id its own: an answer's arrival has another */
export function stepLines(steps: readonly TraceStep[], id: string, paint: Paint): string[] {
  const width = Math.max(10, ...steps.map(({ mailbox }) => placeName(mailbox).length));
  return steps.map((step) => {
    const since = `+${formatDuration(step.sinceStartMs)}`.padStart(7);
    return `${paint.dim(step.at)} ${since}  ${harmless(placeName(step.mailbox)).padEnd(width)}  ${harmless(wordsOf(step, id))}`;
  });
}

/** `claimed by worker, attempt 2, after 3s`; the time is since the last step, of the end of a claim since it began. */
function wordsOf(step: TraceStep, id: string): string {
  const { event, via, session, attempt, from, to, sinceLastMs, heldMs, replacedBy } = step;
  const reason = replacedBy === undefined ? step.reason : `its place is taken by ${replacedBy}`;
  if (step.id !== id) return `answered by ${from ?? 'somebody'}: ${step.id}`;
  const took = heldMs ?? sinceLastMs;
  const told = [
    via === undefined
      ? `${event.replace('_', ' ')}${event === 'forwarded' ? ` to ${to ?? '?'}` : ''} ${whoseText(step, from)}`.trimEnd()
      : `${event} in ${via}, session ${session ?? '?'}`,
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(took === null ? [] : [`${heldMs === undefined ? 'after' : 'held'} ${formatDuration(took)}`]),
  ].join(', ');
  return reason === undefined ? told : `${told} (${reason})`;
}
