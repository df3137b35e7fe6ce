import * as z from 'zod/mini';
import { either, fieldsOf, nothing, number, oneOf, optional, string } from './basics/fits.ts';
import { type Known, schema } from './schema.ts';

/** What can happen to a message in a mailbox. */
export const eventKinds = [
  'delivered',
  'scheduled',
  'claimed',
  'renewed',
  'acked',
  'nacked',
  'lease_expired',
  'dead',
  'retried',
  'restored',
  'handed_over',
  'forwarded',
  'cancelled',
  'replaced',
  'purged',
  'imported',
  'corrupt',
  'published',
  'announced',
] as const;

export type EventKind = (typeof eventKinds)[number];

/** One line of a mailbox's event log. `delivered`, `scheduled` and `published` also carry what a doorbell needs to ring rightly. */
export const mailEventSchema = schema(
  () =>
    z.looseObject({
      at: z.string(),
      mailbox: z.string(),
      event: z.string(),
      id: z.string(),
      by: z.optional(z.string()),
      /** Of who has a claim: what that consumer calls itself, where several have the same name. */
      label: z.optional(z.string()),
      attempt: z.optional(z.number()),
      /** claimed: since it was ready. Not of an answer that waited in a request's inbox. */
      waitedMs: z.optional(z.number()),
      /** Of what ends a claim: since then, however often it was renewed. Not of claims that older builds made. */
      heldMs: z.optional(z.number()),
      /** acked, dead: whether later than its deadline, its `replyBy` or its time-to-live; of what has any. */
      late: z.optional(z.boolean()),
      /** acked, dead, cancelled: it is a task. */
      task: z.optional(z.literal(true)),
      /** acked: how good its consumer says that the work is, 0 to 1, and in words. */
      score: z.optional(z.number()),
      note: z.optional(z.string()),
      reason: z.optional(z.string()),
      /** nacked: without using up the attempt. */
      free: z.optional(z.literal(true)),
      from: z.optional(z.string()),
      type: z.optional(z.string()),
      priority: z.optional(z.string()),
      subject: z.optional(z.string()),
      thread: z.optional(z.nullable(z.string())),
      replyTo: z.optional(z.nullable(z.string())),
      /** replaced: the newer message with its replace key. */
      replacedBy: z.optional(z.string()),
      /** handed_over: to whose mailbox; forwarded: to which peer. */
      to: z.optional(z.string()),
      /** announced: by which tool, and in which of its sessions. */
      via: z.optional(z.string()),
      session: z.optional(z.string()),
      /** published: the entry's own, so that a listener reads the message without a search. */
      key: z.optional(z.string()),
      /** Told after a power cut, which took the event, or may have. */
      again: z.optional(z.literal(true)),
    }),
  fieldsOf({
    at: string,
    mailbox: string,
    event: string,
    id: string,
    by: optional(string),
    label: optional(string),
    attempt: optional(number),
    waitedMs: optional(number),
    heldMs: optional(number),
    late: optional(oneOf(true, false)),
    task: optional(oneOf(true)),
    score: optional(number),
    note: optional(string),
    reason: optional(string),
    free: optional(oneOf(true)),
    from: optional(string),
    type: optional(string),
    priority: optional(string),
    subject: optional(string),
    thread: optional(either(nothing, string)),
    replyTo: optional(either(nothing, string)),
    replacedBy: optional(string),
    to: optional(string),
    via: optional(string),
    session: optional(string),
    key: optional(string),
    again: optional(oneOf(true)),
  }),
);

export type MailEvent = Known<z.infer<ReturnType<typeof mailEventSchema>>>;

/** An event as a watcher sees it: with the cursor that continues right behind it. */
export type WatchedEvent = MailEvent & { readonly cursor: string };
