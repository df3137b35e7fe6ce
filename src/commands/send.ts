import type { Context } from '../cli/context.ts';
import { contentOptions, dataOption, type ContentOptions } from '../cli/draft.ts';
import { readBody } from '../cli/input.ts';
import { given, usage } from '../cli/parse.ts';
import { send } from '../core/send.ts';

export interface SendOptions extends ContentOptions {
  from?: string;
  replyTo?: string;
  batch?: boolean;
}

export async function sendCommand(
  context: Context,
  to: string | undefined,
  body: string | undefined,
  options: SendOptions,
): Promise<void> {
  if (options.batch) return (await import('../cli/batch.ts')).sendBatch(context, to, body, options);
  if (to === undefined) throw usage('"send" needs a recipient.', 'dreamos send <agent> <body>');
  const data = dataOption(options.data);
  const content = contentOptions(options);
  const root = await context.root();
  const words = await readBody(context, body, options);
  const receipt = await send(root, {
    to: to.split(','),
    body: words,
    ...content,
    ...given({ from: options.from, replyTo: options.replyTo, data }),
  });
  await context.output.item(receipt, () => receipt.id);
  if (receipt.duplicate)
    await context.output.note('This dedupe key was used before: nothing new was sent, this is the first id.');
}
