import { type AgentCard, agentNamePattern, isAll } from '../model/agent.ts';
import { DreamosError } from '../model/errors.ts';
import type { Settings } from '../model/settings.ts';
import { nearestName } from './nearest.ts';
import type { Root } from './root.ts';
import { checkSettings } from './settings.ts';

/**
 * The card of an agent, by its name however it is cased; retired agents too.
 * @throws NAME_INVALID, AGENT_NOT_FOUND with the nearest known name as the hint
 */
export async function resolveAgent(root: Root, name: string): Promise<AgentCard> {
  checkName(name);
  const card = await root.store.getAgent(name);
  if (card) return card;
  const known = (await root.store.listAgents()).filter(({ retiredAt }) => !retiredAt).map((agent) => agent.name);
  const nearest = nearestName(name, known);
  throw new DreamosError('not-found', 'AGENT_NOT_FOUND', `There is no agent "${name}" in ${root.path}.`, {
    hint: nearest
      ? `Did you mean "${nearest}"? If not: dreamos agent register ${name}`
      : `dreamos agent register ${name}`,
  });
}

export interface AgentInput {
  readonly name: string;
  readonly description?: string;
  /** Instead of those it was in. Mail to `@<group>` goes to all in it. */
  readonly groups?: string[];
  readonly settings?: Settings;
}

/**
 * Makes an agent, or updates the given fields of one that is there; a retired one is back. A setting that is given as
 * `undefined` is unset: the root's holds again.
 * @throws NAME_INVALID, CONFIG_INVALID
 */
export async function registerAgent(root: Root, input: AgentInput): Promise<{ card: AgentCard; created: boolean }> {
  checkName(input.name);
  for (const group of input.groups ?? []) checkGroup(group);
  if (input.settings) checkSettings(input.settings, `the settings of ${input.name}`);
  let created = false;
  const card = await root.store.saveAgent(input.name, (existing) => {
    created = existing === undefined;
    const { retiredAt: _, ...kept } = existing ?? {
      name: input.name,
      createdAt: new Date(root.clock.now()).toISOString(),
    };
    const settings = input.settings && setOnly({ ...existing?.settings, ...input.settings });
    return {
      ...kept,
      ...(input.description !== undefined && { description: input.description }),
      ...(input.groups && { groups: input.groups }),
      ...(settings && { settings }),
    };
  });
  return { card, created };
}

function setOnly(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** In the order of their names. */
export async function listAgents(root: Root): Promise<AgentCard[]> {
  return (await root.store.listAgents()).sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

/**
 * Ends new mail to an agent: sends to it are refused from now on. What it has can still be read, and registering it again
 * brings it back.
 */
export async function retireAgent(root: Root, name: string): Promise<AgentCard> {
  const { name: known } = await resolveAgent(root, name);
  return root.store.saveAgent(known, (card) => ({
    ...(card ?? { name: known, createdAt: new Date(root.clock.now()).toISOString() }),
    retiredAt: card?.retiredAt ?? new Date(root.clock.now()).toISOString(),
  }));
}

function checkGroup(group: string): void {
  checkName(group, "a group's name");
  if (!isAll(group)) return;
  throw new DreamosError('invalid', 'NAME_INVALID', `"${group}" cannot be a group's name: everybody is in @all.`, {
    hint: 'Give it another name.',
  });
}

/** Who acts, if it is said. @throws USAGE: it is not known who `does` that */
export function actorOf(root: Root, does: string, named = root.acting): string {
  if (named !== undefined) return named;
  throw new DreamosError('usage', 'USAGE', `It is not known who ${does}.`, {
    hint: 'Say it with --as <agent>, or set DREAMOS_AGENT.',
  });
}

/** @throws NAME_INVALID */
export function checkName(name: string, what = "an agent's name"): void {
  if (agentNamePattern.test(name)) return;
  const shown = name.length > 70 ? `${name.slice(0, 70)}…` : name;
  const why =
    name === '' ? 'it is empty' : name.length > 64 ? `it has ${name.length} characters` : 'it has other characters';
  throw new DreamosError('invalid', 'NAME_INVALID', `${JSON.stringify(shown)} cannot be ${what}: ${why}.`, {
    hint: 'A name has 1 to 64 letters, digits, dots, dashes or underscores, and begins with a letter or a digit.',
  });
}
