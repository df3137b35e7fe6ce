/** What sending, taking and finishing mail prints with --json. */
import * as z from 'zod/mini';
import { results, states } from '../model/state.ts';
import { once, schema } from '../model/schema.ts';
import { signatureFields } from './security/signature.ts';
import { count, durability, message, type Of, receipt, state, text, time, yes } from './shape.ts';

/** `gone`: purged, or pruned from the archive. */
const whereabouts = once(() => z.enum([...states, 'gone']));
const whereaboutsList = once(() => z.array(z.object({ mailbox: text(), state: whereabouts() })));

/** What was waiting with its replace key, and is archived now. */
const replacedList = once(() => z.exactOptional(z.array(z.object({ mailbox: text(), id: text() }))));

export const sent = schema(() =>
  z.object({
    id: text(),
    to: z.array(text()),
    mailboxes: z.array(text()),
    /** `ready` or `delayed`; of a duplicate where the first one is now, which of several is furthest from its end. */
    state: whereabouts(),
    durability: durability(),
    /** The dedupe key was used before: all of this is the first send's, and nothing new was sent. */
    duplicate: z.exactOptional(yes()),
    /** Of a duplicate: where the first one is now in each of its mailboxes. */
    states: z.exactOptional(whereaboutsList()),
    replaced: replacedList(),
  }),
);
export type SendReceipt = Of<typeof sent>;

export const settled = schema(() =>
  z.object({
    id: text(),
    mailbox: text(),
    state: state(),
    receipt: receipt(),
    leaseUntil: z.exactOptional(time()),
    /** When it comes back, of what is delayed. */
    dueAt: z.exactOptional(time()),
  }),
);
export type SettledJson = Of<typeof settled>;

export const replied = schema(() => z.extend(sent(), { acked: z.exactOptional(settled()) }));
export type ReplyJson = Of<typeof replied>;

/** How far a message has come: where it has not come so far yet, in time. */
export const awaited = schema(() =>
  z.object({ id: text(), step: z.enum(['announced', 'claimed', 'acked']), open: z.array(text()) }),
);

/** Somebody who would get a message, and every reason: `named`, `@reviewers`, `@all`. */
export const addressee = schema(() => z.object({ mailbox: text(), reasons: z.array(text()) }));
export type Addressee = Of<typeof addressee>;

export const published = schema(() =>
  z.object({
    id: text(),
    topic: text(),
    /** The subscribers' that it went to. */
    mailboxes: z.array(text()),
    subscribers: count(),
    durability: durability(),
    /** The dedupe key was used before: `id` is the first publish's, `mailboxes` are its subscribers', and nothing new was sent. */
    duplicate: z.exactOptional(yes()),
    /** Of a duplicate: where the first one is now in each of them. */
    states: z.exactOptional(whereaboutsList()),
    replaced: replacedList(),
  }),
);
export type PublishReceipt = Of<typeof published>;

export const delivery = schema(() =>
  z.object({
    receipt: receipt(),
    mailbox: text(),
    attempt: count(),
    leaseUntil: time(),
    message: message(),
    ...signatureFields(),
    /** `message` is what was sealed. */
    unsealed: z.exactOptional(yes()),
  }),
);
export type DeliveryJson = Of<typeof delivery>;

export const peeked = schema(() =>
  z.object({
    mailbox: text(),
    /** How often it has been claimed so far. */
    attempt: count(),
    message: message(),
    ...signatureFields(),
    /** `message` is what was sealed; what lies there is its ciphertext. */
    unsealed: z.exactOptional(yes()),
  }),
);
export type Peeked = Of<typeof peeked>;

export const handled = schema(() =>
  z.object({
    id: text(),
    receipt: receipt(),
    mailbox: text(),
    attempt: count(),
    outcome: z.enum(results),
    exitCode: z.nullable(count()),
    signal: z.nullable(text()),
    durationMs: count(),
    reason: z.exactOptional(text()),
    reply: z.exactOptional(text()),
    /** A reply that its recipient could not take, archived in this mailbox. */
    replyKept: z.exactOptional(text()),
  }),
);
export type HandledJson = Of<typeof handled>;

/** The answer to a request; `request` is the request's id. */
export const answered = schema(() =>
  z.object({
    request: text(),
    mailbox: text(),
    message: message(),
    ...signatureFields(),
    /** `message` is what was sealed. */
    unsealed: z.exactOptional(yes()),
  }),
);
export type AnswerJson = Of<typeof answered>;
