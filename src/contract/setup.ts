/** What `setup` prints with --json. */
import * as z from 'zod/mini';
import { schema } from '../model/schema.ts';
import { type Of, text } from './shape.ts';

/** What becomes of a file, or would with `dryRun`. */
export const setupChange = schema(() =>
  z.object({
    /** The tools that read it; of git's hook none. */
    hosts: z.array(text()),
    parts: z.array(z.enum(['hooks', 'mcp', 'skill', 'instructions', 'git'])),
    path: text(),
    /** `restored`: it is again what it was before the first `setup`, byte for byte. */
    change: z.enum(['made', 'changed', 'removed', 'restored', 'none', 'refused']),
    dryRun: z.boolean(),
    /** The file as it was before. */
    backup: z.exactOptional(text()),
    /** As a unified diff, with `dryRun`. */
    diff: z.exactOptional(text()),
    /** Of what was refused: why, and what a person may put in by hand. */
    why: z.exactOptional(text()),
    snippet: z.exactOptional(text()),
    /** What looks like ours and is not, and was left alone. */
    remarks: z.array(text()),
  }),
);
export type SetupChange = Of<typeof setupChange>;

/** Whether a part is there and can work. */
export const setupCheck = schema(() =>
  z.object({
    /** `null`: of all tools, or of git. */
    host: z.nullable(text()),
    part: z.enum(['hooks', 'mcp', 'skill', 'instructions', 'git', 'program', 'trust', 'alive']),
    /** `null`: it cannot be known from here. */
    ok: z.nullable(z.boolean()),
    message: text(),
    /** What to type, or to do, next. */
    hint: z.exactOptional(text()),
  }),
);
export type SetupCheck = Of<typeof setupCheck>;
