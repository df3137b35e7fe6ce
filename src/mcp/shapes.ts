/**
 * What an agent calls through its own tool (MCP), each an operation of the contract: what it takes, and what it gives. The
 * shapes of what is given are those that --json prints, within an object, because a tool's result has to be one.
 */
import * as z from 'zod/mini';
import { once, schema } from '../model/schema.ts';
import { states } from '../model/state.ts';
import { draftSchema } from '../contract/draft.ts';
import * as look from '../contract/look.ts';
import * as mail from '../contract/mail.ts';
import * as reservations from '../contract/reach.ts';
import { failure } from '../contract/system.ts';
import { type Of, priority, text } from '../contract/shape.ts';
import { agentName, duration, limit, mailbox, said, type Tool, withWords } from './fields.ts';
import { taskTools } from './task-shapes.ts';

const filters = once(() => ({
  from: z.exactOptional(agentName()),
  type: z.exactOptional(text()),
  thread: z.exactOptional(text()),
  tag: z.exactOptional(text()),
  priority: z.exactOptional(priority()),
  id: said(text(), 'a message id, or the end of one'),
}));
const held = once(() => said(text(), 'its receipt or id; if not given, the one message that you hold'));

/** Of a draft, without the nulls that only files have; a field more costs whoever reads the list of tools. */
const words = once(() => {
  const { subject, type, priority: urgency, tags, data } = draftSchema().shape;
  const bare = <T extends z.ZodMiniType>(field: z.ZodMiniOptional<z.ZodMiniNullable<T>>) =>
    z.exactOptional(field.def.innerType.def.innerType);
  return {
    body: z.string(),
    subject: bare(subject),
    type: bare(type),
    priority: bare(urgency),
    tags: bare(tags),
    data: bare(data),
    seal: said(z.boolean(), 'encrypt body and data; each recipient needs a key'),
  };
});
const draft = once(() => ({
  to: z.union([z.string(), z.array(z.string())]).check(z.describe('names of agents, @group or @all')),
  ...words(),
  thread: z.exactOptional(text()),
}));

const table = {
  mail_status: {
    operation: 'status',
    title: 'Mailboxes at a glance',
    description: 'How many messages wait, are held, delayed and dead in each mailbox, and who the agents are.',
    input: schema(() => z.strictObject({ mailbox: said(agentName(), 'only this one') })),
    output: schema(() => z.object({ acting: z.nullable(text()), mailboxes: z.array(look.mailboxStatus()) })),
  },
  mail_peek: {
    operation: 'peek',
    title: 'Look at the next mail',
    description: 'The next messages of a mailbox. It takes nothing: mail_read does.',
    input: schema(() => z.strictObject({ mailbox: mailbox(), ...filters(), limit: limit() })),
    output: schema(() => z.object({ ...withWords(), messages: z.array(mail.peeked()) })),
  },
  mail_list: {
    operation: 'list',
    title: 'List mail',
    description:
      'What is where in a mailbox: by default ready, delayed and inflight; with the receipts of what you hold.',
    input: schema(() =>
      z.strictObject({
        mailbox: mailbox(),
        states: z.exactOptional(z.array(z.enum(states))),
        ...filters(),
        limit: limit(),
      }),
    ),
    output: schema(() =>
      z.object({
        ...withWords(),
        messages: z.array(look.listed()),
        /** There are more. */
        more: z.boolean(),
      }),
    ),
  },
  mail_thread: {
    operation: 'thread',
    title: 'Read a conversation',
    description: 'A conversation, oldest first, by its thread or any message in it. It takes nothing.',
    input: schema(() => z.strictObject({ id: text().check(z.describe('a thread, a message id, or the end of one')) })),
    output: schema(() =>
      z.object({
        ...withWords(),
        /** The newest of them. */
        messages: z.array(look.shown()),
        more: z.boolean(),
      }),
    ),
  },
  mail_read: {
    operation: 'read',
    title: 'Take the next mail',
    description:
      'Takes the next message under a lease, and says its receipt. Finish it with mail_ack or mail_reply, or give it back with mail_nack; else it comes again when the lease ends.',
    input: schema(() =>
      z.strictObject({
        mailbox: mailbox(),
        ...filters(),
        wait: duration('wait so long for one, at most 50s; call it again for longer'),
        lease: duration("hold it so long; the mailbox's setting if not given"),
      }),
    ),
    output: schema(() =>
      z.object({
        ...withWords(),
        /** `null`: nothing came. */
        delivery: z.nullable(mail.delivery()),
      }),
    ),
  },
  mail_ack: {
    operation: 'ack',
    title: 'Finish mail',
    description: 'Finishes a message that you hold.',
    input: schema(() =>
      z.strictObject({
        message: held(),
        score: said(z.number().check(z.gte(0), z.lte(1)), 'how good the work is, 0 to 1'),
        note: said(text(), 'the same in words'),
      }),
    ),
    output: mail.settled,
  },
  mail_nack: {
    operation: 'nack',
    title: 'Give mail back',
    description: 'Gives back a message that you hold: it comes again later, or is dead.',
    input: schema(() =>
      z.strictObject({
        message: held(),
        delay: duration('rest so long before it comes again'),
        reason: z.exactOptional(text()),
        dead: said(z.boolean(), 'to the dead-letter queue: nobody can do it'),
      }),
    ),
    output: mail.settled,
  },
  mail_send: {
    operation: 'send',
    title: 'Send mail',
    description: 'Sends a message to agents. Once it says so, it is on disk and will be delivered.',
    input: schema(() =>
      z.strictObject({
        ...draft(),
        ttl: duration('dead if it is not taken by then'),
        delay: duration('not before'),
        dedupeKey: said(text(), 'makes it safe to send the same again'),
      }),
    ),
    output: mail.sent,
  },
  mail_reply: {
    operation: 'reply',
    title: 'Answer mail',
    description: 'Answers a message, in its thread; with ack it is finished, too.',
    input: schema(() =>
      z.strictObject({
        message: held(),
        ...words(),
        ack: said(z.boolean(), 'finish the message with it'),
        again: said(z.boolean(), 'answer it once more'),
      }),
    ),
    output: mail.replied,
  },
  mail_request: {
    operation: 'request',
    title: 'Ask and wait for the answer',
    description: 'Sends a message and waits for its answer. One that comes later goes to your mailbox.',
    input: schema(() => z.strictObject({ ...draft(), wait: duration('30s if not given, at most 50s') })),
    output: schema(() => z.extend(mail.answered(), withWords())),
  },
  reserve: {
    operation: 'reservations.reserve',
    title: 'Reserve files',
    description:
      'Has files to yourself for a while, all that are named or none. Also a pattern, such as src/**/*.ts. It ends by itself.',
    input: schema(() =>
      z.strictObject({
        paths: z.array(text()).check(z.minLength(1)),
        shared: said(z.boolean(), 'others may have it, too, if theirs is shared as well'),
        for: duration('1h if not given, at most 24h'),
        reason: said(text(), 'what for; who is refused is told'),
        wait: duration('wait so long until all of it is free, at most 50s'),
      }),
    ),
    output: schema(() => z.object({ reservations: z.array(reservations.reserved()) })),
  },
  release: {
    operation: 'reservations.release',
    title: 'Give files free',
    description: 'Gives files free that you have reserved; without paths, all of them.',
    input: schema(() => z.strictObject({ paths: z.exactOptional(z.array(text()).check(z.minLength(1))) })),
    output: schema(() =>
      z.object({
        released: z.array(reservations.reservation()),
        /** What was over already, or never was: one for each. */
        refused: z.array(failure()),
      }),
    ),
  },
  ...taskTools,
} as const satisfies Record<string, Tool>;

export type ToolName = keyof typeof table;
/** What a tool is called with, checked. */
export type ToolInput<N extends ToolName> = z.output<ReturnType<(typeof table)[N]['input']>>;
/** What it gives. */
export type ToolOutput<N extends ToolName> = Of<(typeof table)[N]['output']>;

export const tools: Readonly<Record<ToolName, Tool>> = table;

export const toolNames = Object.keys(table) as ToolName[];
