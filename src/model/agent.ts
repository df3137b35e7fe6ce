import * as z from 'zod/mini';
import { boolean, either, fieldsOf, listOf, matching, nothing, oneOf, optional, string, whole } from './basics/fits.ts';
import { type Known, schema } from './schema.ts';
import { settingsSchema } from './settings.ts';

export const agentNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
export const capabilityPattern = /^[a-z0-9][a-z0-9_-]{0,31}$/;

/** What part an agent has. */
export type AgentKind = 'core' | 'specialist' | 'utility' | 'coordinator';
export const agentKinds = ['core', 'specialist', 'utility', 'coordinator'] as const satisfies readonly AgentKind[];
/** Of a mailbox that is no agent's: unassigned tasks wait in it. Nobody but dreamos makes one. */
const queueKind = 'queue';
const kinds = [...agentKinds, queueKind] as const;
/** More tasks at once no card may say. */
export const mostMaxTasks = 1_000_000;

const formerName = fieldsOf({ name: string, until: string });
const texts = listOf(string);
const skill = fieldsOf({ id: string, name: string, description: string, tags: texts, examples: optional(texts) });
const modes = fieldsOf({ input: optional(texts), output: optional(texts) });
const provider = fieldsOf({ organization: string, url: string });
const capabilities = listOf(matching(capabilityPattern));
const queue = fieldsOf({ requires: capabilities });
const urls = fieldsOf({ documentation: optional(string), icon: optional(string) });
const key = fieldsOf({
  id: string,
  public: string,
  since: string,
  seal: optional(string),
  by: optional(string),
  proof: optional(string),
  accepts: optional(string),
  revokedAt: optional(string),
});
// As it is, also in the order of its fields.
const asItIs = (fields: ReturnType<typeof fieldsOf>) => (value: unknown) =>
  value !== undefined && fields(value) === value;

/** An agent's card, `agent.json`. Unknown fields are kept. */
export const agentCardSchema = schema(
  () =>
    z.looseObject({
      name: z.string().check(z.regex(agentNamePattern)),
      description: z.optional(z.string()),
      /** What people call it. */
      title: z.optional(z.string()),
      /** Its own, in whatever form. */
      version: z.optional(z.string()),
      /** What it can do. */
      skills: z.optional(
        z.array(
          z.looseObject({
            id: z.string(),
            name: z.string(),
            description: z.string(),
            tags: z.array(z.string()),
            /** What one might ask it. */
            examples: z.optional(z.array(z.string())),
          }),
        ),
      ),
      /** The media types that it takes and gives. */
      modes: z.optional(
        z.looseObject({ input: z.optional(z.array(z.string())), output: z.optional(z.array(z.string())) }),
      ),
      /** Who runs it. */
      provider: z.optional(z.looseObject({ organization: z.string(), url: z.string() })),
      urls: z.optional(z.looseObject({ documentation: z.optional(z.string()), icon: z.optional(z.string()) })),
      groups: z.optional(z.array(z.string())),
      kind: z.optional(z.enum(kinds)),
      /** What tasks may ask for, beside the ids and tags of its skills. */
      capabilities: z.optional(z.array(z.string().check(z.regex(capabilityPattern)))),
      /** So many tasks are assigned to it or held by it at once; 1, if it does not say. */
      maxTasks: z.optional(z.int().check(z.minimum(1), z.maximum(mostMaxTasks))),
      /** Whose tasks it takes over when they are gone. */
      standbyFor: z.optional(z.array(z.string())),
      /** Then its unread mail goes to its standby, too. */
      mailToStandby: z.optional(z.boolean()),
      /** Only of the kind `queue`: what the tasks in it require. */
      queue: z.optional(z.looseObject({ requires: z.array(z.string().check(z.regex(capabilityPattern))) })),
      /** Another root, by the name that it has here: the agent lives there, and what comes for it is carried there. */
      at: z.optional(z.string().check(z.regex(agentNamePattern))),
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
      /** Its public keys, the newest first: that is the current one. Which of them count: model/security/identity.ts. */
      keys: z.optional(
        z.array(
          z.looseObject({
            id: z.string(),
            /** Ed25519, raw, 32 bytes, in base64. */
            public: z.string(),
            since: z.string(),
            /** For whom it is sealed: `age1…`. */
            seal: z.optional(z.string()),
            /** The key before. */
            by: z.optional(z.string()),
            /** That key's signature for this one. */
            proof: z.optional(z.string()),
            /** This key's signature for that one. */
            accepts: z.optional(z.string()),
            revokedAt: z.optional(z.string()),
          }),
        ),
      ),
      settings: z.optional(settingsSchema()),
    }),
  fieldsOf({
    name: matching(agentNamePattern),
    description: optional(string),
    title: optional(string),
    version: optional(string),
    skills: optional(listOf(asItIs(skill))),
    modes: optional(asItIs(modes)),
    provider: optional(asItIs(provider)),
    urls: optional(asItIs(urls)),
    groups: optional(texts),
    kind: optional(oneOf(...kinds)),
    capabilities: optional(capabilities),
    maxTasks: optional(whole(1, mostMaxTasks)),
    standbyFor: optional(texts),
    mailToStandby: optional(boolean),
    queue: optional(asItIs(queue)),
    at: optional(matching(agentNamePattern)),
    createdAt: string,
    retiredAt: optional(either(nothing, string)),
    deletedAt: optional(either(nothing, string)),
    pausedAt: optional(either(nothing, string)),
    pausedBy: optional(either(nothing, string)),
    formerNames: optional(listOf(asItIs(formerName))),
    keys: optional(listOf(asItIs(key))),
    settings: optional((settings) => settingsSchema.fitting(settings) === settings),
  }),
);

export type AgentCard = Known<z.infer<ReturnType<typeof agentCardSchema>>>;

/** So many tasks it has at most at a time, begun or not. */
export function maxTasksOf({ maxTasks = 1 }: AgentCard): number {
  return maxTasks;
}

export type Skill = NonNullable<AgentCard['skills']>[number];

/** Of a card that somebody has edited by hand, what is left of one may be none. */
export function isSkill(value: unknown): value is Skill {
  return skill(value) !== undefined;
}

export type FormerName = NonNullable<AgentCard['formerNames']>[number];

/** Whether a mailbox is no agent's, but holds tasks that nobody has yet. */
export function isQueue({ kind }: Pick<AgentCard, 'kind'>): boolean {
  return kind === queueKind;
}

export const taskPool = 'task-pool';

/** Whether a mailbox of this name is one; by its name alone, because it is asked of every task of a list. No agent is called so. */
export function isQueueName(mailbox: string): boolean {
  return mailbox === taskPool || mailbox.startsWith(`${taskPool}.`);
}

/** What an agent can, as tasks ask for it: in lower case, the ids and tags of its skills, too. */
export function capabilitiesOf({ capabilities: said = [], skills = [] }: AgentCard): Set<string> {
  const all = [...said, ...skills.flatMap((one) => (isSkill(one) ? [one.id, ...one.tags] : []))];
  return new Set(all.map((one) => one.toLowerCase()));
}

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

/** What dreamos sends of itself, alerts, is from it: no agent may be taken for it. */
export const ownSender = 'dreamos';

export function isOwnSender(name: string): boolean {
  return sameAgent(name, ownSender);
}

/** The group that everybody is in, so that no other may have its name. */
export function isAll(group: string): boolean {
  return sameAgent(group, 'all');
}

/** What an agent may say of itself. */
export type AgentStatus = 'idle' | 'busy' | 'paused';
export const agentStatuses = ['idle', 'busy', 'paused'] as const satisfies readonly AgentStatus[];

/**
 * What is made of that: `late` and `gone` have not been heard of for a while, or their process has ended; `unseen` never
 * said that they are there.
 */
export type PresenceState = 'ready' | 'busy' | 'paused' | 'late' | 'gone' | 'unseen';
export const presenceStates = [
  'ready',
  'busy',
  'paused',
  'late',
  'gone',
  'unseen',
] as const satisfies readonly PresenceState[];
