import type { Context } from '../cli/context.ts';
import { settledJson } from '../cli/json.ts';
import { durationOption, given } from '../cli/parse.ts';
import { nack } from '../core/settle.ts';

export interface NackOptions {
  delay?: string;
  reason?: string;
  dead?: boolean;
}

export async function nackCommand(context: Context, messages: readonly string[], options: NackOptions): Promise<void> {
  const { reason, dead } = options;
  const how = given({ delayMs: durationOption(options.delay, '--delay'), reason, dead });
  const root = await context.root();
  await context.each(messages, async (message) => {
    const settled = await nack(root, message, how);
    await context.output.item(settledJson(settled), () => `${settled.id} ${settled.state}`);
  });
}
