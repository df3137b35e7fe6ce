import { broken } from '../../cli/fit.ts';
import { usage } from '../../model/refusals.ts';
import type { Context } from '../../cli/context.ts';
import { harmless, harmlessJson } from '../../cli/harmless.ts';
import { given } from '../../cli/input/parse.ts';
import { retireAgent, showAgent } from '../../core/agents/agents.ts';
import { listDead } from '../../core/keep/dlq.ts';
import { deleteAgent } from '../../core/keep/delete-agent.ts';
import { renameAgent } from '../../core/keep/rename-agent.ts';
import type { AgentListed, HostSessionJson } from '../../contract/reach.ts';
import type { AgentDeleted, AgentRenamed, Binding } from '../../contract/system.ts';
import { listWithSessions } from '../../core/reach/listed.ts';
import { loadSubscriptions } from '../../core/topics/subscriptions.ts';
import type { AgentCard } from '../../model/agent.ts';
import { formatDuration } from '../../model/duration.ts';

export async function listCommand(context: Context): Promise<void> {
  const { output } = context;
  const session = await context.session();
  const cards = await listWithSessions(session);
  const withPlace = cards.some(({ at }) => at !== undefined);
  const withSessions = cards.some(({ sessions }) => sessions);
  const nowMs = session.clock.now();
  if (cards.length === 0) await output.note(await context.noAgents());
  const withKinds = cards.some(({ kind }) => kind !== undefined);
  const withMail = cards.some(({ holds = [], unread = 0 }) => holds.length + unread > 0);
  const head = [
    'agent',
    'state',
    ...(withPlace ? ['at'] : []),
    ...(withKinds ? ['kind'] : []),
    ...(withMail ? ['holds', 'unread'] : []),
    ...(withSessions ? ['sessions'] : []),
    'groups',
    'description',
  ];
  await output.rows(cards, head, (card) => [
    card.name,
    stateOf(card, output.toTerminal ? nowMs : undefined),
    ...(withPlace ? [card.at ?? ''] : []),
    ...(withKinds ? [card.kind ?? ''] : []),
    ...(withMail ? [String(card.holds?.length || ''), String(card.unread || '')] : []),
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
function stateOf({ retiredAt, pausedAt, createdAt, presence }: AgentListed, nowMs?: number): string {
  const { state, since: stateSince } = presence;
  if (!retiredAt && state !== 'unseen' && stateSince !== undefined)
    return nowMs === undefined ? `${state} since ${stateSince}` : `${state} ${howLong(stateSince, nowMs)}`;
  if (retiredAt === undefined && pausedAt === undefined && Date.parse(createdAt) === 0) return '';
  const what = retiredAt ? 'retired ' : pausedAt ? 'paused ' : '';
  const since = retiredAt ?? pausedAt ?? createdAt;
  if (nowMs === undefined) return `${what}${what === '' ? 'since ' : ''}${since}`;
  return `${what}${howLong(since, nowMs)}`;
}

function howLong(since: string, nowMs: number): string {
  return `for ${formatDuration(Math.max(0, nowMs - Date.parse(since)))}`;
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
  const card = await showAgent(session, name);
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
