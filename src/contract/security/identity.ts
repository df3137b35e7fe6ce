/** What identities and trust print with --json. */
import * as z from 'zod/mini';
import { type Known, once, schema, type Schema } from '../../model/schema.ts';

type Of<S extends Schema<z.core.$ZodType>> = Known<z.output<ReturnType<S>>>;
const text = once(() => z.string());
const time = once(() => z.iso.datetime());

const key = () =>
  z.object({
    id: text(),
    /** Ed25519, raw, 32 bytes, in base64. */
    public: text(),
    since: text(),
    /** `good` also of older ones; `changed`: nobody that this user knows has signed for it; `unknown`: no trusted one does any more. */
    state: z.enum(['good', 'revoked', 'changed', 'unknown']),
    seal: z.exactOptional(text()),
    /** The key before, which has signed for it. */
    by: z.exactOptional(text()),
    revokedAt: z.exactOptional(time()),
  });

/** An agent's keys, as its card has them, and what this user may trust of that. */
export const identity = schema(() =>
  z.object({
    agent: text(),
    /** The root's id; absent where nobody has an identity yet. */
    root: z.exactOptional(text()),
    /** Of the current key. `new`: this user has not trusted it yet, and does with its first use; `none`: there is no key. */
    state: z.enum(['good', 'new', 'revoked', 'changed', 'none']),
    key: z.exactOptional(text()),
    since: z.exactOptional(text()),
    /** The current public key, as openssl reads it. */
    pem: z.exactOptional(text()),
    /** For whom its mail is sealed: `age1…`. */
    seal: z.exactOptional(text()),
    /** The file of the private half; absent where it is not this user's. */
    private: z.exactOptional(text()),
    /** The newest first. */
    keys: z.array(key()),
  }),
);
export type Identity = Of<typeof identity>;

/** An agent that has a key. */
export const identityListed = schema(() =>
  z.object({
    agent: text(),
    /** Of the current key, as in `identity`. */
    state: z.enum(['good', 'new', 'revoked', 'changed']),
    /** The current key, also one that is revoked. */
    key: text(),
    since: text(),
    /** The file of its private half; absent where it is not this user's. */
    private: z.exactOptional(text()),
  }),
);
export type IdentityListed = Of<typeof identityListed>;

export const identityMade = schema(() =>
  z.extend(identity(), {
    /** `false`: it was there, with its private half. */
    created: z.boolean(),
  }),
);
export type IdentityMade = Of<typeof identityMade>;

export const identityRevoked = schema(() =>
  z.extend(identity(), {
    /** The id of the key. */
    revoked: text(),
    /** `false`: it was so already. */
    changed: z.boolean(),
  }),
);
export type IdentityRevoked = Of<typeof identityRevoked>;

/** By which key a user knows an agent. */
export const trusted = schema(() =>
  z.object({
    agent: text(),
    /** `new`: not trusted yet; `gone`: there is no such agent any more. */
    state: z.enum(['good', 'new', 'revoked', 'changed', 'gone']),
    /** Which its card says. */
    key: z.exactOptional(text()),
    /** Which this user knows. */
    pinned: z.exactOptional(text()),
    since: z.exactOptional(text()),
  }),
);
export type Trusted = Of<typeof trusted>;

export const trustAccepted = schema(() =>
  z.object({
    agent: text(),
    /** Absent: its card has none, and none is trusted any more. */
    key: z.exactOptional(text()),
    /** The one that was trusted before. */
    was: z.exactOptional(text()),
    /** `false`: it was trusted already. */
    changed: z.boolean(),
  }),
);
export type TrustAccepted = Of<typeof trustAccepted>;

export const trustRemoved = schema(() =>
  z.object({
    agent: text(),
    /** The one that was trusted. */
    was: z.exactOptional(text()),
    /** Which its card says now, and the next use will trust. */
    key: z.exactOptional(text()),
    /** `false`: it was known by none. */
    changed: z.boolean(),
  }),
);
export type TrustRemoved = Of<typeof trustRemoved>;
