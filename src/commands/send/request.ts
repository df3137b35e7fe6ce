import type { Context } from '../../cli/context.ts';
import { giveBack, isUnprintable, printMessage } from '../../cli/print-message.ts';
import { contentOptions, dataOption, type ContentOptions } from '../../cli/input/draft.ts';
import { type BodyWords, readBody } from '../../cli/input/body.ts';
import { messageView, signatureLine, unsealedLine } from '../../cli/show/message-view.ts';
import { orOtherWayRound } from '../../cli/input/other-way-round.ts';
import { durationOption, given } from '../../cli/input/parse.ts';
import { signatureIn } from '../../contract/json.ts';
import type { AnswerJson } from '../../contract/mail.ts';
import { orTell } from '../../cli/unwritten.ts';
import { whileWaiting } from '../../cli/waiting.ts';
import { ask } from '../../core/send/request.ts';
import { ack } from '../../core/take/settle.ts';
import { DreamosError } from '../../model/errors.ts';

export interface RequestOptions extends Omit<ContentOptions, 'delay' | 'at' | 'dedupeKey' | 'replaceKey' | 'notify'> {
  from?: string;
  wait?: string;
}

export async function requestCommand(
  context: Context,
  to: string,
  body: BodyWords,
  options: RequestOptions,
): Promise<void> {
  const { output, signal } = context;
  const { wait = '30s', from } = options;
  const waitMs = durationOption(wait, '--wait') ?? 0;
  const data = await dataOption(context, options, body);
  const content = contentOptions(options, context.around.env);
  const session = await context.session();
  const orRound = <T>(did: () => Promise<T>): Promise<T> => orOtherWayRound(context, 'request', to, body[0], did);
  const words = await orRound(() => readBody(context, body, options));
  const draft = { to: to.split(','), body: words, ...content, ...given({ from, data }) };
  const { id, answer } = await whileWaiting(context, `an answer from ${to}`, () =>
    orRound(() => ask(session, draft, { waitMs, signal })),
  );
  const requester = from ?? session.acting ?? '';
  if (answer === undefined) {
    const later = `dreamos read ${requester} --thread ${content.thread ?? id}${context.flags()}`;
    const sent = `The request ${id} is sent; an answer that comes later goes to ${requester}'s mailbox`;
    if (signal.aborted) return output.note(`${sent}: ${later}`);
    const message = `No answer came within ${wait}. ${sent}.`;
    throw new DreamosError('nothing', 'NOTHING_THERE', message, { hint: later });
  }
  const { message, mailbox, receipt, unsealed } = answer;
  const paint = await output.paint();
  const text = () =>
    messageView(message, [...signatureLine(answer), ...unsealedLine(answer)], paint, session.clock.now(), output.width);
  const json = {
    request: id,
    mailbox,
    message,
    ...signatureIn(answer),
    ...(unsealed && { unsealed }),
  } satisfies AnswerJson;
  try {
    await orTell(
      printMessage(output, message.id, json, text),
      () => `The answer ${message.id} could not be written out, so it is not acked; it comes again to ${mailbox}.`,
      `dreamos nack ${receipt}`,
    );
  } catch (error) {
    if (isUnprintable(error)) await output.warn(await giveBack(session, answer, error));
    throw error;
  }
  await ack(session, receipt);
}
