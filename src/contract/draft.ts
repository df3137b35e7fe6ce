/** What whoever sends hands over. */
import * as z from 'zod/mini';
import { agentNamePattern } from '../model/agent.ts';
import type { Draft } from '../model/draft.ts';
import { keyCharacters } from '../model/basics/limits.ts';
import { messageSchema } from '../model/message.ts';
import { once, schema } from '../model/schema.ts';
import { durationText } from '../model/settings.ts';

// What a text may be is said by the message; what is a draft's alone, here.
const ofDraft = once(() => {
  const { subject, type, priority, tags, data, dedupeKey, orderingKey, replaceKey } = messageSchema().shape;
  const key = z.nullable(z.string().check(z.maxLength(keyCharacters)));
  const optional = {
    from: z.string().check(z.regex(agentNamePattern)),
    ...{ subject, type, priority, thread: key, replyTo: key, tags, data },
    ttl: durationText(),
    ttlMs: z.number().check(z.positive()),
    delay: durationText(),
    delayMs: z.number().check(z.nonnegative()),
    at: z.union([z.string(), z.number()]),
    ...{ dedupeKey, orderingKey, replaceKey },
    notify: z.boolean(),
    traceparent: z.string(),
    tracestate: z.string(),
    allowEmpty: z.boolean(),
    seal: z.boolean(),
    sealSubject: z.boolean(),
    durability: z.enum(['full', 'relaxed']),
  } satisfies Record<Exclude<keyof Draft, 'to' | 'body'>, z.ZodMiniType>;
  return { to: z.union([z.string(), z.array(z.string())]), body: z.string(), ...absentAsNull(optional) };
});

/** A draft (model/draft.ts), for whoever describes it. */
export const draftSchema = schema(() => z.strictObject(ofDraft()));

/** What a script puts into `drop/`: a draft, and what a message has besides; at least who says what. */
export const handedInSchema = schema(() => {
  const { v, id, topic, createdAt, expiresAt, replyBy, sealed, root, key, sig, digest } = messageSchema().shape;
  const { to, body, from, seal: _, sealSubject: __, ...rest } = ofDraft();
  return z.strictObject({
    from: from.def.innerType.def.innerType,
    body,
    ...absentAsNull({ to, v, id, topic, createdAt, expiresAt, replyBy, sealed, root, key, sig, digest }),
    ...rest,
  });
});

function absentAsNull<S extends Record<string, z.ZodMiniType>>(shape: S) {
  return Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, z.optional(z.nullable(field))])) as {
    [Name in keyof S]: z.ZodMiniOptional<z.ZodMiniNullable<S[Name]>>;
  };
}
