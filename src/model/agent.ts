import * as z from 'zod/mini';
import { either, fieldsOf, listOf, matching, nothing, optional, string } from './basics/fits.ts';
import { type Known, schema } from './schema.ts';
import { settingsSchema } from './settings.ts';

export const agentNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const formerName = fieldsOf({ name: string, until: string });

/** An agent's card, `agent.json`. Unknown fields are kept. */
export const agentCardSchema = schema(
  () =>
    z.looseObject({
      name: z.string().check(z.regex(agentNamePattern)),
      description: z.optional(z.string()),
      groups: z.optional(z.array(z.string())),
      createdAt: z.string(),
      retiredAt: z.optional(z.nullable(z.string())),
      /** Then it has retired as well: its mailbox is there for what was finished in it. */
      deletedAt: z.optional(z.nullable(z.string())),
      /** Nothing is claimed from its mailbox since then. */
      pausedAt: z.optional(z.nullable(z.string())),
      /** Who has paused it, if he said so. */
      pausedBy: z.optional(z.nullable(z.string())),
      /** What it was called before it was renamed, and until when. */
      formerNames: z.optional(z.array(z.looseObject({ name: z.string(), until: z.string() }))),
      settings: z.optional(settingsSchema()),
    }),
  fieldsOf({
    name: matching(agentNamePattern),
    description: optional(string),
    groups: optional(listOf(string)),
    createdAt: string,
    retiredAt: optional(either(nothing, string)),
    deletedAt: optional(either(nothing, string)),
    pausedAt: optional(either(nothing, string)),
    pausedBy: optional(either(nothing, string)),
    formerNames: optional(listOf((one) => formerName(one) === one)),
    settings: optional((settings) => settingsSchema.fitting(settings) === settings),
  }),
);

export type AgentCard = Known<z.infer<ReturnType<typeof agentCardSchema>>>;

export type FormerName = NonNullable<AgentCard['formerNames']>[number];

/** Names that differ only in case are the same agent. */
export function sameAgent(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/**
 * Those who had this name before they were renamed, who had it last first. Another may have it by now; and who has it still
 * was about to be renamed, and was not.
 */
export function formerly(cards: readonly AgentCard[], name: string): AgentCard[] {
  const until = ({ formerNames = [] }: AgentCard): string =>
    formerNames.find((former) => sameAgent(former.name, name))?.until ?? '';
  return cards
    .filter((card) => !sameAgent(card.name, name) && until(card) !== '')
    .sort((a, b) => (until(a) < until(b) ? 1 : -1));
}

/** The group that everybody is in, so that no other may have its name. */
export function isAll(group: string): boolean {
  return sameAgent(group, 'all');
}
