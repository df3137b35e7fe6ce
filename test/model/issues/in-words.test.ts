import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { agentNamePattern } from '../../../src/model/agent.ts';
import { explainIssues } from '../../../src/model/message.ts';
import { durationText } from '../../../src/model/settings.ts';

const agent = z.string().check(z.regex(agentNamePattern));
const draft = z.object({
  to: z.union([agent, z.array(agent)]),
  body: z.string(),
  subject: z.optional(z.string().check(z.minLength(1), z.maxLength(5))),
  limit: z.optional(z.int().check(z.minimum(1), z.maximum(1000))),
  delay: z.optional(durationText()),
  tags: z.optional(z.array(z.string()).check(z.minLength(1))),
  task: z.optional(z.boolean()),
  either: z.optional(z.union([z.number(), z.literal('start')])),
});

const whole = { to: 'reviewer', body: 'hello' };

test.for<[said: unknown, words: string]>([
  [{}, 'to: is missing; body: is missing'],
  [{ body: 'x', to: 5 }, 'to: has to be a text or a list'],
  [{ body: 'x', to: [] }, ''],
  [{ body: 'x', to: ['planner', 5] }, 'to.1: has to be a text'],
  [{ body: 'x', to: 'a b' }, "to: has to be an agent's name: at most 64 letters, digits, dots, dashes and underscores"],
  [{ ...whole, body: null }, 'body: has to be a text'],
  [{ ...whole, subject: '' }, 'subject: must not be empty'],
  [{ ...whole, subject: 'longer' }, 'subject: has to have at most 5 characters'],
  [{ ...whole, tags: [] }, 'tags: must not be empty'],
  [{ ...whole, limit: 0 }, 'limit: has to be at least 1'],
  [{ ...whole, limit: 1001 }, 'limit: has to be at most 1000'],
  [{ ...whole, limit: 1.5 }, 'limit: has to be a whole number'],
  [{ ...whole, limit: 'x' }, 'limit: has to be a number'],
  [{ ...whole, task: 'yes' }, 'task: has to be true or false'],
  [{ ...whole, delay: 'soon' }, 'delay: has to be a duration such as 250ms, 30s, 5m, 2h, 7d or 1h30m'],
  [{ ...whole, delay: '1m1h' }, 'delay: has to be a duration such as 250ms, 30s, 5m, 2h, 7d or 1h30m'],
  [{ ...whole, either: 'end' }, 'either: has to be a number or start'],
  ['text', 'it: has to be an object'],
])('%j: %s', ([said, words]) => {
  const { success, error } = draft.safeParse(said);
  expect(success).toBe(words === '');
  if (error) expect(explainIssues(error, said).split(', a letter')[0]).toBe(words);
});

test('what is missing is told only where it is known', () => {
  const { error } = z.object({ body: z.string() }).safeParse({});
  expect(error && explainIssues(error)).toBe('body: has to be a text');
});
