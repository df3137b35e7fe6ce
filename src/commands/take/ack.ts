import type { Context } from '../../cli/context.ts';
import { meant, orWhoseItIs } from '../../cli/held/meant.ts';
import { settledJson } from '../../contract/json.ts';
import { ack } from '../../core/take/settle.ts';

export async function ackCommand(context: Context, messages: readonly string[]): Promise<void> {
  const session = await context.session();
  await context.each(await meant(context, messages, 'ack'), async (message) => {
    const settled = await orWhoseItIs(context, message, { typed: (id) => `ack ${id}` }, () => ack(session, message));
    await context.output.outcome(settledJson(settled), () => `${settled.id} ${settled.state}`);
  });
}
