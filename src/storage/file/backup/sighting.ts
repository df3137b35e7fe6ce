/** What a backup's index says, a JSON line each. What a later version adds is optional, or `backupVersion` is another. */
import * as z from 'zod/mini';
import { schema } from '../../../model/schema.ts';

/** Where a message was seen; `answer`: in the inbox of a request. */
const seenIn = ['delayed', 'answer', 'ready', 'inflight', 'dead', 'archived'] as const;
export type SeenIn = (typeof seenIn)[number];

const seen = schema(() =>
  z.looseObject({
    kind: z.literal('seen'),
    /** A topic's log, too. */
    mailbox: z.string(),
    state: z.enum(seenIn),
    /** Its entry's. */
    name: z.string(),
    /** The entry of the backup that holds its bytes. */
    body: z.string(),
    /** Of a dead one, the document that says why. */
    reason: z.optional(z.string()),
  }),
);
export type Seen = z.infer<ReturnType<typeof seen>>;

/** A file as it is, by its path in the root. */
const file = schema(() =>
  z.looseObject({
    kind: z.literal('file'),
    path: z.string(),
    mtimeMs: z.number(),
    sha256: z.string(),
    /** Of what is handed in under a dedupe key: the message that it becomes. */
    id: z.optional(z.string()),
  }),
);

/** A dedupe key, and the message that was sent under it. */
const key = schema(() =>
  z.looseObject({
    kind: z.literal('key'),
    sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
    id: z.string(),
    body: z.string(),
    mtimeMs: z.number(),
    /** Its send was not seen to be committed: it counts only together with its message. */
    unsure: z.boolean(),
  }),
);

/** What had been taken out of a pack before. */
const gone = schema(() =>
  z.looseObject({ kind: z.literal('gone'), pack: z.string(), identities: z.array(z.string()) }),
);

/** The last line. */
const end = schema(() => z.looseObject({ kind: z.literal('end'), endedAt: z.number(), messages: z.number() }));

export const indexLine = schema(() => z.discriminatedUnion('kind', [seen(), file(), key(), gone(), end()]));
export type IndexLine = z.infer<ReturnType<typeof indexLine>>;

export const backupVersion = 1;

/** What the first entry says. */
export const about = schema(() =>
  z.looseObject({ format: z.literal('dreamos-backup'), version: z.number(), begunAt: z.number(), root: z.string() }),
);
