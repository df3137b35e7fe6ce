import { withEnds } from '../../cli/as-typed.ts';
import type { Context } from '../../cli/context.ts';
import { printOrWarn } from '../../cli/print-message.ts';
import { broken, cutLine } from '../../cli/fit.ts';
import type { ShownJson } from '../../contract/look.ts';
import { given } from '../../cli/input/parse.ts';
import { harmless } from '../../cli/harmless.ts';
import { entryJson, signatureIn } from '../../contract/json.ts';
import { addressOf, placeName, signatureText } from '../../cli/show/message-view.ts';
import type { Paint } from '../../cli/output.ts';
import { thread, type ThreadMessage } from '../../core/look/thread.ts';
import { cut } from '../../model/basics/text.ts';

export async function threadCommand(context: Context, id: string, options: { unseal?: boolean }): Promise<void> {
  const { output, signal } = context;
  const session = await context.session();
  const onProgress = (looked: number) => output.progress(`${looked} looked at`);
  const messages = await thread(session, id, { signal, onProgress, ...given({ unseal: options.unseal }) });
  await output.done();
  if (signal.aborted) return;
  const paint = await output.paint();
  for (const [i, found] of messages.entries()) {
    const entries = found.entries.map((entry) => entryJson(entry, session.acting));
    await printOrWarn(
      output,
      found.message.id,
      {
        ...{ message: found.message, entries, ...signatureIn(found) },
        ...(found.unsealed && { unsealed: found.unsealed }),
      } satisfies ShownJson,
      () => `${i > 0 ? '\n' : ''}${messageText(found, paint, output.width)}`,
    );
  }
}

const bodyLines = 4;
const lineCharacters = 101;

function messageText({ message, entries, ...known }: ThreadMessage, paint: Paint, columns: number): string {
  const { id, createdAt, from, subject, body, sealed } = message;
  const show = `dreamos show ${id}`;
  const typed = columns === Infinity ? show : withEnds(show);
  const where = entries.map(({ mailbox, state }) => `${placeName(mailbox)}: ${state}`).join(', ');
  const head = `${createdAt}  ${from} -> ${addressOf(message)}${subject === '' ? '' : `  ${JSON.stringify(subject)}`}`;
  const lines = sealed === undefined ? body.trim().split('\n') : [`(sealed) ${typed} --unseal`];
  const shown = lines.slice(0, bodyLines).map((line) => harmless(line));
  const whole = known.unsealed ? `${typed} --unseal` : typed;
  const more = lines.length > bodyLines ? [`… ${lines.length - bodyLines} more lines: ${whole}`] : [];
  const opened = known.unsealed ? '  opened here' : '';
  return [
    paint.bold(broken(harmless(head), columns)),
    paint.dim(broken(`${id}  (${harmless(where)})${signatureText(known)}${opened}`, columns)),
    ...[...shown.map((line) => cut(line, lineCharacters)), ...more].map((line) => cutLine(`  | ${line}`, columns)),
  ].join('\n');
}
