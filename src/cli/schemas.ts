import * as z from 'zod/mini';
import { results } from '../core/work/outcome.ts';
import { agentCardSchema } from '../model/agent.ts';
import { handedInSchema } from '../model/draft-schema.ts';
import { mailEventSchema } from '../model/event.ts';
import { messageSchema, priorities } from '../model/message.ts';
import { settingsSchema } from '../model/settings.ts';
import { scheduleSchema } from '../core/schedules/schedules.ts';
import { states } from '../storage/port/store.ts';

/** What `dreamos schema <name>` can describe: the files, then what each command prints with --json. */
export const schemaNames = {
  message: 'a message file',
  drop: 'what a script may put into drop/',
  event: 'a line of an event log',
  agent: "an agent's card, agent.json",
  settings: "config.json, and a card's settings",
  send: 'what send and reply print',
  route: 'what send --dry-run prints',
  publish: 'what publish prints',
  subscription: 'what subscribe and unsubscribe print',
  listen: 'what listen prints',
  topic: 'what topics list and show print',
  prune: 'what topics prune prints',
  read: 'what read prints',
  peek: 'what peek prints',
  work: 'what work prints',
  request: 'what request prints',
  settled: 'what ack, nack and renew print',
  list: 'what list prints',
  entry: 'what cancel, dlq retry and archive restore print',
  show: 'what show and thread print',
  trace: 'what trace prints',
  search: 'what search prints',
  watch: 'what watch prints',
  status: 'what status prints',
  dlq: 'what dlq list prints',
  archive: 'what archive list, search and export print',
  schedule: 'what schedule prints',
  maintain: 'what maintain, archive pack and archive prune print',
  import: 'what import prints',
  doctor: 'what doctor prints',
  error: 'an error on stderr',
} as const;

export type SchemaName = keyof typeof schemaNames;

/** As JSON Schema 2020-12. */
export function jsonSchemaOf(name: SchemaName): object {
  return z.toJSONSchema(schemas[name], { io: 'input', unrepresentable: 'any' });
}

const time = z.iso.datetime();
const state = z.enum(states);
const text = z.string();
const count = z.int().check(z.nonnegative());
const receipt = z.string().check(z.regex(/^[A-Za-z0-9._:-]+$/));
const priority = z.enum(priorities);
const settled = z.looseObject({ id: text, mailbox: text, state, receipt, leaseUntil: z.optional(time) });
const entry = z.looseObject({
  id: text,
  mailbox: text,
  state,
  priority,
  attempt: count,
  receipt: z.optional(receipt),
  expiresAt: z.optional(time),
  dueAt: z.optional(time),
  leaseUntil: z.optional(time),
  ackedAt: z.optional(time),
  deadAt: z.optional(time),
});

const listed = z.looseObject({
  id: text,
  mailbox: text,
  state,
  priority,
  attempt: count,
  message: z.nullable(messageSchema()),
  receipt: z.optional(receipt),
  leaseUntil: z.optional(time),
  dueAt: z.optional(time),
});

// Objects are loose: fields are only ever added, and a reader has to be prepared for that.
export const schemas: Record<SchemaName, z.core.$ZodType> = {
  message: messageSchema(),
  drop: handedInSchema(),
  event: mailEventSchema(),
  agent: agentCardSchema(),
  settings: settingsSchema(),
  send: z.looseObject({
    id: text,
    to: z.array(text),
    mailboxes: z.array(text),
    state: z.enum(['ready', 'delayed']),
    durability: z.enum(['full', 'relaxed']),
    duplicate: z.optional(z.literal(true)),
    acked: z.optional(settled),
  }),
  route: z.looseObject({ mailbox: text, reasons: z.array(text) }),
  publish: z.looseObject({
    id: text,
    topic: text,
    mailboxes: z.array(text),
    subscribers: count,
    durability: z.enum(['full', 'relaxed']),
    duplicate: z.optional(z.literal(true)),
  }),
  subscription: z.looseObject({ agent: text, pattern: text, subscribed: z.boolean(), changed: z.boolean() }),
  listen: z.looseObject({ cursor: text, topic: text, at: time, message: messageSchema() }),
  topic: z.looseObject({
    topic: text,
    messages: count,
    lastPublishedAt: z.nullable(time),
    subscribers: z.array(z.looseObject({ agent: text, patterns: z.array(text) })),
    recent: z.optional(z.array(z.nullable(messageSchema()))),
  }),
  prune: z.looseObject({ topic: text, messages: count, bytes: count, dryRun: z.boolean() }),
  read: z.looseObject({ receipt, mailbox: text, attempt: count, leaseUntil: time, message: messageSchema() }),
  peek: z.looseObject({ mailbox: text, attempt: count, message: messageSchema() }),
  work: z.looseObject({
    id: text,
    receipt,
    mailbox: text,
    attempt: count,
    outcome: z.enum(results),
    exitCode: z.nullable(count),
    signal: z.nullable(text),
    durationMs: count,
    reason: z.optional(text),
    reply: z.optional(text),
  }),
  request: z.looseObject({ request: text, mailbox: text, message: messageSchema() }),
  settled,
  list: listed,
  entry,
  show: z.looseObject({ message: messageSchema(), entries: z.array(entry) }),
  trace: z.looseObject({
    ...mailEventSchema().shape,
    sinceStartMs: z.int(),
    sinceLastMs: z.nullable(z.int()),
    heldMs: z.optional(z.int()),
  }),
  search: z.extend(listed, { message: messageSchema() }),
  watch: z.looseObject({ cursor: text, ...mailEventSchema().shape }),
  status: z.looseObject({
    mailbox: text,
    ready: count,
    inflight: count,
    delayed: count,
    dead: count,
    archived: count,
    corrupt: count,
    oldestReadyAgeMs: z.nullable(count),
    lastReadAt: z.nullable(time),
  }),
  dlq: z.looseObject({
    id: text,
    mailbox: text,
    reason: text,
    attempts: count,
    deadAt: time,
    message: messageSchema(),
  }),
  archive: z.looseObject({ id: text, mailbox: text, ackedAt: time, message: messageSchema() }),
  schedule: z.looseObject({
    ...scheduleSchema.shape,
    nextAt: z.optional(z.nullable(time)),
    upcoming: z.optional(z.array(time)),
  }),
  maintain: z.looseObject({
    task: z.enum(['due', 'expired', 'pack', 'prune', 'events', 'schedule', 'topic', 'dedupe']),
    mailbox: z.optional(text),
    schedule: z.optional(text),
    topic: z.optional(text),
    day: z.optional(text),
    count,
    bytes: z.optional(count),
    packedBytes: z.optional(count),
    dryRun: z.optional(z.literal(true)),
  }),
  import: z.looseObject({
    file: text,
    result: z.enum(['imported', 'skipped', 'unreadable']),
    mailbox: z.optional(text),
    id: z.optional(text),
    why: z.optional(text),
  }),
  doctor: z.looseObject({
    rule: text,
    level: z.enum(['info', 'warning', 'problem']),
    message: text,
    mailbox: z.optional(text),
    fixed: z.optional(z.boolean()),
    hint: z.optional(text),
  }),
  error: z.looseObject({
    error: z.looseObject({ code: text, message: text, hint: z.nullable(text), line: z.optional(count) }),
  }),
};
