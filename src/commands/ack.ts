import type { Context } from '../cli/context.ts';
import { settledJson } from '../cli/json.ts';
import { ack } from '../core/settle.ts';

export async function ackCommand(context: Context, messages: readonly string[]): Promise<void> {
  const root = await context.root();
  await context.each(messages, async (message) => {
    const settled = await ack(root, message);
    await context.output.item(settledJson(settled), () => `${settled.id} ${settled.state}`);
  });
}
