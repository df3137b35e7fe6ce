import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { backup } from '../../core/keep/backup.ts';
import { absolute } from '../../model/refusals.ts';

export async function backupCommand(context: Context, file: string): Promise<void> {
  const { output, signal } = context;
  const session = await context.session();
  const path = absolute(context.around.cwd(), file, 'SOURCE_NOT_FOUND');
  const onProgress = (messages: number): void => output.progress(`${messages} messages`);
  const done = await backup(session, path, { onProgress, signal });
  if (!done) return;
  const { messages, bytes, begunAt } = done;
  const what = `${messages === 1 ? '1 message' : `${messages} messages`}, ${bytes} bytes, as of ${begunAt}`;
  await output.outcome(done, () => `Wrote ${harmless(done.file)}\n  ${what}`);
}
