/** What `metrics` hands to other programs. */
import * as z from 'zod/mini';
import { type Known, once, schema, type Schema } from '../../model/schema.ts';

type Of<S extends Schema<z.core.$ZodType>> = Known<z.output<ReturnType<S>>>;
const text = once(() => z.string());
const count = once(() => z.int().check(z.nonnegative()));

const sample = schema(() =>
  z.object({
    labels: z.record(z.string(), text()),
    /** Of a gauge, a counter or an info; the others have what follows. */
    value: z.exactOptional(z.number()),
    /** How many were measured, and their sum. */
    count: z.exactOptional(count()),
    sum: z.exactOptional(z.number()),
    /** Of a histogram: how many of them were not above a bound, ascending; that of all is `count`. */
    buckets: z.exactOptional(z.array(z.object({ le: z.number(), count: count() }))),
  }),
);
export type MetricSample = Of<typeof sample> & { readonly labels: Readonly<Record<string, string>> };

/** Samples of one name, as Prometheus has them. */
export const metricFamily = schema(() =>
  z.object({
    /** Without the `_total` of a counter and the `_info` of an info. */
    name: text(),
    type: z.enum(['gauge', 'counter', 'histogram', 'summary', 'info']),
    /** The last word of its name. */
    unit: z.exactOptional(z.enum(['seconds', 'bytes'])),
    help: text(),
    samples: z.array(sample()),
  }),
);
export type MetricFamily = Omit<Of<typeof metricFamily>, 'samples'> & { readonly samples: readonly MetricSample[] };
