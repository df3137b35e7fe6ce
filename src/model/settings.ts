import * as z from 'zod/mini';
import { either, fieldsOf, matching, oneOf, optional, whole } from './fits.ts';
import { once, schema } from './schema.ts';

const durationPattern = /^(?:0|\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h|d))$/;
const duration = once(() => z.string().check(z.regex(durationPattern, 'a duration such as 250ms, 30s, 5m, 2h or 7d')));

/** No setting allows more: body and data of one message together, in bytes. */
export const hardMaxMessageBytes = 67_108_864;

// The largest number of anything that is counted here; also of bytes.
const most = Number.MAX_SAFE_INTEGER;
/** A limit, or `none`: so that one agent can be without the limit that the root sets for all. */
const limit = (least: number) => z.union([z.literal('none'), z.int().check(z.minimum(least), z.maximum(most))]);
const days = (least: number) => z.union([z.literal('none'), z.int().check(z.minimum(least), z.maximum(36_500))]);

const fitsDuration = matching(durationPattern);
const fitsLimit = (least: number, greatest = most) => either(oneOf('none'), whole(least, greatest));

/** What config.json and the `settings` of an agent's card may hold; everything is optional, unknown fields are kept. */
export const settingsSchema = schema(
  () =>
    z.looseObject({
      lease: z.optional(duration()),
      maxAttempts: z.optional(z.int().check(z.minimum(1), z.maximum(1000))),
      backoffMin: z.optional(duration()),
      backoffMax: z.optional(duration()),
      durability: z.optional(z.enum(['full', 'relaxed'])),
      maxMessageBytes: z.optional(z.int().check(z.minimum(1024), z.maximum(hardMaxMessageBytes))),
      warnUnreadAfter: z.optional(duration()),
      topicRetention: z.optional(duration()),
      maxMessages: z.optional(limit(1)),
      maxBytes: z.optional(limit(1)),
      ttl: z.optional(z.union([z.literal('none'), duration()])),
      packAfterDays: z.optional(days(0)),
      archiveDays: z.optional(days(0)),
      archiveBytes: z.optional(limit(0)),
      eventDays: z.optional(days(1)),
      eventBytes: z.optional(limit(0)),
    }),
  fieldsOf({
    lease: optional(fitsDuration),
    maxAttempts: optional(whole(1, 1000)),
    backoffMin: optional(fitsDuration),
    backoffMax: optional(fitsDuration),
    durability: optional(oneOf('full', 'relaxed')),
    maxMessageBytes: optional(whole(1024, hardMaxMessageBytes)),
    warnUnreadAfter: optional(fitsDuration),
    topicRetention: optional(fitsDuration),
    maxMessages: optional(fitsLimit(1)),
    maxBytes: optional(fitsLimit(1)),
    ttl: optional(either(oneOf('none'), fitsDuration)),
    packAfterDays: optional(fitsLimit(0, 36_500)),
    archiveDays: optional(fitsLimit(0, 36_500)),
    archiveBytes: optional(fitsLimit(0)),
    eventDays: optional(fitsLimit(1, 36_500)),
    eventBytes: optional(fitsLimit(0)),
  }),
);

export type Settings = z.infer<ReturnType<typeof settingsSchema>>;

export type Durability = 'full' | 'relaxed';

/** How often a message is tried and how long it rests in between. */
export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly backoffMinMs: number;
  readonly backoffMaxMs: number;
}

export const defaultSettings = {
  lease: '15m',
  maxAttempts: 5,
  backoffMin: '1s',
  backoffMax: '5m',
  durability: 'full',
  maxMessageBytes: 1_048_576,
  warnUnreadAfter: '1h',
  topicRetention: '7d',
  maxMessages: 'none',
  maxBytes: 'none',
  ttl: 'none',
  packAfterDays: 7,
  archiveDays: 'none',
  archiveBytes: 'none',
  eventDays: 'none',
  eventBytes: 'none',
} as const satisfies Settings;

/** A claim is never longer than this, so that a dead consumer cannot hold a message for days. */
export const maxLeaseMs = 12 * 3_600_000;

/** A lease that is over before the message is read would use up its attempts for nothing. */
export const minLeaseMs = 100;
