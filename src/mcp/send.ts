/** Tools that send. */
import { heldReceipt } from '../cli/held/held.ts';
import { orWhoseItIs } from '../cli/held/meant.ts';
import { given } from '../cli/input/parse.ts';
import { signatureLine, unsealedLine } from '../cli/show/message-view.ts';
import { settledJson, signatureIn } from '../contract/json.ts';
import { reply } from '../core/send/reply.ts';
import { ask } from '../core/send/request.ts';
import { send } from '../core/send/send.ts';
import { DreamosError } from '../model/errors.ts';
import { type Body, waitOf } from './call.ts';
import { aboutWords, fitted, viewOf } from './words.ts';

export const mailSend: Body<'mail_send'> = async ({ session, signal }, input) => {
  const sent = await send(session, input, { signal });
  const again = sent.duplicate ? ' It was sent before, under this key; nothing new was sent.' : '';
  return { text: `${sent.id} is sent to ${sent.mailboxes.join(', ') || 'nobody'}.${again}`, value: sent };
};

export const mailReply: Body<'mail_reply'> = async (call, { message: named, ack, again, ...words }) => {
  const { context, session, signal } = call;
  const message = named ?? (await heldReceipt(context, session, (end) => `reply ${end} "your answer"`));
  const { acked, ...sent } = await orWhoseItIs(
    context,
    message,
    { finished: true, typed: (id) => `reply ${id} "your answer"${ack ? ' --ack' : ''}` },
    () => reply(session, message, words, { signal, ...given({ ack, again }) }),
  );
  const done = acked === undefined ? '' : ` ${acked.id} is ${acked.state}.`;
  return {
    text: `${sent.id} is sent to ${sent.mailboxes.join(', ')}.${done}`,
    value: { ...sent, ...(acked !== undefined && { acked: settledJson(acked) }) },
  };
};

export const mailRequest: Body<'mail_request'> = async (call, { wait = '30s', ...draft }) => {
  const { context, session, signal } = call;
  const { id, answer } = await ask(session, draft, { waitMs: waitOf(wait, 0), signal });
  if (answer === undefined) {
    const later = `An answer that comes later goes to ${session.acting}'s mailbox`;
    throw new DreamosError(
      'nothing',
      'NOTHING_THERE',
      `No answer came within ${wait}. The request ${id} is sent. ${later}.`,
      {
        hint: `mail_read with "thread": "${draft.thread ?? id}"`,
      },
    );
  }
  call.hands(answer.receipt, 'ack');
  const shown = fitted([answer.message], context.flags());
  const [message = answer.message] = shown.messages;
  return {
    text: viewOf(
      message,
      shown.rest[0] ?? '',
      [...signatureLine(answer), ...unsealedLine(answer)],
      session.clock.now(),
    ),
    value: {
      ...{ ...aboutWords(shown), request: id, mailbox: answer.mailbox, message },
      ...signatureIn(answer),
      ...(answer.unsealed && { unsealed: answer.unsealed }),
    },
  };
};
