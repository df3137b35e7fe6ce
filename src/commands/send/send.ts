import type { SendReceipt } from '../../contract/mail.ts';
import type { Context } from '../../cli/context.ts';
import { contentOptions, dataOption, replyToOption, type ContentOptions } from '../../cli/input/draft.ts';
import { type BodyWords, readBody } from '../../cli/input/body.ts';
import { orOtherWayRound } from '../../cli/input/other-way-round.ts';
import { durationOption, given, oneOf } from '../../cli/input/parse.ts';
import { upTo, whileWaiting } from '../../cli/waiting.ts';
import type { Step } from '../../core/follow/until.ts';
import { behindSend } from '../../core/root/trouble.ts';
import { preview, send } from '../../core/send/send.ts';
import { exactDuration } from '../../model/duration.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';

export interface SendOptions extends ContentOptions {
  from?: string;
  replyTo?: string;
  batch?: boolean;
  until?: string;
  wait?: string;
  dryRun?: boolean;
}

export async function sendCommand(
  context: Context,
  to: string | undefined,
  body: BodyWords,
  options: SendOptions,
): Promise<void> {
  if (options.batch) return (await import('../../cli/input/batch.ts')).sendBatch(context, to, body, options);
  if (to === undefined) {
    const example = await context.example((name, other) => `send ${other} "hello"${context.flagsAs(name)}`);
    throw usage('"send" needs a recipient.', example);
  }
  const step =
    options.until === undefined
      ? undefined
      : oneOf(options.until, ['announced', 'claimed', 'acked'] as const, '--until');
  const waitMs = durationOption(options.wait, '--wait');
  const data = await dataOption(context, options, body);
  const content = contentOptions(options, context.around.env);
  const session = await context.session();
  const replyTo = await replyToOption(session, options.replyTo);
  const orRound = <T>(did: () => Promise<T>): Promise<T> => orOtherWayRound(context, 'send', to, body[0], did);
  const words = await orRound(() => readBody(context, body, options));
  const draft = { to, body: words, ...content, ...given({ from: options.from, replyTo, data }) };
  if (options.dryRun) {
    for (const addressee of await orRound(() => preview(session, draft)))
      await context.output.item(addressee, () => `${addressee.mailbox}  ${addressee.reasons.join(', ')}`);
    await sayWhen(context, options);
    return context.output.note('Nothing was sent: --dry-run.');
  }
  const receipt = await upTo(waitMs, context, `${to} to take it; a mailbox may be full`, () =>
    orRound(() => send(session, draft, { signal: context.signal, ...given({ waitMs }) })),
  );
  await context.output.outcome(
    receipt,
    () => receipt.id,
    () => `${receipt.id} is sent`,
  );
  if (!receipt.duplicate) await sayWhen(context, options);
  if (receipt.replaced) await (await import('../../cli/show/replaced.ts')).sayReplaced(context.output, receipt);
  if (receipt.duplicate) {
    const { duplicateText } = await import('../../cli/show/duplicate.ts');
    await context.output.note(duplicateText('sent', receipt.states));
  }
  if (step !== undefined) await waitUntil(context, receipt, step, waitMs);
}

async function sayWhen(context: Context, { at }: SendOptions): Promise<void> {
  if (at !== undefined) await (await import('../../cli/show/moment.ts')).sayMoment(context, at);
}

/** The id is out by then: whoever is killed while waiting knows what was sent. */
async function waitUntil(context: Context, { id, mailboxes }: SendReceipt, step: Step, waitMs = 60_000): Promise<void> {
  const { until } = await import('../../core/follow/until.ts');
  const session = await context.session();
  const open = await whileWaiting(context, `${mailboxes.join(', ')}: ${id} is not ${step} yet`, () =>
    until(session, id, step, { mailboxes, waitMs, signal: context.signal }).catch((error: unknown) => {
      const sent = `${id} is sent, but whether it is ${step} cannot be waited for any longer`;
      throw behindSend(error, sent, `dreamos trace ${id}${context.flags()}`);
    }),
  );
  if (open.length === 0 || context.signal.aborted) return;
  const message = `${id} is sent, but within ${exactDuration(waitMs)} it was not ${step} in: ${open.join(', ')}.`;
  throw new DreamosError('nothing', 'NOTHING_THERE', message, { hint: `dreamos trace ${id}${context.flags()}` });
}
