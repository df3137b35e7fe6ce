import { usage } from '../../model/refusals.ts';
import { stepJson } from '../../contract/json.ts';
import type { Context } from '../../cli/context.ts';
import { broken } from '../../cli/fit.ts';
import { mermaidOf } from '../../cli/show/mermaid.ts';
import { stepLines } from '../../cli/events/step-lines.ts';
import { harmless } from '../../cli/harmless.ts';
import { addressOf, placeName, titleOf } from '../../cli/show/message-view.ts';
import type { Paint } from '../../cli/output.ts';
import { checkId } from '../../cli/input/parse.ts';
import { trace, type Trace } from '../../core/look/trace.ts';

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

function traceText({ id, message, entries, steps }: Trace, paint: Paint): string {
  const what = message
    ? `from ${message.from} to ${addressOf(message)}: ${titleOf(message)}`
    : '(it cannot be read any more)';
  const lines = stepLines(steps, id, paint);
  const now = entries.map(({ mailbox, state }) => `${state} in ${placeName(mailbox)}`).join(', ');
  return [
    `${paint.bold(id)}  ${harmless(what)}`,
    '',
    ...lines,
    '',
    `Now: ${now === '' ? 'nowhere' : harmless(now)}`,
  ].join('\n');
}
