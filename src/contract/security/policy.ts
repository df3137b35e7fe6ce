/** What `dreamos policy` prints with --json. */
import * as z from 'zod/mini';
import type { Policy } from '../../model/security/policy.ts';
import { type Known, once, schema, type Schema } from '../../model/schema.ts';

type Of<S extends Schema<z.core.$ZodType>> = Known<z.output<ReturnType<S>>>;
const text = once(() => z.string());
const time = once(() => z.iso.datetime());
const count = once(() => z.int().check(z.nonnegative()));

const rules = () => z.record(z.string(), z.array(text()));

const policy = () =>
  z.object({
    roles: z.record(z.string(), z.object({ allow: z.exactOptional(rules()), deny: z.exactOptional(rules()) })),
    everyone: z.exactOptional(z.array(text())),
    agents: z.exactOptional(z.record(z.string(), z.array(text()))),
    tests: z.exactOptional(
      z.array(
        z.object({ as: z.exactOptional(text()), verb: text(), mailbox: z.exactOptional(text()), allowed: z.boolean() }),
      ),
    ),
  });

/** What holds, and since when. */
export const policyShown = schema(() =>
  z.object({
    /** `null`: there is none, and everything is allowed. */
    policy: z.nullable(policy()),
    /** Of it, or with which it was removed; `null`: there never was one, or it was changed by hand and is kept in no version yet. */
    version: z.nullable(count()),
    at: z.nullable(time()),
    by: z.nullable(text()),
    note: z.nullable(text()),
    /** It was written into the file, or the file was taken away. */
    byHand: z.boolean(),
    /** `true`: the file cannot be used, and this is what it said before. */
    broken: z.boolean(),
  }),
);
export type PolicyShown = Omit<Of<typeof policyShown>, 'policy'> & { readonly policy: Policy | null };

export const policyChecked = schema(() =>
  z.object({
    /** `null`: who does not say who he is. */
    as: z.nullable(text()),
    verb: text(),
    /** `null`: nobody is asked for this one. */
    action: z.nullable(text()),
    /** `null`: none in particular. */
    mailbox: z.nullable(text()),
    allowed: z.boolean(),
    /** The rule that says so; `null`: none does. */
    role: z.nullable(text()),
    effect: z.nullable(z.enum(['allow', 'deny'])),
    pattern: z.nullable(text()),
    why: text(),
  }),
);
export type PolicyChecked = Of<typeof policyChecked>;

export const policyTested = schema(() =>
  z.object({
    roles: count(),
    /** Its own, in their order. */
    tests: z.array(
      z.object({
        as: z.nullable(text()),
        verb: text(),
        mailbox: z.nullable(text()),
        expected: z.boolean(),
        allowed: z.boolean(),
        why: text(),
      }),
    ),
    failed: count(),
  }),
);
export type PolicyTested = Of<typeof policyTested>;
