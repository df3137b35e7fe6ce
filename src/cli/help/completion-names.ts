import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { errorCodes } from '../../contract/error-codes.ts';
import { isQueue } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { priorities } from '../../model/message.ts';
import { settingKeys } from '../../model/settings.ts';
import { states, taskStates, unfinished } from '../../model/state.ts';
import { admit } from '../../core/root/operation.ts';

/** What a shell may complete besides words of dreamos; the script asks `dreamos completion <kind>`. */
export const kinds = [
  'agents',
  'addressees',
  'topics',
  'messages',
  'settings',
  'codes',
  'priorities',
  'states',
  'task-states',
] as const;
export type Kind = (typeof kinds)[number];

/** Who presses Tab waits for them, and a screen shows no more. */
const mostMessages = 200;

const byArgument: Readonly<Record<string, Kind>> = {
  agent: 'agents',
  to: 'addressees',
  topic: 'topics',
  pattern: 'topics',
  id: 'messages',
  message: 'messages',
  key: 'settings',
  code: 'codes',
  priority: 'priorities',
  state: 'states',
  states: 'states',
  task_states: 'task-states',
  ids: 'messages',
  // `dlq show [agent] <id...>`
  words: 'agents',
};

/** What a command's arguments stand for. */
export function kindsOf(command: Command): Kind[] {
  if (command.name() === 'help') return [];
  // Elsewhere a name is that of a schedule or a schema, and here it is to be a new one.
  if (command.parent?.name() === 'agent' && command.name() !== 'register') return ['agents'];
  return [...new Set(command.registeredArguments.flatMap((argument) => byArgument[argument.name()] ?? []))];
}

/** What the value of an option stands for; `undefined`: nothing that is known, a file perhaps. */
export function kindOfValue(flags: string): Kind | undefined {
  return byArgument[/<(\w+)>$/.exec(flags)?.[1] ?? ''];
}

/** One a line. Without a root there are none, which is no error: a shell asks. */
export async function printNames(context: Context, kind: Kind): Promise<void> {
  const names = await namesOf(context, kind).catch((error: unknown) => {
    if (error instanceof DreamosError) return [];
    throw error;
  });
  if (names.length > 0) await context.output.data(`${names.join('\n')}\n`);
}

async function namesOf(context: Context, kind: Kind): Promise<readonly string[]> {
  if (kind === 'settings') return settingKeys;
  if (kind === 'codes') return Object.keys(errorCodes);
  if (kind === 'priorities') return priorities;
  if (kind === 'states') return ['all', ...states];
  if (kind === 'task-states') return ['all', ...taskStates];
  const session = await context.session();
  const { store } = session;
  if (kind === 'topics') return store.look.listTopics();
  const cards = (await store.documents.listAgents()).filter(({ retiredAt }) => retiredAt === undefined);
  const agents = cards.filter((card) => !isQueue(card)).map(({ name }) => name);
  if (kind === 'agents') return agents;
  if (kind === 'addressees') {
    const groups = [...new Set(cards.flatMap((card) => card.groups ?? []))].sort();
    return [...agents, ...groups.map((group) => `@${group}`), '@all'];
  }
  const ids = new Set<string>();
  const { documents, look } = (await admit(session, 'list')).store;
  for (const { name: agent } of await documents.listAgents()) {
    for (const state of unfinished) {
      for await (const { id } of look.list(agent, state)) {
        if (ids.size >= mostMessages) return [...ids];
        ids.add(id);
      }
    }
  }
  return [...ids];
}
