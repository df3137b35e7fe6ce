/** What the shapes of tools are written with. */
import * as z from 'zod/mini';
import type { OperationName } from '../contract/operations.ts';
import { text } from '../contract/shape.ts';
import { agentNamePattern } from '../model/agent.ts';
import { once, type Schema } from '../model/schema.ts';
import { durationText } from '../model/settings.ts';

/** A tool waits no longer than this, because those who call one give it a minute; milliseconds. */
export const mostToolWaitMs = 50_000;
/** So many messages one look gives. */
export const mostToolMessages = 50;

export const said = <T extends z.ZodMiniType>(type: T, what: string) => z.exactOptional(type.check(z.describe(what)));
export const agentName = once(() => z.string().check(z.regex(agentNamePattern)));
export const mailbox = once(() => said(agentName(), 'whose mailbox; yours if not given'));
export const duration = (what: string) => said(durationText(), what);
export const limit = once(() => said(z.int().check(z.minimum(1), z.maximum(mostToolMessages)), 'at most this many'));

/** Of an answer with others' words in it. */
export const withWords = once(() => ({
  /** Whose words they are. */
  note: text(),
  /** Of what was cut: how much is missing, and the command that shows it. */
  cut: z.exactOptional(z.array(text())),
}));

export interface Tool {
  readonly operation: OperationName;
  readonly title: string;
  readonly description: string;
  readonly input: Schema<z.ZodMiniObject>;
  readonly output: Schema<z.ZodMiniObject>;
}
