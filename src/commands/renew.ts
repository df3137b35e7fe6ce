import type { Context } from '../cli/context.ts';
import { isoTime, settledJson } from '../cli/json.ts';
import { durationOption } from '../cli/parse.ts';
import { renew } from '../core/settle.ts';

export async function renewCommand(
  context: Context,
  messages: readonly string[],
  options: { lease?: string },
): Promise<void> {
  const leaseMs = durationOption(options.lease, '--lease');
  const root = await context.root();
  await context.each(messages, async (message) => {
    const settled = await renew(root, message, leaseMs);
    const until = settled.leaseUntil === undefined ? '' : ` until ${isoTime(settled.leaseUntil)}`;
    await context.output.item(settledJson(settled), () => `${settled.id} ${settled.state}${until} ${settled.receipt}`);
  });
}
