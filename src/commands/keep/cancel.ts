import type { Context } from '../../cli/context.ts';
import { entryJson } from '../../contract/json.ts';
import { checkId } from '../../cli/input/parse.ts';
import { cancel } from '../../core/keep/cancel.ts';

export async function cancelCommand(context: Context, ids: readonly string[]): Promise<void> {
  for (const id of ids) checkId(id);
  const session = await context.session();
  await context.each(ids, async (id) => {
    for (const entry of await cancel(session, id)) {
      await context.output.outcome(entryJson(entry, session.acting), () => `${entry.id} cancelled at ${entry.mailbox}`);
    }
  });
}
