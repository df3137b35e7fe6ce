/** What finished and failed mail and keeping house print with --json. */
import * as z from 'zod/mini';
import { mailEventSchema } from '../model/event.ts';
import { schema } from '../model/schema.ts';
import { signatureFields } from './security/signature.ts';
import { count, message, type Of, text, time, yes } from './shape.ts';

export const archived = schema(() =>
  z.object({
    id: text(),
    mailbox: text(),
    ackedAt: time(),
    /** Cancelled, replaced or imported, so never acked. */
    withdrawn: z.exactOptional(yes()),
    message: message(),
    ...signatureFields(),
  }),
);
export type Archived = Of<typeof archived>;

export const dead = schema(() =>
  z.object({
    id: text(),
    mailbox: text(),
    reason: text(),
    /** How often it was claimed. */
    attempts: count(),
    deadAt: time(),
    message: message(),
    ...signatureFields(),
  }),
);
export type Dead = Of<typeof dead>;

export const deadShown = schema(() =>
  z.extend(dead(), {
    history: z.array(mailEventSchema()),
    /** Of what its sender wanted to be told of: `sent`, or why there is no notice. */
    notice: z.exactOptional(text()),
  }),
);
export type DeadShown = Of<typeof deadShown>;

export const purged = schema(() =>
  z.object({ id: text(), mailbox: text(), purged: z.exactOptional(yes()), dryRun: z.exactOptional(yes()) }),
);
export type PurgedJson = Of<typeof purged>;

export const backedUp = schema(() =>
  z.object({
    /** Its absolute path. */
    file: text(),
    /** How many it holds, each mailbox's own. */
    messages: count(),
    bytes: count(),
    /** What was acknowledged before is in it. */
    begunAt: time(),
  }),
);
export type BackedUp = Of<typeof backedUp>;

export const exported = schema(() =>
  z.object({
    format: z.enum(['sqlite', 'jsonl', 'csv']),
    /** Of the file, or of the folder with a file for each table. */
    path: text(),
    /** How many were written; into a database: those that are new or have changed. */
    rows: z.object({ messages: count(), deliveries: count(), events: count(), tags: count(), tasks: count() }),
  }),
);
export type Exported = Of<typeof exported>;

export const restored = schema(() =>
  z.object({
    root: text(),
    messages: count(),
    /** Of these, those that were claimed, and are ready again. */
    claimed: count(),
    /** Of the backup. */
    begunAt: time(),
  }),
);
export type RestoredJson = Of<typeof restored>;

export const dumped = schema(() =>
  z.object({
    file: text(),
    messages: count(),
    /** With topics' logs. */
    mailboxes: count(),
    /** Lines, but for the last one. */
    records: count(),
    bytes: count(),
    /** What was acknowledged before is in it. */
    at: time(),
  }),
);
export type Dumped = Of<typeof dumped>;

export const loaded = schema(() =>
  z.object({
    root: text(),
    messages: count(),
    mailboxes: count(),
    /** What had kept it: `files`. */
    from: text(),
    /** When it was dumped. */
    at: time(),
  }),
);
export type LoadedJson = Of<typeof loaded>;

export const moved = schema(() =>
  z.object({
    /** `none`: there was nothing to resume or to abort. */
    state: z.enum(['planned', 'moved', 'aborted', 'purged', 'none']),
    from: text(),
    /** `file:<folder>`, or the address of an engine with the root's id. */
    to: z.nullable(text()),
    messages: count(),
    mailboxes: count(),
    /** What this move and earlier ones have left behind; purged: what they had. */
    left: z.array(text()),
  }),
);
export type Moved = Of<typeof moved>;

/** One thing that was done, or, in a dry run, would be. */
export const maintained = schema(() =>
  z.object({
    task: z.enum([
      'due',
      'expired',
      'pack',
      'prune',
      'events',
      'schedule',
      'topic',
      'dedupe',
      'reach',
      'reservations',
      'config',
      'policy',
      'alerts',
      'audit',
    ]),
    /** Not for what concerns the whole root. */
    mailbox: z.exactOptional(text()),
    schedule: z.exactOptional(text()),
    topic: z.exactOptional(text()),
    /** The UTC day it is about. */
    day: z.exactOptional(text()),
    /** Messages; for `events` and `audit` logs, for `dedupe` keys, for `reservations` those that were over, for `alerts` what was told. */
    count: count(),
    /** What they take, or, packed, took. */
    bytes: z.exactOptional(count()),
    /** What they take now that they are packed. */
    packedBytes: z.exactOptional(count()),
    dryRun: z.exactOptional(yes()),
  }),
);
export type Maintained = Of<typeof maintained>;

export const imported = schema(() =>
  z.object({
    /** Its path in the tree; `#2` behind it is the third of several messages in it. */
    file: text(),
    result: z.enum(['imported', 'skipped', 'unreadable']),
    mailbox: z.exactOptional(text()),
    id: z.exactOptional(text()),
    state: z.exactOptional(z.enum(['archived', 'ready'])),
    /** Why it was skipped or cannot be read; or what of an imported message did not come over as it was written. */
    why: z.exactOptional(text()),
  }),
);
export type ImportResult = Of<typeof imported>;

/** Something that `doctor` looked at. */
export const finding = schema(() =>
  z.object({
    /** Short and stable: `lease-expired`, `tmp-stale`, `digest`. */
    rule: text(),
    level: z.enum(['info', 'warning', 'problem']),
    message: text(),
    mailbox: z.exactOptional(text()),
    /** Repaired in this run. */
    fixed: z.exactOptional(z.boolean()),
    /** What to run next. */
    hint: z.exactOptional(text()),
  }),
);
export type Finding = Of<typeof finding>;
