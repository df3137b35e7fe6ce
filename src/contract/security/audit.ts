/** What the commands of `audit` print with --json. */
import * as z from 'zod/mini';
import { type Known, once, schema, type Schema } from '../../model/schema.ts';

const text = once(() => z.string());
const time = once(() => z.iso.datetime());
const count = once(() => z.int().check(z.nonnegative()));
/** For reading only. */
type Of<S extends Schema<z.core.$ZodType>> = Readonly<Known<z.output<ReturnType<S>>>>;

/** One thing that was done, or refused. */
export const audited = schema(() =>
  z.object({
    at: time(),
    /** As the operations are called, `config.set`; of mail `send`, `claim` and `ack`. */
    op: text(),
    /** The agent who acted; null: nobody said who he was. Nothing proves it. */
    by: z.nullable(text()),
    /** `failed`: by the disk, or by a bug, in the middle of it perhaps. */
    result: z.enum(['done', 'denied', 'failed']),
    code: z.exactOptional(text()),
    why: z.exactOptional(text()),
    /** What was asked for, in the words of the command or of the library; what is long is cut. */
    args: z.exactOptional(z.array(z.unknown())),
    id: z.exactOptional(text()),
    mailbox: z.exactOptional(text()),
    to: z.exactOptional(z.array(text())),
    pid: count(),
    /** The number of the user whose process it was. */
    user: z.exactOptional(count()),
  }),
);
export type Audited = Of<typeof audited>;

export const auditVerified = schema(() =>
  z.object({
    /** `empty`: nothing was noted yet, or all of it is gone. */
    state: z.enum(['whole', 'broken', 'empty']),
    lines: count(),
    bytes: count(),
    checkpoints: count(),
    /** Of the first and the newest checkpoint; null: there is none. What was done later than the newest is not proved. */
    since: z.nullable(time()),
    until: z.nullable(time()),
    /** What came behind the newest checkpoint. */
    unproved: z.object({ lines: count(), bytes: count() }),
    /** Days up to this one were removed by `audit prune`. */
    prunedThrough: z.nullable(text()),
    /** Whether the anchor that was given is one of these checkpoints; null: none was given. */
    anchored: z.nullable(z.boolean()),
    /** As those of `doctor`. */
    findings: z.array(
      z.object({
        rule: text(),
        level: z.enum(['info', 'warning', 'problem']),
        message: text(),
        hint: z.exactOptional(text()),
      }),
    ),
  }),
);
export type AuditVerified = Of<typeof auditVerified>;

export const auditAnchor = schema(() =>
  z.object({
    /** The checkpoint's number. */
    n: count(),
    at: time(),
    /** Of its line. */
    sha256: text(),
    /** What to keep elsewhere. */
    anchor: text(),
  }),
);
export type AuditAnchor = Of<typeof auditAnchor>;
