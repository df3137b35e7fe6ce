/** What an agent's card says of it beside what dreamos goes by. */
import * as z from 'zod/mini';
import type { AgentCard } from '../../model/agent.ts';
import { isDeeperThan, loneEscapeIn } from '../../model/basics/raw-json.ts';
import { DreamosError } from '../../model/errors.ts';
import { explainIssues } from '../../model/message.ts';
import { schema } from '../../model/schema.ts';

/** Each field instead of what it was, `null`: it is taken out. A field that dreamos does not know is kept as it is. */
export interface CardFields {
  readonly description?: string | null;
  readonly title?: string | null;
  readonly version?: string | null;
  readonly skills?: AgentCard['skills'] | null;
  readonly modes?: AgentCard['modes'] | null;
  readonly provider?: AgentCard['provider'] | null;
  readonly urls?: AgentCard['urls'] | null;
  readonly [field: string]: unknown;
}

/** What is said in another way, and how. */
const elsewhere: Readonly<Record<string, (name: string) => string>> = {
  name: (name) => `Its name: dreamos agent rename ${name} ${name.slice(0, 62)}-2`,
  groups: (name) => `Its groups: dreamos agent register ${name} --group reviewers`,
  kind: (name) => `Its kind: dreamos agent register ${name} --kind specialist`,
  capabilities: (name) => `What it can: dreamos agent register ${name} --capability review`,
  maxTasks: (name) => `So many tasks at once: dreamos agent register ${name} --max-tasks 2`,
  standbyFor: (name) => `Whom it stands by for: dreamos agent register ${name} --standby-for <agent>`,
  mailToStandby: (name) => `What becomes of its mail: dreamos agent register ${name} --mail-to-standby`,
  at: (name) => `Where it lives: dreamos agent register ${name} --at <peer>`,
  queue: () => 'Queues of tasks are made by dreamos itself.',
  settings: (name) => `Its settings: dreamos agent register ${name} --set lease=30m`,
  createdAt: () => 'It says when the agent was made.',
  retiredAt: (name) => `To end new mail for it: dreamos agent retire ${name}`,
  deletedAt: (name) => `To end it: dreamos agent delete ${name}`,
  pausedAt: (name) => `To pause it: dreamos pause ${name}`,
  pausedBy: (name) => `To pause it: dreamos pause ${name}`,
  formerNames: () => 'It says what the agent was called before.',
  keys: (name) => `Its keys: dreamos identity show ${name}`,
};

const mostLevels = 100;

// Stricter than what is read: what somebody has written by hand holds as far as it goes.
const fields = schema(() => {
  const text = z.string().check(z.minLength(1));
  const url = z
    .string()
    .check(z.refine((one) => /^https?:\/\/[^\s/]+\S*$/.test(one), 'has to be a URL with http or https'));
  const type = z.string().check(z.refine((one) => /^[\w.+-]+\/[\w.+*-]+$/.test(one), 'has to be a media type'));
  const ids = (skills: readonly { readonly id: string }[]): boolean =>
    new Set(skills.map(({ id }) => id)).size === skills.length;
  const skill = z.looseObject({
    id: text,
    name: text,
    description: text,
    tags: z.array(text),
    examples: z.optional(z.array(text)),
  });
  const maybe = <Field extends z.core.$ZodType>(field: Field) => z.optional(z.nullable(field));
  return z.looseObject({
    description: maybe(z.string()),
    title: maybe(text),
    version: maybe(text),
    skills: maybe(z.array(skill).check(z.refine(ids, 'has to have each id once'))),
    modes: maybe(z.looseObject({ input: z.optional(z.array(type)), output: z.optional(z.array(type)) })),
    provider: maybe(z.looseObject({ organization: text, url })),
    urls: maybe(z.looseObject({ documentation: z.optional(url), icon: z.optional(url) })),
  });
});

/** Says it of a card. @throws CARD_INVALID */
export function sayer(name: string, said: unknown): <Card extends object>(card: Card) => Card {
  const checked = checkedCard(name, said);
  return (card) => withFields(card, checked);
}

function checkedCard(name: string, said: unknown): CardFields {
  const other = Object.keys(typeof said === 'object' && said !== null ? said : {}).find((field) =>
    Object.hasOwn(elsewhere, field),
  );
  if (other !== undefined) throw cardInvalid(name, `${other} is not said here`, elsewhere[other]?.(name));
  const checked = fields.safeParse(said);
  if (!checked.success) throw cardInvalid(name, explainIssues(checked.error, said));
  if (isDeeperThan(mostLevels, checked.data)) throw cardInvalid(name, `it is nested deeper than ${mostLevels} levels`);
  const json = JSON.stringify(checked.data);
  const half = loneEscapeIn(json);
  if (half !== undefined) throw cardInvalid(name, `it has half a character in it, ${JSON.stringify(half)}`);
  return JSON.parse(json) as CardFields;
}

export function withFields<Card extends object>(card: Card, said: object): Card {
  const all = Object.entries({ ...card, ...said }).filter(([field]) => Reflect.get(said, field) !== null);
  return Object.fromEntries(all) as Card;
}

export function cardInvalid(
  name: string,
  why: string,
  hint = 'What a card may say: dreamos agent register --help',
): DreamosError {
  return new DreamosError('invalid', 'CARD_INVALID', `The card of ${name} cannot say this: ${why}.`, { hint });
}
