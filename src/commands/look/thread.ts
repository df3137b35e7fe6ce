import { withEnds } from '../../cli/as-typed.ts';
import type { Context } from '../../cli/context.ts';
import { printOrWarn } from '../../cli/print-message.ts';
import { broken, cutLine } from '../../cli/fit.ts';
import type { ShownJson } from '../../contract/look.ts';
import { harmless } from '../../cli/harmless.ts';
import { entryJson, signatureIn } from '../../contract/json.ts';
import { addressOf, placeName, signatureText } from '../../cli/show/message-view.ts';
import type { Paint } from '../../cli/output.ts';
import { thread, type ThreadMessage } from '../../core/look/thread.ts';
import { cut } from '../../model/basics/text.ts';

export async function threadCommand(context: Context, id: string): Promise<void> {
  const { output, signal } = context;
  const session = await context.session();
  const onProgress = (looked: number) => output.progress(`${looked} looked at`);
  const messages = await thread(session, id, { signal, onProgress });
  await output.done();
  if (signal.aborted) return;
  const paint = await output.paint();
  for (const [i, found] of messages.entries()) {
    const entries = found.entries.map((entry) => entryJson(entry, session.acting));
    await printOrWarn(
      output,
      found.message.id,
      { message: found.message, entries, ...signatureIn(found) } satisfies ShownJson,
      () => `${i > 0 ? '\n' : ''}${messageText(found, paint, output.width)}`,
    );
  }
}

const bodyLines = 4;
const lineCharacters = 101;

function messageText({ message, entries, ...known }: ThreadMessage, paint: Paint, columns: number): string {
  const { id, createdAt, from, subject, body } = message;
  const where = entries.map(({ mailbox, state }) => `${placeName(mailbox)}: ${state}`).join(', ');
  const head = `${createdAt}  ${from} -> ${addressOf(message)}${subject === '' ? '' : `  ${JSON.stringify(subject)}`}`;
  const lines = body.trim().split('\n');
  const shown = lines.slice(0, bodyLines).map((line) => harmless(line));
  const show = `dreamos show ${id}`;
  const more =
    lines.length > bodyLines
      ? [`… ${lines.length - bodyLines} more lines: ${columns === Infinity ? show : withEnds(show)}`]
      : [];
  return [
    paint.bold(broken(harmless(head), columns)),
    paint.dim(broken(`${id}  (${harmless(where)})${signatureText(known)}`, columns)),
    ...[...shown.map((line) => cut(line, lineCharacters)), ...more].map((line) => cutLine(`  | ${line}`, columns)),
  ].join('\n');
}
