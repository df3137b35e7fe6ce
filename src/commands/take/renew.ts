import type { Context } from '../../cli/context.ts';
import { meant, orWhoseItIs } from '../../cli/held/meant.ts';
import { isoTime, settledJson } from '../../contract/json.ts';
import { durationOption } from '../../cli/input/parse.ts';
import { renew } from '../../core/take/settle.ts';

export async function renewCommand(
  context: Context,
  messages: readonly string[],
  options: { lease?: string },
): Promise<void> {
  const leaseMs = durationOption(options.lease, '--lease');
  const session = await context.session();
  await context.each(await meant(context, messages, 'renew'), async (message) => {
    const settled = await orWhoseItIs(context, message, { typed: (id) => `renew ${id}` }, () =>
      renew(session, message, leaseMs),
    );
    const until = settled.leaseUntil === undefined ? '' : ` until ${isoTime(settled.leaseUntil)}`;
    await context.output.outcome(
      settledJson(settled),
      () => `${settled.id} ${settled.state}${until} ${settled.receipt}`,
    );
  });
}
