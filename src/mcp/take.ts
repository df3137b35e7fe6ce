/** Tools that take mail and finish it. */
import { butHeld, heldReceipt } from '../cli/held/held.ts';
import { orWhoseItIs } from '../cli/held/meant.ts';
import { given } from '../cli/input/parse.ts';
import { deliveryJson, isoTime, settledJson } from '../contract/json.ts';
import { signatureLine, unsealedLine } from '../cli/show/message-view.ts';
import { nothingReady } from '../cli/show/not-ready.ts';
import { resolveAgent } from '../core/agents/agents.ts';
import { pausedSentence } from '../core/agents/pause.ts';
import { readNext } from '../core/take/read.ts';
import { ack, nack } from '../core/take/settle.ts';
import { whereNow } from '../cli/show/settled.ts';
import { parseDuration } from '../model/duration.ts';
import { DreamosError } from '../model/errors.ts';
import { type Body, type Call, mailboxOf, openedHere, waitOf } from './call.ts';
import { filterOf } from './look.ts';
import { aboutWords, fitted, noteOf, viewOf } from './words.ts';

export const mailRead: Body<'mail_read'> = async (call, { mailbox: named, wait, lease, ...filter }) => {
  const { context, session, signal } = call;
  const mailbox = mailboxOf(call, named);
  const waitMs = waitOf(wait, 0);
  const leaseMs = lease === undefined ? undefined : parseDuration(lease, 'duration for `lease`');
  const taken = await readNext(session, mailbox, {
    ...given({ leaseMs }),
    ...filterOf(filter),
    waitMs,
    signal,
    by: session.acting ?? mailbox,
  });
  if (taken === undefined) return nothingCame(call, mailbox, filter.id, wait);
  const delivery = await openedHere(session, taken);
  const { receipt, attempt, leaseUntil } = delivery;
  call.hands(receipt);
  const shown = fitted([delivery.message], context.flags());
  const [message = delivery.message] = shown.messages;
  const extra = [
    ...signatureLine(delivery),
    ['Attempt', attempt > 1 ? `${attempt}, redelivered` : String(attempt)],
    ['Lease until', isoTime(leaseUntil)],
    ['Receipt', receipt],
    ...unsealedLine(delivery),
  ] as const;
  const waits =
    message.replyBy === undefined ? 'mail_ack' : 'mail_reply with "ack": true, because an answer is waited for';
  return {
    text: `${viewOf(message, shown.rest[0] ?? '', extra, session.clock.now())}\n\nWhen it is done: ${waits}. If it cannot be done now: mail_nack.`,
    value: {
      ...aboutWords(shown),
      delivery: deliveryJson({ ...delivery, message }),
    },
  };
};

async function nothingCame(
  { context, session }: Call,
  mailbox: string,
  id: string | undefined,
  wait: string | undefined,
): Promise<{ text: string; value: { note: string; delivery: null } }> {
  const card = await resolveAgent(session, mailbox);
  const { name } = card;
  const message = `Nothing came for ${name}${wait === undefined ? '' : ` within ${wait}`}.`;
  // A warning on stderr no model has read.
  const paused = pausedSentence(card);
  const nothing =
    paused === undefined
      ? await nothingReady(session, name, { message, hint: 'mail_read', id })
      : new DreamosError('nothing', 'AGENT_PAUSED', paused);
  const held = await butHeld(context, session, nothing, { by: session.acting ?? name, mailbox: name });
  const text = [nothing.message, ...(held === undefined ? [] : [held.text])].join('\n');
  return { text, value: { note: noteOf([]), delivery: null } };
}

export const mailAck: Body<'mail_ack'> = async (call, { message, score, note }) => {
  const how = given({ score, note });
  const settled = await settle(call, message, 'ack', (receipt) => ack(call.session, receipt, how));
  return { text: `${settled.id} is ${settled.state}.`, value: settledJson(settled) };
};

export const mailNack: Body<'mail_nack'> = async (call, { message, delay, reason, dead }) => {
  const delayMs = delay === undefined ? undefined : parseDuration(delay, 'duration for `delay`');
  const settled = await settle(call, message, 'nack', (receipt) =>
    nack(call.session, receipt, given({ delayMs, reason, dead })),
  );
  return { text: `${settled.id} is ${whereNow(settled, call.session.clock.now())}.`, value: settledJson(settled) };
};

/** With what was named, or the one that is held. */
async function settle<T>(
  { context, session }: Call,
  named: string | undefined,
  verb: string,
  work: (message: string) => Promise<T>,
): Promise<T> {
  const message = named ?? (await heldReceipt(context, session, (end) => `${verb} ${end}`));
  return orWhoseItIs(context, message, { typed: (id) => `${verb} ${id}` }, () => work(message));
}
