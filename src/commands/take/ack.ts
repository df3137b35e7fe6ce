import type { Context } from '../../cli/context.ts';
import { meant, orWhoseItIs } from '../../cli/held/meant.ts';
import { given } from '../../cli/input/parse.ts';
import { settledJson } from '../../contract/json.ts';
import { ack } from '../../core/take/settle.ts';
import { usage } from '../../model/refusals.ts';

export interface AckOptions {
  score?: string;
  note?: string;
}

export async function ackCommand(context: Context, messages: readonly string[], options: AckOptions): Promise<void> {
  const how = given({ score: scoreOption(options.score), note: options.note });
  const session = await context.session();
  await context.each(await meant(context, messages, 'ack'), async (message) => {
    const settled = await orWhoseItIs(context, message, { typed: (id) => `ack ${id}` }, () =>
      ack(session, message, how),
    );
    await context.output.outcome(settledJson(settled), () => `${settled.id} ${settled.state}`);
  });
}

function scoreOption(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d*\.?\d+$/.test(text) && Number(text) <= 1) return Number(text);
  throw usage(`"${text}" cannot be --score.`, 'Write a number from 0 to 1: --score 0.9');
}
