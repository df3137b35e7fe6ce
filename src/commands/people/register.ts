import type { Context } from '../../cli/context.ts';
import { readText } from '../../cli/input/body.ts';
import { countOption, given, oneOf } from '../../cli/input/parse.ts';
import { noteFormerOwners } from '../../cli/show/former-owners.ts';
import type { AgentInput } from '../../core/agents/agents.ts';
import type { CardFields } from '../../core/agents/card.ts';
import { startAgent } from '../../core/keep/start-agent.ts';
import type { AgentStarted } from '../../contract/reach.ts';
import { registerAnew } from '../../core/keep/rename-agent.ts';
import { parseSetting } from '../../core/root/settings.ts';
import type { AgentKind } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { usage } from '../../model/refusals.ts';
import { settingKeys, type Settings } from '../../model/settings.ts';

export interface RegisterOptions {
  description?: string;
  title?: string;
  card?: string;
  group?: string[];
  kind?: string;
  capability?: string[];
  maxTasks?: string;
  standbyFor?: string[];
  mailToStandby?: boolean;
  at?: string;
  set?: string[];
}

export async function registerCommand(context: Context, name: string, options: RegisterOptions): Promise<void> {
  const input = await inputOf(context, options);
  const session = await context.session();
  const { card: made, created } = await registerAnew(session, { name, ...input });
  await context.output.outcome({ ...made, created }, () =>
    created
      ? `Made the agent ${made.name}`
      : `The agent ${made.name} was there already; its card is up to date, and it takes mail.`,
  );
  await noteFormerOwners(context, session, [{ name: made.name, created }]);
}

export interface StartOptions extends RegisterOptions {
  note?: string;
  pid?: string;
}

export async function startCommand(
  context: Context,
  name: string | undefined,
  { note, pid, ...options }: StartOptions,
): Promise<void> {
  const said = given({ note, pid: countOption(pid, '--pid') });
  const input = await inputOf(context, options);
  const agent = await context.mailbox(name, 'agent start');
  const session = await context.session();
  const started = await startAgent(session, { name: agent, ...input, ...said });
  await context.output.outcome(started, () => startedText(started));
  await noteFormerOwners(context, session, [{ name: started.agent, created: started.created }]);
}

function startedText({ agent, presence, ready, inflight, delayed, dead }: AgentStarted): string {
  const process = presence.pid === undefined ? '' : ` as process ${presence.pid}`;
  const waiting = Object.entries({ ready, inflight, delayed, dead }).filter(([, count]) => count > 0);
  const mail = waiting.map(([state, count]) => `${count} ${state}`).join(', ');
  return `${agent} is ${presence.state}${process}; its mailbox has ${mail === '' ? 'nothing unread' : mail}`;
}

async function inputOf(context: Context, options: RegisterOptions): Promise<Omit<AgentInput, 'name'>> {
  const { description, kind, maxTasks, mailToStandby, at } = options;
  const settings = options.set === undefined ? undefined : parseSettings(options.set);
  // As with settings: nothing is none.
  const groups = options.group?.filter((group) => group !== '');
  const said = options.card === undefined ? {} : await cardOption(context, options.card);
  const card = { ...said, ...given({ title: options.title }) };
  const about = Object.keys(card).length > 0 ? card : undefined;
  return given({
    description,
    card: about,
    groups,
    settings,
    kind: kind === '' ? null : (kind as AgentKind | undefined),
    capabilities: listed(options.capability),
    maxTasks: maxTasks === '' ? null : countOption(maxTasks, '--max-tasks'),
    standbyFor: listed(options.standbyFor),
    mailToStandby,
    at: at === '' ? null : at,
  });
}

/** `a,b`, said once or several times; nothing is none. */
function listed(texts?: readonly string[]): string[] | undefined {
  return texts?.flatMap((text) => text.split(',').map((one) => one.trim())).filter((one) => one !== '');
}

/** @returns an object: what may be in it, the core says */
async function cardOption(context: Context, text: string): Promise<CardFields> {
  const file = text.startsWith('@') ? text.slice(1) : undefined;
  if (file === '') throw usage('There is no name of a file for the card.', 'Name one: --card @card.json');
  const json = file === undefined ? text : await readText(await context.openFile(file), file, context.signal);
  const what = file === undefined ? 'What --card says' : JSON.stringify(file);
  const hint = `Write it as --card '{"version":"1.0.0"}', or name a file with it: --card @card.json`;
  let said: unknown;
  try {
    // Editors put a byte order mark there, which JSON does not have.
    said = JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch (cause) {
    const message = `${what} is not JSON: ${(cause as Error).message}.`;
    throw new DreamosError('invalid', 'CARD_INVALID', message, { hint, cause });
  }
  if (typeof said === 'object' && said !== null && !Array.isArray(said)) return said as CardFields;
  throw new DreamosError('invalid', 'CARD_INVALID', `${what} is no object.`, { hint });
}

function parseSettings(pairs: readonly string[]): Settings {
  const settings: Record<string, unknown> = {};
  for (const pair of pairs) {
    const cut = pair.indexOf('=');
    if (cut < 1)
      throw usage(`"${pair}" is not a setting.`, 'Write it as --set lease=30m; which there are: dreamos help settings');
    const key = oneOf(pair.slice(0, cut), settingKeys, 'setting');
    const value = pair.slice(cut + 1);
    // As with `config set`: nothing unsets it.
    settings[key] = value === '' ? undefined : parseSetting(key, value, key);
  }
  return settings;
}
