/** What `alerts` takes and prints. */
import * as z from 'zod/mini';
import { alertMetricNames } from '../../model/metrics/alert-metrics.ts';
import { type Known, once, schema, type Schema } from '../../model/schema.ts';

type Of<S extends Schema<z.core.$ZodType>> = Known<z.output<ReturnType<S>>>;
const text = once(() => z.string());
const time = once(() => z.iso.datetime());

export const tellings = ['firing', 'again', 'resolved'] as const;

/** A rule in one mailbox, or in the root; what is well everywhere is there once, without a mailbox. */
export const alertNow = schema(() =>
  z.object({
    alert: text(),
    metric: z.enum(alertMetricNames),
    mailbox: z.exactOptional(text()),
    state: z.enum(['ok', 'pending', 'firing', 'silenced', 'resolved', 'off']),
    /** In the unit of the metric: a count, milliseconds or a share. `null`: there is no data. */
    value: z.nullable(z.number()),
    /** With `over` or `under` the number that it is compared with, in the same unit. */
    over: z.exactOptional(z.number()),
    under: z.exactOptional(z.number()),
    /** Since when the rule holds. */
    since: z.exactOptional(time()),
    firedAt: z.exactOptional(time()),
    resolvedAt: z.exactOptional(time()),
    silencedUntil: z.exactOptional(time()),
    /** What was told last, and how. */
    told: z.exactOptional(
      z.object({
        what: z.enum(tellings),
        at: time(),
        /** The message that was sent; none, where another checker was first and the key is forgotten. */
        id: z.exactOptional(text()),
        /** Of the command; `null`: a signal has ended it. */
        exitCode: z.exactOptional(z.nullable(z.int())),
      }),
    ),
    /** Why it could not be told. */
    trouble: z.exactOptional(text()),
  }),
);
export type AlertNow = Of<typeof alertNow>;

/** What a command of a rule gets on its standard input, and a message as its data. */
export const alertTold = schema(() =>
  z.object({
    alert: text(),
    metric: text(),
    mailbox: z.exactOptional(text()),
    what: z.enum(tellings),
    value: z.nullable(z.number()),
    over: z.exactOptional(z.number()),
    under: z.exactOptional(z.number()),
    firedAt: time(),
    at: time(),
    test: z.exactOptional(z.literal(true)),
  }),
);
export type AlertTold = Of<typeof alertTold>;

/** What a rule would do now. */
export const alertTested = schema(() =>
  z.object({
    alert: text(),
    mailboxes: z.array(
      z.object({ mailbox: z.exactOptional(text()), value: z.nullable(z.number()), holds: z.boolean() }),
    ),
    told: alertTold(),
    mail: z.exactOptional(z.object({ to: text(), subject: text(), body: text() })),
    run: z.exactOptional(z.array(text())),
    /** Why no mail would be sent, or would not arrive. */
    trouble: z.exactOptional(text()),
    /** With `act` what came of it: the message, the command's exit code; none: it was not run. */
    did: z.exactOptional(
      z.object({
        id: z.exactOptional(text()),
        exitCode: z.exactOptional(z.nullable(z.int())),
        trouble: z.exactOptional(text()),
      }),
    ),
  }),
);
export type AlertTested = Of<typeof alertTested>;

export const silence = schema(() =>
  z.object({
    /** Absent: all of them. */
    alert: z.exactOptional(text()),
    mailbox: z.exactOptional(text()),
    /** `null`: it is told again. */
    until: z.nullable(time()),
    by: z.exactOptional(text()),
  }),
);
export type Silenced = Of<typeof silence>;
