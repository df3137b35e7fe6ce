import type { Context } from '../../cli/context.ts';
import { meant, orWhoseItIs } from '../../cli/held/meant.ts';
import { settledJson } from '../../contract/json.ts';
import { durationOption, given } from '../../cli/input/parse.ts';
import { whereNow } from '../../cli/show/settled.ts';
import { nack } from '../../core/take/settle.ts';

export interface NackOptions {
  delay?: string;
  reason?: string;
  dead?: boolean;
}

export async function nackCommand(context: Context, messages: readonly string[], options: NackOptions): Promise<void> {
  const { reason, dead } = options;
  const how = given({ delayMs: durationOption(options.delay, '--delay'), reason, dead });
  const session = await context.session();
  await context.each(await meant(context, messages, 'nack'), async (message) => {
    const settled = await orWhoseItIs(context, message, { typed: (id) => `nack ${id}` }, () =>
      nack(session, message, how),
    );
    await context.output.outcome(settledJson(settled), () => `${settled.id} ${whereNow(settled, session.clock.now())}`);
  });
}
