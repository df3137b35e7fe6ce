/** Sending and publishing. */
import * as z from 'zod/mini';
import { given } from '../../cli/input/parse.ts';
import { draftSchema } from '../../contract/draft.ts';
import { settledJson, signatureIn } from '../../contract/json.ts';
import type { AnswerJson, ReplyJson } from '../../contract/mail.ts';
import { until as untilStep } from '../../core/follow/until.ts';
import { reply as answerMail } from '../../core/send/reply.ts';
import { ask } from '../../core/send/request.ts';
import { preview as previewMail, send as sendMail, sendAll as sendMany } from '../../core/send/send.ts';
import { publish as publishMail } from '../../core/topics/publish.ts';
import { type Draft, withoutOf } from '../../model/draft.ts';
import { mostAtOnce } from '../../model/basics/limits.ts';
import { agent, anyOf, flag, maybe, text, waiting, waitOf } from '../route/fields.ts';
import { type Call, route } from '../route/route.ts';
import { draftOf } from '../route/dedupe.ts';
import { heldBy } from './held.ts';

type Sent = { readonly duplicate?: true };

const isNew = ({ duplicate }: Sent): boolean => duplicate !== true;

/** What a draft for it has, and what is said of the call. */
const draftFor = (operation: Parameters<typeof withoutOf>[0]) => {
  const without = new Set(withoutOf(operation));
  const { shape } = draftSchema();
  return Object.fromEntries(Object.entries(shape).filter(([name]) => !without.has(name))) as typeof shape;
};

/** Who does not wait for room needs no signal, which would be made for him. */
function withRoom(call: Call, input: object): { signal?: AbortSignal; waitMs?: number } {
  const waitMs = waitOf(input) ?? 0;
  return waitMs > 0 ? { signal: call.signal, waitMs } : {};
}

function waitingFor(call: Call, input: object): { signal: AbortSignal; waitMs?: number } {
  return { signal: call.signal, ...given({ waitMs: waitOf(input) }) };
}

/** Without what is no part of the draft. */
function bare(input: object, ...more: readonly string[]): Draft {
  const names = new Set(['wait', 'waitMs', ...more]);
  return Object.fromEntries(Object.entries(input).filter(([name]) => !names.has(name))) as unknown as Draft;
}

const send = route({
  operation: 'send',
  input: () => z.strictObject({ ...draftFor('send'), ...waiting() }),
  keyed: true,
  isNew,
  run: (call, input) => sendMail(call.session, draftOf(call, bare(input)), withRoom(call, input)),
});

const preview = route({
  operation: 'preview',
  input: () => z.strictObject(draftFor('send')),
  method: 'POST',
  run: (call, input) => previewMail(call.session, draftOf(call, bare(input))),
});

const sendAll = route({
  operation: 'sendAll',
  lines: 'drafts',
  input: () => z.strictObject({ drafts: z.array(z.unknown()), ...waiting() }),
  run: async function* (call, input) {
    for (let at = 0; at < input.drafts.length; at += mostAtOnce)
      yield* await sendMany(call.session, input.drafts.slice(at, at + mostAtOnce) as Draft[], waitingFor(call, input));
  },
});

const reply = route({
  operation: 'reply',
  input: () =>
    z.strictObject({
      message: maybe(text(), 'its receipt or id; without it the one that the acting agent holds'),
      ...draftFor('reply'),
      ack: maybe(flag(), 'finishes the original with it'),
      again: maybe(flag(), 'answers once more'),
      score: maybe(z.number().check(z.gte(0), z.lte(1))),
      note: maybe(text()),
      ...waiting(),
    }),
  keyed: true,
  isNew,
  run: async (call, input): Promise<ReplyJson> => {
    const message = input.message ?? (await heldBy(call.session));
    const draft = draftOf(call, bare(input, 'message', 'ack', 'again', 'score', 'note'));
    const { ack: acks, again, score, note } = input;
    const how = { ...waitingFor(call, input), ...given({ ack: acks, again, score, note }) };
    const { acked, ...receipt } = await answerMail(call.session, message, draft, how);
    return { ...receipt, ...(acked !== undefined && { acked: settledJson(acked) }) };
  },
});

const request = route({
  operation: 'request',
  input: () => z.strictObject({ ...draftFor('request'), ...waiting() }),
  run: async (call, input): Promise<AnswerJson | undefined> => {
    const { session } = call;
    const { id, answer } = await ask(session, draftOf(call, bare(input)), waitingFor(call, input));
    if (!answer) {
      session.warn(
        `No answer came. The request ${id} is sent; an answer that comes later goes to its sender's mailbox.`,
      );
      return undefined;
    }
    const { message, mailbox, receipt, unsealed } = answer;
    call.hands(receipt, 'ack');
    return { request: id, mailbox, message, ...signatureIn(answer), ...(unsealed && { unsealed }) };
  },
});

const publish = route({
  operation: 'publish',
  input: () => z.strictObject({ topic: text(), ...draftFor('publish'), ...waiting() }),
  keyed: true,
  isNew,
  run: (call, input) =>
    publishMail(call.session, input.topic, draftOf(call, bare(input, 'topic')), withRoom(call, input)),
});

const until = route({
  operation: 'until',
  output: 'until',
  input: () =>
    z.strictObject({
      id: z.string().check(z.describe('a receipt, an id or its end')),
      step: anyOf(['announced', 'claimed', 'acked']),
      mailbox: maybe(z.array(agent()), 'only these'),
      ...waiting(),
    }),
  run: async (call, input) => {
    const { id, step, mailbox: mailboxes } = input;
    const open = await untilStep(call.session, id, step, { ...waitingFor(call, input), ...given({ mailboxes }) });
    return { id, step, open };
  },
});

export const sendRoutes = [send, sendAll, preview, reply, request, publish, until];
