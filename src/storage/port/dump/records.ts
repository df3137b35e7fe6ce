/**
 * What a dump of a root says, one record a line of JSON: all that a storage keeps, in the words of the port, so that another
 * storage can take it as it is. Times are milliseconds since 1970.
 *
 * They come in this order: the head; documents and their revisions; of each mailbox its `mailbox`, then what lies in it (of each
 * state the entries in the order of its list); dedupe keys; what is known of agents' tools; the audit; all events, of each
 * mailbox in the order of its log; the end (lines.ts). What one storage keeps and another has no use for is optional, and is
 * passed over by the one that has none.
 */
import * as z from 'zod/mini';
import { schema } from '../../../model/schema.ts';
import { states } from '../../../model/state.ts';
import { agentNamePattern } from '../../../model/agent.ts';
import { topicOf, topicPattern } from '../../../model/topic.ts';
import { isId } from '../../../model/id.ts';
import { priorities } from '../../../model/message.ts';

export const dumpFormat = 'dreamos-dump';
export const dumpVersion = 1;

const time = () => z.number().check(z.gte(0), z.lte(9_999_999_999_999));
const count = () => z.int().check(z.gte(0));
const id = () => z.string().check(z.refine(isId));
const token = () => z.string().check(z.regex(/^[0-9A-HJKMNP-TV-Z]{10}$/));
const mailbox = () => z.string().check(z.refine(isMailboxName));
const isMailboxName = (name: string): boolean => {
  const topic = topicOf(name);
  return topic === undefined ? agentNamePattern.test(name) : topicPattern.test(topic);
};
const day = () => z.string().check(z.regex(/^\d{4}-\d{2}-\d{2}$/));
const sha256 = () => z.string().check(z.regex(/^[0-9a-f]{64}$/));

/** Bytes: as a text where they are one, else in base64. */
const bytes = () => z.union([z.object({ text: z.string() }), z.object({ base64: z.base64() })]);

const head = schema(() =>
  z.object({
    kind: z.literal('head'),
    format: z.literal(dumpFormat),
    version: z.int(),
    /** What has written it, and which root it is of, as far as that has an id. */
    engine: z.string(),
    root: z.nullable(z.string()),
    at: time(),
  }),
);

const document = schema(() =>
  z.object({
    kind: z.literal('document'),
    /** As the port calls it: a DocumentName. */
    name: z
      .string()
      .check(z.regex(/^(?:[a-z-]+|(?:tasks|pending|received)\/[0-9A-Z]{26}|agents\/[A-Za-z0-9][A-Za-z0-9._-]{0,63})$/)),
    /** It may be no JSON: somebody may have edited it by hand. */
    text: z.string(),
  }),
);

/** Of settings, the policy or a card: what never changes under its number. */
const revision = schema(() =>
  z.object({
    kind: z.literal('revision'),
    of: z.string().check(z.regex(/^(?:settings|policy|agents\/[A-Za-z0-9][A-Za-z0-9._-]{0,63})$/)),
    number: count().check(z.gte(1)),
    text: z.string(),
  }),
);

/** A mailbox or a topic's log, with or without a card. */
const box = schema(() =>
  z.object({
    kind: z.literal('mailbox'),
    mailbox: mailbox(),
    lastReadAt: z.optional(time()),
    /** When all of what its agent may send may be sent again, in microseconds (../allowance.ts). */
    allowanceFullAtUs: z.optional(count()),
    /** The last day of its event log that was pruned. */
    prunedThrough: z.optional(day()),
    /** Its last event and the last one that was pruned, by their places among all events, where the storage counts them. */
    lastSeq: z.optional(count()),
    prunedSeq: z.optional(count()),
    /** What it has refused lately, the last one last. */
    refused: z.optional(z.array(z.object({ at: time(), count: count(), code: z.string(), reason: z.string() }))),
    presence: z.optional(
      z.object({
        status: z.string(),
        note: z.optional(z.string()),
        label: z.optional(z.string()),
        since: time(),
        seenAt: time(),
        pid: z.optional(count()),
        host: z.optional(z.string()),
        startedAt: z.optional(time()),
        /** Which process the number means: when it began, as its machine tells it, and which machine that is. */
        pidStart: z.optional(z.string()),
        machine: z.optional(z.string()),
      }),
    ),
  }),
);

/** A request's inbox that is open. */
const inbox = schema(() => z.object({ kind: z.literal('inbox'), mailbox: mailbox(), request: id(), until: time() }));

/** A message in a mailbox, with all of its state. What the message itself says is said by its body alone. */
const entry = schema(() =>
  z.object({
    kind: z.literal('entry'),
    mailbox: mailbox(),
    id: id(),
    state: z.enum(states),
    priority: z.enum(priorities),
    /** How often it was claimed. */
    attempt: count(),
    /** ready: since when; delayed: until when; inflight: when the lease ends; archived, dead: when it got there. */
    at: time(),
    /** ready: it comes back, and so before what is new. */
    comesBack: z.optional(z.literal(true)),
    /** inflight: when it was claimed; delayed: since when it rests, given back for no longer than the longest backoff. */
    since: z.optional(time()),
    /** inflight: the claim's. */
    token: z.optional(token()),
    maxAttempts: z.optional(count()),
    /** Claims that their holders have settled, the last one last. */
    settled: z.optional(z.array(token())),
    expiresAt: z.optional(time()),
    /** archived: and never acked. */
    withdrawn: z.optional(z.literal(true)),
    /** delayed: the request in whose inbox it waits. */
    inbox: z.optional(id()),
    /** It holds its ordering key; how often it was brought back to life since; it goes by none, whatever it says. */
    holdsKey: z.optional(z.literal(true)),
    life: z.optional(count()),
    unordered: z.optional(z.literal(true)),
    /** Its place among all arrivals of the root, where the storage counts them. */
    arrival: z.optional(count()),
    /** Handed over: the first ten hex digits of the sha256 of the name of the mailbox that had it first. */
    origin: z.optional(z.string().check(z.regex(/^[0-9a-f]{10}$/))),
    /** What a newer storage of files says of it in its name. */
    tags: z.optional(z.array(z.string().check(z.regex(/^[a-z][A-Za-z0-9_-]*$/)))),
    /** dead: why. `attempts` and `history` as DeadReason has them. */
    dead: z.optional(
      z.object({
        reason: z.string(),
        attempts: count(),
        history: z.array(z.looseObject({})),
        notice: z.optional(z.string()),
      }),
    ),
    /** Sealed, without a line end. */
    body: bytes(),
  }),
);

/** Bytes that nobody can read. */
const corrupt = schema(() =>
  z.object({
    kind: z.literal('corrupt'),
    mailbox: mailbox(),
    name: z.string(),
    note: z.optional(z.string()),
    body: bytes(),
  }),
);

/** What a script has handed in and nobody could adopt yet, where the storage knows such. */
const handedIn = schema(() =>
  z.object({ kind: z.literal('handed-in'), mailbox: mailbox(), name: z.string(), at: time(), body: bytes() }),
);

/** A dedupe key, by the message that was first sent under it. */
const key = schema(() =>
  z.object({
    kind: z.literal('key'),
    id: id(),
    at: time(),
    /** To whom it went, where the storage knows more of it than the message says. */
    mailboxes: z.optional(z.array(mailbox())),
    body: bytes(),
  }),
);

/** What is kept of a mailbox's numbers. */
const rollup = schema(() =>
  z.object({
    kind: z.literal('rollup'),
    mailbox: mailbox(),
    name: z.string().check(z.regex(/^(?:index|\d{4}-\d{2}-\d{2})$/)),
    text: z.string(),
  }),
);

const sessionKey = () => ({
  host: z.string().check(z.regex(/^[a-z]{1,20}$/)),
  session: z.string().check(z.regex(/^[A-Za-z0-9._-]{1,128}$/)),
});

/** A session of an agent's tool, as Reach has it. */
const session = schema(() =>
  z.object({
    kind: z.literal('session'),
    ...sessionKey(),
    record: z.optional(z.looseObject({})),
    pidStart: z.optional(z.string()),
    /** Who waits on its behalf. */
    place: z.optional(z.string()),
    /** Whose process it is, where the storage is several machines'. */
    machine: z.optional(z.string()),
  }),
);

const announced = schema(() =>
  z.object({
    kind: z.literal('announced'),
    mailbox: mailbox(),
    ...sessionKey(),
    id: id(),
    time: z.int().check(z.gte(1), z.lte(9)),
    at: time(),
  }),
);

/** A part of an audit log: several come in their order. */
const audit = schema(() =>
  z.object({ kind: z.literal('audit'), log: z.union([day(), z.literal('checkpoints')]), body: bytes() }),
);
const auditKey = schema(() => z.object({ kind: z.literal('audit-key'), checkpoint: count(), text: z.string() }));

/** In a long cursor's place: in which root the counting of events began. */
export const lineId = 'line';
/** What a long cursor stands for, in the words of the storage that gave it out. */
const cursor = schema(() =>
  z.object({ kind: z.literal('cursor'), id: z.string().check(z.regex(/^[0-9A-Za-z]{1,64}$/)), text: z.string() }),
);

/** `day`: of the log it stands in, where that is not the day of its time. Its `key` is the storage's own and is left out. */
const event = schema(() =>
  z.object({
    kind: z.literal('event'),
    day: z.optional(day()),
    /** Its place among all events of the root, where the storage counts them. */
    seq: z.optional(count()),
    event: z.looseObject({ at: z.string(), mailbox: mailbox(), event: z.string(), id: z.string() }),
  }),
);

/** How many there are of each in a mailbox, and the digest of all (tally.ts). */
const tallied = schema(() =>
  z.object({
    ...{ ready: count(), delayed: count(), inflight: count(), archived: count(), dead: count() },
    ...{ corrupt: count(), events: count(), digest: sha256() },
  }),
);
export type Tallied = z.infer<ReturnType<typeof tallied>>;

/** The last line, without which a dump is cut off. */
const end = schema(() =>
  z.object({
    kind: z.literal('end'),
    /** Lines before this one, and the sha256 of their bytes. */
    records: count(),
    sha256: sha256(),
    mailboxes: z.record(mailbox(), tallied()),
  }),
);

/** Whatever stands in a line of a dump. */
export const dumpLine = schema(() =>
  z.discriminatedUnion('kind', [
    head(),
    document(),
    revision(),
    box(),
    inbox(),
    entry(),
    corrupt(),
    handedIn(),
    key(),
    rollup(),
    session(),
    announced(),
    audit(),
    auditKey(),
    cursor(),
    event(),
    end(),
  ]),
);
type DumpLine = z.infer<ReturnType<typeof dumpLine>>;

type Of<Kind extends DumpLine['kind']> = Extract<DumpLine, { kind: Kind }>;
export type DumpHead = Of<'head'>;
export type DumpEnd = Of<'end'>;
export type DumpEntry = Of<'entry'>;
export type DumpMailbox = Of<'mailbox'>;
export type DumpEvent = Of<'event'>;
/** What a storage gives and takes: all but the first line and the last. */
export type DumpRecord = Exclude<DumpLine, DumpHead | DumpEnd>;
export type DumpBytes = DumpEntry['body'];
