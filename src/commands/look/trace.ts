import { usage } from '../../model/refusals.ts';
import type { TraceStep } from '../../contract/look.ts';
import type { Context } from '../../cli/context.ts';
import { broken } from '../../cli/fit.ts';
import { mermaidOf } from '../../cli/show/mermaid.ts';
import { harmless } from '../../cli/harmless.ts';
import { addressOf, placeName, titleOf, whoseText } from '../../cli/show/message-view.ts';
import type { Paint } from '../../cli/output.ts';
import { checkId } from '../../cli/input/parse.ts';
import { trace, type Trace } from '../../core/look/trace.ts';
import { formatDuration } from '../../model/duration.ts';

export async function traceCommand(context: Context, id: string, options: { mermaid?: boolean }): Promise<void> {
  const { output } = context;
  if (options.mermaid && output.json) throw usage('--json and --mermaid are two formats.', 'Leave out one of them.');
  const session = await context.session();
  const traced = await trace(session, checkId(id));
  if (options.mermaid) await output.data(`${mermaidOf(traced)}\n`);
  else if (output.json) for (const step of traced.steps) await output.item(stepJson(step), () => '');
  else await output.data(`${broken(traceText(traced, await output.paint()), output.width)}\n`);
  for (const mailbox of traced.cut)
    await output.warn(
      `The event log of ${mailbox} does not go back to the arrival of ${traced.id}; what is shown may begin late.`,
    );
}

/** Without the place in a topic's log, which is the store's own. */
function stepJson(step: TraceStep) {
  const { at, mailbox, event, id, key: _, ...rest } = step;
  return { at, mailbox, event, id, ...rest };
}

function traceText({ id, message, entries, steps }: Trace, paint: Paint): string {
  const what = message
    ? `from ${message.from} to ${addressOf(message)}: ${titleOf(message)}`
    : '(it cannot be read any more)';
  const width = Math.max(10, ...steps.map(({ mailbox }) => placeName(mailbox).length));
  const lines = steps.map((step) => {
    const since = `+${formatDuration(step.sinceStartMs)}`.padStart(7);
    return `${paint.dim(step.at)} ${since}  ${harmless(placeName(step.mailbox)).padEnd(width)}  ${harmless(wordsOf(step, id))}`;
  });
  const now = entries.map(({ mailbox, state }) => `${state} in ${placeName(mailbox)}`).join(', ');
  return [
    `${paint.bold(id)}  ${harmless(what)}`,
    '',
    ...lines,
    '',
    `Now: ${now === '' ? 'nowhere' : harmless(now)}`,
  ].join('\n');
}

/** `claimed by worker, attempt 2, after 3s`; the time is since the last step, of the end of a claim since it began. */
function wordsOf(step: TraceStep, id: string): string {
  const { event, via, session, attempt, from, sinceLastMs, heldMs, replacedBy } = step;
  const reason = replacedBy === undefined ? step.reason : `its place is taken by ${replacedBy}`;
  if (step.id !== id) return `answered by ${from ?? 'somebody'}: ${step.id}`;
  const took = heldMs ?? sinceLastMs;
  const told = [
    via === undefined
      ? `${event.replace('_', ' ')} ${whoseText(step, from)}`.trimEnd()
      : `${event} in ${via}, session ${session ?? '?'}`,
    ...(attempt === undefined ? [] : [`attempt ${attempt}`]),
    ...(took === null ? [] : [`${heldMs === undefined ? 'after' : 'held'} ${formatDuration(took)}`]),
  ].join(', ');
  return reason === undefined ? told : `${told} (${reason})`;
}
