import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { dump, dumpToFile } from '../../core/move/dump.ts';
import { absolute } from '../../model/refusals.ts';

export async function dumpCommand(context: Context, file = '-'): Promise<void> {
  const { output, signal } = context;
  const session = await context.session();
  const onProgress = (messages: number): void => output.progress(`${messages} messages`);
  if (file === '-') {
    await dump(session, (text) => output.data(text), { onProgress, signal });
    return;
  }
  const done = await dumpToFile(session, absolute(context.around.cwd(), file, 'SOURCE_NOT_FOUND'), {
    onProgress,
    signal,
  });
  if (!done) return;
  const { messages, mailboxes, bytes } = done;
  const what = `${counted(messages, 'message')} in ${counted(mailboxes, 'mailbox', 'es')}, ${bytes} bytes`;
  await output.outcome(done, () => `Wrote ${harmless(done.file)}\n  ${what}`);
}

function counted(count: number, what: string, more = 's'): string {
  return `${count} ${what}${count === 1 ? '' : more}`;
}
