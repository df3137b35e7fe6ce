/**
 * Who may what: roles, each of which allows and denies actions in mailboxes and topics. What is allowed by none of an agent's
 * roles is not allowed, and what one of them denies is denied, whatever the others allow.
 */
import { sameAgent } from '../agent.ts';
import { topicMatches, topicOf } from '../topic.ts';
import { covers, overlaps } from './patterns.ts';

/** What the table of operations says of each. */
export const actions = ['send', 'publish', 'subscribe', 'read', 'look', 'manage', 'admin'] as const;
export type Action = (typeof actions)[number];

/** In a role: each action with its patterns; `*`: every action. */
export type Rules = Readonly<Partial<Record<Action | '*', readonly string[]>>>;

export interface Role {
  readonly allow?: Rules;
  readonly deny?: Rules;
}

/** What `policy.json` says. */
export interface Policy {
  readonly roles: Readonly<Record<string, Role>>;
  /** The roles that everybody has, also who does not say who he is. */
  readonly everyone?: readonly string[];
  /** By a name, or a pattern of names: the roles that these agents have besides. */
  readonly agents?: Readonly<Record<string, readonly string[]>>;
  /** What it is to answer: it is not put in force while one of them fails. */
  readonly tests?: readonly PolicyTest[];
}

export interface PolicyTest {
  /** Absent: who does not say who he is. */
  readonly as?: string;
  /** A command's words, or an action. */
  readonly verb: string;
  /** A mailbox, or `#` and a topic. */
  readonly mailbox?: string;
  readonly allowed: boolean;
}

/** The agent that acts, in a pattern; no agent can be called so. */
export const self = '$self';

/** The rule that has decided. */
export interface Ruling {
  readonly allowed: boolean;
  /** Absent: none says anything of it. */
  readonly by?: { readonly role: string; readonly effect: 'allow' | 'deny'; readonly pattern: string };
}

/**
 * Where something is to be done: in a mailbox (`planner`, or `#build.done`, a topic's log), in all there are (`everywhere`), or
 * in none in particular (`anywhere`: what is allowed in one of them is allowed); or what a subscription is to match, all of it, or
 * what is to be seen of the topics that a pattern matches (`inPart`: one that may be allowed is enough).
 */
export type Where =
  | { readonly mailbox: string }
  | { readonly pattern: string; readonly inPart?: boolean }
  | { readonly in: 'everywhere' | 'anywhere' };

/** What a topic's log holds is seen by who may subscribe to the topic. */
function actionIn(action: Action, mailbox: string): Action {
  return action === 'look' && topicOf(mailbox) !== undefined ? 'subscribe' : action;
}

/** The roles of an agent, those that everybody has first. */
export function rolesOf({ everyone = [], agents = {} }: Policy, agent: string | undefined): string[] {
  const own = Object.entries(agents).filter(([pattern]) => agent !== undefined && nameMatches(pattern, agent));
  return [...new Set([...everyone, ...own.flatMap(([, roles]) => roles)])];
}

export function rule(policy: Policy, agent: string | undefined, action: Action, where: Where): Ruling {
  const asked = 'mailbox' in where ? actionIn(action, where.mailbox) : action;
  let allowed: Ruling | undefined;
  for (const role of rolesOf(policy, agent)) {
    const { allow, deny } = policy.roles[role] ?? {};
    const denied = patternsOf(deny, asked).find((pattern) => denies(pattern, where, agent));
    if (denied !== undefined) return { allowed: false, by: { role, effect: 'deny', pattern: denied } };
    const pattern = allowed ? undefined : patternsOf(allow, asked).find((one) => allows(one, where, agent));
    if (pattern !== undefined) allowed = { allowed: true, by: { role, effect: 'allow', pattern } };
  }
  return allowed ?? { allowed: false };
}

function patternsOf(rules: Rules = {}, action: Action): readonly string[] {
  return [...(rules[action] ?? []), ...(rules['*'] ?? [])];
}

function allows(pattern: string, where: Where, agent: string | undefined): boolean {
  if (pattern === '*') return true;
  if ('mailbox' in where) return matches(pattern, where.mailbox, agent);
  if ('pattern' in where) return isOf(pattern, where.pattern, where.inPart ? overlaps : covers);
  // Of `everywhere` each part that is allowed is less than all.
  return where.in === 'anywhere' && (pattern !== self || agent !== undefined);
}

function denies(pattern: string, where: Where, agent: string | undefined): boolean {
  if (pattern === '*') return true;
  if ('mailbox' in where) return matches(pattern, where.mailbox, agent);
  if ('pattern' in where) return isOf(pattern, where.pattern, where.inPart ? covers : overlaps);
  return where.in === 'everywhere';
}

function isOf(pattern: string, topics: string, how: typeof covers): boolean {
  return pattern.startsWith('#') && how(pattern.slice(1).toLowerCase(), topics);
}

function matches(pattern: string, mailbox: string, agent: string | undefined): boolean {
  const topic = topicOf(mailbox);
  if (topic !== undefined)
    return pattern.startsWith('#') && topicMatches(pattern.slice(1).toLowerCase(), topic.toLowerCase());
  if (pattern === self) return agent !== undefined && sameAgent(agent, mailbox);
  return nameMatches(pattern, mailbox);
}

/** `*` stands for any characters, or none. However they are cased. */
function nameMatches(pattern: string, name: string): boolean {
  const [first = '', ...others] = pattern.toLowerCase().split('*');
  const text = name.toLowerCase();
  if (others.length === 0) return text === first;
  const last = others.pop() ?? '';
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of others) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
