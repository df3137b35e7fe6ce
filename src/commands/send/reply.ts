import type { Context } from '../../cli/context.ts';
import { contentOptions, dataOption, type ContentOptions } from '../../cli/input/draft.ts';
import { sayMoment } from '../../cli/show/moment.ts';
import { sayReplaced } from '../../cli/show/replaced.ts';
import { type BodyWords, readBody } from '../../cli/input/body.ts';
import { settledJson } from '../../contract/json.ts';
import type { ReplyJson } from '../../contract/mail.ts';
import { durationOption, given } from '../../cli/input/parse.ts';
import { upTo } from '../../cli/waiting.ts';
import { messageAndBody, orWhoseItIs } from '../../cli/held/meant.ts';
import { answersSealed, reply } from '../../core/send/reply.ts';

export interface ReplyOptions extends ContentOptions {
  ack?: boolean;
  again?: boolean;
  wait?: string;
}

export async function replyCommand(
  context: Context,
  words: readonly [message: string | undefined, ...body: BodyWords],
  options: ReplyOptions,
): Promise<void> {
  const waitMs = durationOption(options.wait, '--wait');
  const { around } = context;
  const content = contentOptions(options, around.env);
  const session = await context.session();
  const { message, body } = await messageAndBody(context, words, options.bodyFile !== undefined);
  // Sealed by Node alone, and what was read from stdin by then would be gone.
  if (around.toNode && (await answersSealed(session, message).catch(() => false))) around.toNode('reply');
  const data = await dataOption(context, options, body);
  const answer = await readBody(context, body, options);
  const { acked, ...receipt } = await upTo(waitMs, context, 'the sender to take it; a mailbox may be full', () =>
    orWhoseItIs(
      context,
      message,
      { finished: true, typed: (id) => `reply ${id} "your answer"${options.ack ? ' --ack' : ''}` },
      () =>
        reply(
          session,
          message,
          { body: answer, ...content, ...given({ data }) },
          { signal: context.signal, ...given({ ack: options.ack, again: options.again, waitMs }) },
        ),
    ),
  );
  const replied: ReplyJson = { ...receipt, ...(acked !== undefined && { acked: settledJson(acked) }) };
  await context.output.outcome(
    replied,
    () => receipt.id,
    () => `${receipt.id} is sent`,
  );
  if (!receipt.duplicate) await sayMoment(context, options.at);
  await sayReplaced(context.output, receipt);
}
