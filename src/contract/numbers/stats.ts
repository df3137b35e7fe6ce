/** What `stats` prints with --json. */
import * as z from 'zod/mini';
import { groupings, numberNames, type NumberName } from '../../model/metrics/numbers.ts';
import { type Known, schema, type Schema } from '../../model/schema.ts';

type Of<S extends Schema<z.core.$ZodType>> = Known<z.output<ReturnType<S>>>;

const time = () => z.iso.datetime();
const count = () => z.int().check(z.nonnegative());
/** `null`: too few samples to say. */
const numbers = () =>
  Object.fromEntries(numberNames.map((name) => [name, z.nullable(z.number())])) as Record<
    NumberName,
    z.ZodMiniNullable<z.ZodMiniNumber>
  >;

/** What happened in one mailbox, by one consumer, with one type of messages or in one topic. */
const statsRow = schema(() =>
  z.object({
    name: z.string(),
    ...numbers(),
    /** How many arrived (of an agent: were claimed), were acked, and died. */
    arrived: count(),
    acked: count(),
    dead: count(),
    /** Of a mailbox, now; `null`: it could not be looked into. */
    backlog: z.exactOptional(z.nullable(count())),
    corrupt: z.exactOptional(z.nullable(count())),
    oldestReadyMs: z.exactOptional(z.nullable(z.number())),
    /** Arrivals, from the beginning of the time to its end, in at most 24 equal parts. */
    series: z.array(count()),
    /** Nothing from before is known, and rates are of the time since: the logs do not go further back. */
    knownSince: z.exactOptional(time()),
  }),
);
export type StatsRow = Of<typeof statsRow>;

const named = () => z.array(z.object({ name: z.string(), count: count(), times: z.number() }));

export const stats = schema(() =>
  z.object({
    by: z.enum(groupings),
    /** A whole minute, hour or day, so that it may be a bit more than was asked for. */
    since: time(),
    until: time(),
    /** Of what is known least far back, if not of all of this time. */
    knownSince: z.exactOptional(time()),
    rows: z.array(statsRow()),
    /** Consumers whose claims take at least twice as long as those of all others, by the median; `times` as long. */
    slow: named(),
    /** Senders of at least twice as many messages as the others on average; `times` as many. */
    hot: named(),
    /** How many agents are in each state, now. */
    agents: z.array(z.object({ state: z.string(), count: count() })),
    /** Of the disk of the root; `null`: it cannot be seen. */
    diskFreeShare: z.nullable(z.number()),
  }),
);
export type Stats = Of<typeof stats>;
