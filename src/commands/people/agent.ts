import { broken } from '../../cli/fit.ts';
import { usage } from '../../model/refusals.ts';
import type { Context } from '../../cli/context.ts';
import { harmless, harmlessJson } from '../../cli/harmless.ts';
import { readText } from '../../cli/input/body.ts';
import type { CardFields } from '../../core/agents/card.ts';
import { DreamosError } from '../../model/errors.ts';
import { given, oneOf } from '../../cli/input/parse.ts';
import { resolveAgent, retireAgent } from '../../core/agents/agents.ts';
import { listDead } from '../../core/keep/dlq.ts';
import { deleteAgent } from '../../core/keep/delete-agent.ts';
import { registerAnew, renameAgent } from '../../core/keep/rename-agent.ts';
import type { HostSessionJson } from '../../contract/reach.ts';
import type { AgentDeleted, AgentRenamed, Binding } from '../../contract/system.ts';
import { noteFormerOwners } from '../../cli/show/former-owners.ts';
import { listWithSessions } from '../../core/reach/listed.ts';
import { parseSetting } from '../../core/root/settings.ts';
import { loadSubscriptions } from '../../core/topics/subscriptions.ts';
import type { AgentCard } from '../../model/agent.ts';
import { formatDuration } from '../../model/duration.ts';
import { settingKeys, type Settings } from '../../model/settings.ts';

export interface RegisterOptions {
  description?: string;
  title?: string;
  card?: string;
  group?: string[];
  set?: string[];
}

export async function registerCommand(context: Context, name: string, options: RegisterOptions): Promise<void> {
  const settings = options.set === undefined ? undefined : parseSettings(options.set);
  // As with settings: nothing is none.
  const groups = options.group?.filter((group) => group !== '');
  const said = options.card === undefined ? {} : await cardOption(context, options.card);
  const card = { ...said, ...given({ title: options.title }) };
  const about = Object.keys(card).length > 0 ? card : undefined;
  const input = given({ description: options.description, card: about, groups, settings });
  const session = await context.session();
  const { card: made, created } = await registerAnew(session, { name, ...input });
  await context.output.outcome({ ...made, created }, () =>
    created
      ? `Made the agent ${made.name}`
      : `The agent ${made.name} was there already; its card is up to date, and it takes mail.`,
  );
  await noteFormerOwners(context, session, [{ name: made.name, created }]);
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

export async function listCommand(context: Context): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const cards = await listWithSessions(session);
  const withSessions = cards.some(({ sessions }) => sessions);
  const nowMs = session.clock.now();
  if (cards.length === 0) await output.note(context.noAgents());
  const head = ['agent', 'state', ...(withSessions ? ['sessions'] : []), 'groups', 'description'];
  await output.rows(cards, head, (card) => [
    card.name,
    stateOf(card, output.toTerminal ? nowMs : undefined),
    ...(withSessions ? [(card.sessions ?? []).map((one) => sessionText(one, nowMs)).join(', ')] : []),
    (card.groups ?? []).join(', '),
    card.description ?? '',
  ]);
}

/** They are no agents' tools: who follows a mailbox by hand. */
const followers = new Set(['watch', 'peek']);

function sessionText({ host, state, since }: HostSessionJson, nowMs: number): string {
  const what = followers.has(host) ? host : `${host} ${state}`;
  return `${what} for ${formatDuration(Math.max(0, nowMs - Date.parse(since)))}`;
}

/**
 * A card that cannot be read, which is warned of, has the beginning of time.
 * @param nowMs where a person looks, who is told how long ago
 */
function stateOf({ retiredAt, pausedAt, createdAt }: AgentCard, nowMs?: number): string {
  if (retiredAt === undefined && pausedAt === undefined && Date.parse(createdAt) === 0) return '';
  const what = retiredAt ? 'retired ' : pausedAt ? 'paused ' : '';
  const since = retiredAt ?? pausedAt ?? createdAt;
  if (nowMs === undefined) return `${what}${what === '' ? 'since ' : ''}${since}`;
  return `${what}for ${formatDuration(Math.max(0, nowMs - Date.parse(since)))}`;
}

export interface ShowOptions {
  a2a?: boolean;
  url?: string;
  binding?: string;
}

export async function showCommand(context: Context, name: string, options: ShowOptions): Promise<void> {
  const { a2a = false, url, binding } = options;
  if (a2a && url === undefined)
    throw usage('An A2A card says where the agent answers.', 'Say it: --url https://agents.example/reviewer');
  if (!a2a && (url ?? binding) !== undefined)
    throw usage('--url and --binding are for the A2A card.', `dreamos agent show ${name} --a2a --url <url>`);
  const session = await context.session();
  if (url !== undefined) {
    const { a2aCardOf } = await import('../../core/agents/a2a.ts');
    const card = await a2aCardOf(session, name, { url, ...given({ binding: binding as Binding | undefined }) });
    return context.output.item(card, () => harmlessJson(card));
  }
  const card = await resolveAgent(session, name);
  const subscriptions = (await loadSubscriptions(session)).get(card.name) ?? [];
  const shown = { ...card, subscriptions };
  await context.output.item(shown, () => cardText(shown, context.output.width));
}

export async function retireCommand(context: Context, name: string): Promise<void> {
  const card = await retireAgent(await context.session(), name);
  await context.output.outcome(
    card,
    () => `Retired ${card.name}: new mail for it is refused, what it has can still be read.`,
  );
}

export async function renameCommand(context: Context, name: string, to: string): Promise<void> {
  const renamed = await renameAgent(await context.session(), name, to);
  await context.output.outcome(renamed, () => renamedText(renamed));
}

function renamedText({ name, from, changed, subscriptions, schedules, reservations }: AgentRenamed): string {
  const lines = [
    changed
      ? `Renamed ${from}: it is ${name} now, with all of its mail.`
      : `${from} was renamed before: it is ${name} now.`,
  ];
  if (subscriptions.length > 0) lines.push(`Its subscriptions have followed: ${subscriptions.join(', ')}`);
  if (schedules.length > 0) lines.push(`Schedules that name it have followed: ${schedules.join(', ')}`);
  if (reservations.length > 0) lines.push(`The files that it has reserved: ${reservations.join(', ')}`);
  return harmless(lines.join('\n'), 'block');
}

export async function deleteCommand(context: Context, name: string, options: { archive?: boolean }): Promise<void> {
  const session = await context.session();
  const deleted = await deleteAgent(session, name, given({ archive: options.archive }));
  await context.output.outcome(deleted, () => deletedText(deleted));
  const whose = `${deleted.name}${context.flags()}`;
  await context.output.note(`What it had finished can still be read: dreamos archive list ${whose}`);
  if (context.output.json) return;
  for await (const _ of listDead(session, deleted.name, { limit: 1 }))
    await context.output.note(`So can its dead letters: dreamos dlq list ${whose}`);
}

function deletedText({ name, archived, subscriptions, schedules, reservations }: AgentDeleted): string {
  const lines = [`Deleted ${name}.`];
  if (archived > 0)
    lines.push(`${archived} unfinished ${archived === 1 ? 'message was' : 'messages were'} archived as cancelled.`);
  if (subscriptions.length > 0) lines.push(`Its subscriptions have ended: ${subscriptions.join(', ')}`);
  if (schedules.length > 0) lines.push(`Its schedules have ended: ${schedules.join(', ')}`);
  if (reservations.length > 0) lines.push(`Its files are free again: ${reservations.join(', ')}`);
  return harmless(lines.join('\n'), 'block');
}

function cardText(card: AgentCard, columns: number): string {
  const width = Math.max(...Object.keys(card).map((field) => field.length)) + 2;
  return Object.entries(card)
    .map(([field, value]) => {
      const text = harmless(typeof value === 'string' ? value : JSON.stringify(value));
      return broken(`${harmless(`${field}:`.padEnd(width))}${text}`, columns, ' '.repeat(width));
    })
    .join('\n');
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
