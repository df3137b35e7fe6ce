import type { Context } from '../cli/context.ts';
import { entryJson } from '../cli/json.ts';
import { checkId } from '../cli/parse.ts';
import { cancel } from '../core/cancel.ts';

export async function cancelCommand(context: Context, ids: readonly string[]): Promise<void> {
  for (const id of ids) checkId(id);
  const root = await context.root();
  await context.each(ids, async (id) => {
    for (const entry of await cancel(root, id)) {
      await context.output.item(entryJson(entry, root.acting), () => `${entry.id} cancelled at ${entry.mailbox}`);
    }
  });
}
