/** What a policy has to be. A misspelt word would be a rule that nobody keeps, so everything that is not known is refused. */
import { nearestName } from '../refusals.ts';
import { parseTopicPattern } from '../topic.ts';
import { type Action, actions, type Policy, rule, self } from './policy.ts';

export interface PolicyFault {
  /** Where in it. */
  readonly path: readonly (string | number)[];
  readonly why: string;
}

/** @returns a policy, or the first fault of what is none */
export function policyIn(value: unknown): { readonly policy: Policy } | { readonly fault: PolicyFault } {
  const fault = faultIn(value);
  return fault === undefined ? { policy: value as Policy } : { fault };
}

const roleNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const namesPattern = /^[A-Za-z0-9._*-]{1,128}$/;
const fields = ['roles', 'everyone', 'agents', 'tests'];

/** Those who could change it again: names and patterns of names, `*` for everybody; none: nobody could. */
export function mayChange(policy: Policy): string[] {
  if (couldChange(policy, undefined)) return ['*'];
  return Object.keys(policy.agents ?? {}).filter((pattern) => couldChange(policy, pattern.replaceAll('*', 'x')));
}

export function couldChange(policy: Policy, agent: string | undefined): boolean {
  return rule(policy, agent, 'admin', { in: 'everywhere' }).allowed;
}

type Path = readonly (string | number)[];

function faultIn(value: unknown): PolicyFault | undefined {
  const odd = objectWith(value, fields, []);
  if (odd) return odd;
  const { roles, everyone, agents, tests } = value as Record<string, unknown>;
  if (!isObject(roles)) return { path: ['roles'], why: 'it has to have "roles", an object' };
  for (const [name, role] of Object.entries(roles)) {
    if (!roleNamePattern.test(name))
      return { path: ['roles', name], why: `${JSON.stringify(name)} is no name of a role` };
    const fault = faultInRole(role, ['roles', name]);
    if (fault) return fault;
  }
  const known = Object.keys(roles);
  if (everyone !== undefined) {
    const fault = faultInRoles(everyone, known, ['everyone']);
    if (fault) return fault;
  }
  if (agents !== undefined && !isObject(agents)) return { path: ['agents'], why: 'it has to be an object' };
  for (const [name, own] of Object.entries(agents ?? {})) {
    const path = ['agents', name];
    if (!namesPattern.test(name)) return { path, why: `${JSON.stringify(name)} is no name and no pattern of names` };
    const fault = faultInRoles(own, known, path);
    if (fault) return fault;
  }
  return tests === undefined ? undefined : faultInTests(tests);
}

function faultInRole(role: unknown, path: Path): PolicyFault | undefined {
  const odd = objectWith(role, ['allow', 'deny'], path);
  if (odd) return odd;
  for (const [effect, rules] of Object.entries(role as object)) {
    const fault = objectWith(rules, [...actions, '*'], [...path, effect]);
    if (fault) return fault;
    for (const [action, patterns] of Object.entries(rules as object)) {
      const at = [...path, effect, action];
      if (!Array.isArray(patterns)) return { path: at, why: 'it has to be a list of patterns' };
      for (const [i, pattern] of (patterns as unknown[]).entries()) {
        const why = faultInPattern(action as Action | '*', pattern);
        if (why !== undefined) return { path: [...at, i], why };
      }
    }
  }
  return undefined;
}

function faultInPattern(action: Action | '*', pattern: unknown): string | undefined {
  if (typeof pattern !== 'string') return 'a pattern has to be a text';
  if (pattern === '*') return undefined;
  const ofTopics = action === 'publish' || action === 'subscribe';
  if (pattern.startsWith('#')) {
    if (!ofTopics && action !== 'admin' && action !== '*')
      return `"${action}" is of mailboxes, and ${JSON.stringify(pattern)} is a topic`;
    try {
      parseTopicPattern(pattern.slice(1));
      return undefined;
    } catch (error) {
      return (error as Error).message.replace(/\.$/, '');
    }
  }
  if (ofTopics) return `"${action}" is of topics: write ${JSON.stringify(`#${pattern}`)}`;
  if (pattern === self || namesPattern.test(pattern)) return undefined;
  return `${JSON.stringify(pattern)} is no pattern of mailboxes: letters, digits, dots, dashes, underscores and *, or ${self}`;
}

function faultInRoles(value: unknown, known: readonly string[], path: Path): PolicyFault | undefined {
  if (!Array.isArray(value)) return { path, why: 'it has to be a list of roles' };
  for (const [i, role] of (value as unknown[]).entries())
    if (typeof role !== 'string' || !known.includes(role))
      return { path: [...path, i], why: `there is no role ${JSON.stringify(role)}${meant(String(role), known)}` };
  return undefined;
}

function faultInTests(tests: unknown): PolicyFault | undefined {
  if (!Array.isArray(tests)) return { path: ['tests'], why: 'it has to be a list' };
  for (const [i, test] of (tests as unknown[]).entries()) {
    const path = ['tests', i];
    const odd = objectWith(test, ['as', 'verb', 'mailbox', 'allowed'], path);
    if (odd) return odd;
    const { as, verb, mailbox, allowed } = test as Record<string, unknown>;
    if (typeof verb !== 'string') return { path, why: 'a test has to have a "verb": a command, or an action' };
    if (typeof allowed !== 'boolean') return { path, why: 'a test has to say "allowed": true or false' };
    if ([as, mailbox].some((text) => text !== undefined && typeof text !== 'string'))
      return { path, why: '"as" and "mailbox" have to be texts' };
  }
  return undefined;
}

function objectWith(value: unknown, known: readonly string[], path: Path): PolicyFault | undefined {
  if (!isObject(value)) return { path, why: 'it has to be an object' };
  const odd = Object.keys(value).find((name) => !known.includes(name));
  if (odd === undefined) return undefined;
  return { path: [...path, odd], why: `${JSON.stringify(odd)} means nothing there${meant(odd, known)}` };
}

function meant(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? `: there are ${known.join(', ') || 'none'}` : `: did you mean "${nearest}"?`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
