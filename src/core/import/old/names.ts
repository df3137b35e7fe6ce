import { agentNamePattern } from '../../../model/agent.ts';

/** Who a message is from when it does not say. */
export const unknownSender = 'unknown';

const everybody = new Set(['all', 'everyone', 'everybody', 'broadcast', 'swarm', 'all-agents', '*']);

/**
 * An older name as one that dreamos accepts: accents are dropped, every other run of characters that a name cannot have
 * becomes one dash, what a name cannot begin with is cut off, then dashes at the end, then all behind 64 characters:
 * `Captain THEA` is `Captain-THEA`, `{{agent_id}}` is `agent_id`.
 * @returns `undefined`: nothing is left
 */
export function validName(text: string): string | undefined {
  if (agentNamePattern.test(text)) return text;
  const name = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64)
    .replace(/-+$/, '');
  return name === '' ? undefined : name;
}

/** Names one agent or several; not a template that was never filled in, and not "all". */
export function isRecipient(text: string): boolean {
  const word = text.trim().toLowerCase().replace(/[ _]+/g, '-');
  return word !== '' && !text.includes('{{') && !everybody.has(word);
}

/** The same for `Agent-3`, `agent-3`, `Agent3` and `Agent_3`. */
function looseName(name: string): string {
  return name.toLowerCase().replace(/[-_](?=\d)/g, '');
}

/**
 * Names that look like one agent's, one sentence a group, with the `--map` that would make them one.
 * @param seen how often each name came up
 * @param settled names that the caller decided about with `--map`
 * @param registered the spelling under which an agent is registered
 */
export function lookalikes(
  seen: ReadonlyMap<string, number>,
  settled: ReadonlySet<string>,
  registered: ReadonlySet<string>,
): string[] {
  const groups = new Map<string, string[]>();
  for (const name of [...seen.keys(), ...registered].filter((each) => !settled.has(each))) {
    const group = groups.get(looseName(name)) ?? [];
    if (!group.includes(name)) groups.set(looseName(name), [...group, name]);
  }
  const rank = (name: string): number =>
    (registered.has(name) ? 1e9 : 0) + (/-\d/.test(name) ? 1e6 : 0) + (seen.get(name) ?? 0);
  return [...groups.values()]
    .filter((group) => group.length > 1 && group.some((name) => seen.has(name)))
    .map((group) => describe(group.sort((a, b) => rank(b) - rank(a) || (a < b ? -1 : 1))));
}

function describe([kept = '', ...others]: string[]): string {
  const names = [kept, ...others].map((name) => `"${name}"`).join(' and ');
  const maps = others.map((name) => `\`maps\` ${name}=${kept}`).join(' ');
  const sameInCase = others.filter((name) => name.toLowerCase() === kept.toLowerCase());
  if (sameInCase.length === others.length) {
    return `${names} differ only in case, so to dreamos they are one agent. If they are, say ${maps}; if not, map one to another name.`;
  }
  return `${names} look like one agent and are kept apart. If they are one: ${maps}`;
}
