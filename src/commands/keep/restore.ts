import type { RestoredJson } from '../../contract/keep.ts';
import type { Context } from '../../cli/context.ts';
import { broken } from '../../cli/fit.ts';
import { harmless } from '../../cli/harmless.ts';

export async function restoreCommand(context: Context, file: string): Promise<void> {
  const { output, signal } = context;
  const onProgress = (messages: number): void => output.progress(`${messages} messages`);
  const done = await context.around.restoreRoot(file, { ...context.openOptions(), onProgress, signal });
  if (!done) return;
  try {
    const { messages, claimed, begunAt } = done;
    const root = done.root.path;
    const again = claimed === 0 ? '' : `, ${claimed} of them claimed then and ready again`;
    const what = `${messages === 1 ? '1 message' : `${messages} messages`} as of ${begunAt}${again}`;
    await output.outcome({ root, messages, claimed, begunAt } satisfies RestoredJson, () =>
      broken(`Made the root ${harmless(root)}\n  ${what}`, output.width),
    );
    await output.note(`Next:\n  dreamos status${context.flags()}`);
  } finally {
    await done.root.close();
  }
}
