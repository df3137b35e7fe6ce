/** What looking prints with --json. */
import * as z from 'zod/mini';
import { presenceStates } from '../model/agent.ts';
import { mailEventSchema } from '../model/event.ts';
import { schema } from '../model/schema.ts';
import { taskStates } from '../model/state.ts';
import { finding } from './keep.ts';
import { signatureFields } from './security/signature.ts';
import { count, message, type Of, priority, receipt, state, text, time, yes } from './shape.ts';

/** One message in one mailbox, without its content. */
export const entry = schema(() =>
  z.object({
    id: text(),
    mailbox: text(),
    state: state(),
    priority: priority(),
    attempt: count(),
    task: z.exactOptional(yes()),
    receipt: z.exactOptional(receipt()),
    /** inflight, of a look: who claimed it, by what label, and when, as far as the event log knows. */
    heldBy: z.exactOptional(text()),
    heldLabel: z.exactOptional(text()),
    heldSince: z.exactOptional(time()),
    expiresAt: z.exactOptional(time()),
    dueAt: z.exactOptional(time()),
    leaseUntil: z.exactOptional(time()),
    ackedAt: z.exactOptional(time()),
    /** archived: cancelled, replaced or imported, so never acked. */
    withdrawn: z.exactOptional(yes()),
    deadAt: z.exactOptional(time()),
    /** archived unclaimed: the newer message that took its place; as far as the event log goes back. */
    replacedBy: z.exactOptional(text()),
    /** It is where it was: nothing was done. */
    dryRun: z.exactOptional(yes()),
  }),
);
export type EntryJson = Of<typeof entry>;

export const listed = schema(() =>
  z.object({
    id: text(),
    mailbox: text(),
    state: state(),
    priority: priority(),
    attempt: count(),
    /** `null`: it cannot be read. */
    message: z.nullable(message()),
    /** Only of what the acting agent itself holds. */
    receipt: z.exactOptional(receipt()),
    /** inflight: who claimed it, by what label, and when, as far as the event log knows. */
    heldBy: z.exactOptional(text()),
    heldLabel: z.exactOptional(text()),
    heldSince: z.exactOptional(time()),
    leaseUntil: z.exactOptional(time()),
    dueAt: z.exactOptional(time()),
    /** dead: why. */
    reason: z.exactOptional(text()),
    ...signatureFields(),
    /** `message` is what was sealed; what lies there is its ciphertext. */
    unsealed: z.exactOptional(yes()),
  }),
);
export type Listed = Of<typeof listed>;

export const found = schema(() =>
  z.extend(listed(), {
    message: message(),
  }),
);
export type Found = Of<typeof found>;

/** A message whole, and where it is. */
export const shown = schema(() =>
  z.object({
    message: message(),
    entries: z.array(entry()),
    ...signatureFields(),
    /** `message` is what was sealed; what lies there is its ciphertext. */
    unsealed: z.exactOptional(yes()),
  }),
);
export type ShownJson = Of<typeof shown>;

/** One thing that happened; an answer's arrival has the answer's own id, and `replyTo`. */
export const traceStep = schema(() =>
  z.extend(mailEventSchema(), {
    /** Since the first thing that is known; milliseconds. */
    sinceStartMs: z.int(),
    /** Since the last thing that happened to it in this mailbox. */
    sinceLastMs: z.nullable(z.int()),
  }),
);
export type TraceStep = Of<typeof traceStep>;

/** An event as a watcher sees it: with the cursor that continues right behind it. */
export const watched = schema(() => z.looseObject({ cursor: text(), ...mailEventSchema().shape }));

/** A claim that nobody has settled. */
const heldClaim = schema(() =>
  z.object({
    id: text(),
    attempt: count(),
    heldBy: z.exactOptional(text()),
    heldLabel: z.exactOptional(text()),
    heldSince: z.exactOptional(time()),
    leaseUntil: time(),
  }),
);
export type HeldClaim = Of<typeof heldClaim>;

/** Sends that a mailbox did not take. */
const refusedSends = schema(() => z.object({ count: count(), lastAt: time(), code: text(), reason: text() }));

export const mailboxStatus = schema(() =>
  z.object({
    mailbox: text(),
    ready: count(),
    inflight: count(),
    delayed: count(),
    dead: count(),
    archived: count(),
    corrupt: count(),
    /** Since the oldest ready message was sent; milliseconds. */
    oldestReadyAgeMs: z.nullable(count()),
    /** Reads that found nothing count. */
    lastReadAt: z.nullable(time()),
    /** Nothing is claimed from it since then; absent: it is not paused. */
    pausedAt: z.exactOptional(time()),
    /** Who has paused it, if he said so. */
    pausedBy: z.exactOptional(text()),
    /** Who holds what is inflight, by the end of the lease; absent: nobody, or more than 50 are. */
    held: z.exactOptional(z.array(heldClaim())),
    /** Of the next 256 ready ones those that were announced to a session of its agent; absent: none. */
    announced: z.exactOptional(count()),
    /** Sends that it has refused in the last 24 hours, about, and the last of them; absent: none. */
    refused: z.exactOptional(refusedSends()),
  }),
);
export type MailboxStatus = Of<typeof mailboxStatus>;

const agentNow = schema(() =>
  z.object({
    agent: text(),
    /** `unseen`: it never said that it is there, and holds nothing. */
    state: z.enum(presenceStates),
    /** Since when it is in this state, if that is known. */
    since: z.exactOptional(time()),
    /** What it says of itself. */
    note: z.exactOptional(text()),
    /** Claims that it has made, in its own mailbox or in others. */
    holds: count(),
    /** How many tasks it takes at once; absent: its card says nothing of it. */
    maxTasks: z.exactOptional(count()),
    /** Those that end first. */
    held: z.array(z.extend(heldClaim(), { mailbox: text() })),
    /** When it was last heard of: a read of its mailbox, or its own word. */
    seenAt: z.nullable(time()),
  }),
);
export type AgentNow = Of<typeof agentNow>;

const mailboxNow = schema(() =>
  z.extend(mailboxStatus(), {
    /** Messages that came within the last minute. */
    inPerMinute: count(),
    /** Those that were finished, or went elsewhere. */
    outPerMinute: count(),
  }),
);
export type MailboxNow = Of<typeof mailboxNow>;

/** A root at a glance. */
export const overview = schema(() =>
  z.object({
    at: time(),
    agents: z.array(agentNow()),
    mailboxes: z.array(mailboxNow()),
    /** How many there are in each state that has any; absent: there never were tasks. Where much is archived, of those to be done. */
    tasks: z.exactOptional(z.array(z.object({ state: z.enum(taskStates), count: count() }))),
    /** The last ones, the latest last. */
    events: z.array(mailEventSchema()),
    /** What does not go on by itself. */
    stuck: z.array(finding()),
  }),
);
export type Overview = Of<typeof overview>;

/** Of something of which only so much may be had; `limit` is `null`: as much as comes. */
const used = schema(() => z.object({ limit: z.nullable(count()), used: count() }));

export const agentResources = schema(() =>
  z.object({
    agent: text(),
    /** At once: assigned to it, or held. */
    tasks: z.object({ limit: count(), used: count() }),
    /** Messages in a minute. */
    sends: z.object({
      limit: z.nullable(count()),
      /** `null`: without a limit nobody counts. */
      used: z.nullable(count()),
      /** When the next may go; absent: now. */
      nextAt: z.exactOptional(time()),
    }),
    /** Of its mailbox what is ready, delayed and inflight; the bytes about. */
    messages: used(),
    bytes: used(),
    /** Sends that its mailbox has refused in the last 24 hours, and its own that were LIMITED; absent: none. */
    refused: z.exactOptional(refusedSends()),
  }),
);
export type AgentResources = Of<typeof agentResources>;

/** A message as a listener hears it. */
export const heard = schema(() =>
  z.object({
    /** Continues behind it, for the same patterns. */
    cursor: text(),
    topic: text(),
    /** When it was published. */
    at: time(),
    message: message(),
    /** Told after a power cut: it may have been heard before. */
    again: z.optional(z.literal(true)),
    ...signatureFields(),
  }),
);
export type Heard = Of<typeof heard>;
