import { type AgentCard, formerly, isAll, isOwnSender, isQueue, isQueueName, sameAgent } from '../../model/agent.ts';
import { loneSurrogateIn } from '../../model/basics/text.ts';
import { DreamosError } from '../../model/errors.ts';
import { inNumbers, type Settings } from '../../model/settings.ts';
import { halfCharacter, meantOr, notFound, usage } from '../../model/refusals.ts';
import type { Session } from '../root/root.ts';
import type { CardFields } from './card.ts';
import type { Duties } from './duties.ts';
import { checkNotOfRoot, checkSettingKey, checkSettings } from '../root/settings.ts';
import { checkName, checkGroup } from '../root/names.ts';
import type { DocumentName } from '../../storage/port/documents.ts';
import { AgentRenamed } from '../../storage/port/refusals.ts';
import { changeDocument } from '../root/documents.ts';
import { ofMailbox, operation } from '../root/operation.ts';

/**
 * The card of an agent, by its name however it is cased; retired agents too.
 * @throws NAME_INVALID, AGENT_NOT_FOUND with the nearest known name as the hint
 */
export function resolveAgent(session: Session, name: string): Promise<AgentCard> {
  return resolveMailbox(session, name).then(notDeleted);
}

function notDeleted(card: AgentCard): AgentCard {
  if (!card.deletedAt) return card;
  const message = `There is no agent "${card.name}" any more: it was deleted at ${card.deletedAt}.`;
  const kept = `What it had finished: dreamos archive list ${card.name}`;
  throw notFound('AGENT_NOT_FOUND', message, `${kept}; to make it anew: dreamos agent register ${card.name}`);
}

/** As resolveAgent, for who looks at what is finished or dead, which deleted agents have left. */
export async function resolveMailbox(session: Session, name: string): Promise<AgentCard> {
  checkName(name);
  const card = await session.store.documents.getAgent(name);
  if (card) return card;
  const all = await session.store.documents.listAgents();
  const now = formerly(all, name).find(({ deletedAt }) => !deletedAt);
  const former = now?.formerNames?.find((one) => sameAgent(one.name, name));
  if (now && former) throw new AgentRenamed(former.name, now.name);
  const known = all.filter(({ retiredAt }) => !retiredAt).map((agent) => agent.name);
  const isGroup = all.some(({ groups = [] }) => groups.some((one) => sameAgent(one, name)));
  const otherwise = meantOr(name, known, `dreamos agent register ${name}`);
  const hint = isAll(name)
    ? 'Everybody is "@all".'
    : isGroup
      ? `Of a group it is "@${name}". If an agent is meant: ${otherwise}`
      : otherwise;
  throw notFound('AGENT_NOT_FOUND', `There is no agent "${name}" in ${session.path}.`, hint);
}

/** Of names that were just given: whoever had one before, and is called otherwise now. Mail to it is no longer his. */
export async function formerOwners(
  session: Session,
  names: readonly string[],
): Promise<{ name: string; now: string }[]> {
  if (names.length === 0) return [];
  const all = await session.store.documents.listAgents();
  return names.flatMap((name) => {
    const now = formerly(all, name).find(({ deletedAt }) => !deletedAt)?.name;
    return now === undefined ? [] : [{ name, now }];
  });
}

/** What the agents are called that had this name, who had it last first. */
export async function namesNow(session: Session, name: string): Promise<string[]> {
  return formerly(await session.store.documents.listAgents(), name).map((card) => card.name);
}

/** What a name that was said a while ago means now: itself, as long as somebody has it. */
export async function nameNow(session: Session, name: string): Promise<string> {
  if (await session.store.documents.getAgent(name)) return name;
  return (await namesNow(session, name))[0] ?? name;
}

/** As resolveAgent, for a name that was said a while ago: it may be a former one. */
export async function resolveFormer(session: Session, name: string): Promise<AgentCard> {
  try {
    return await resolveAgent(session, name);
  } catch (error) {
    if (error instanceof AgentRenamed) return resolveAgent(session, error.now);
    throw error;
  }
}

export interface AgentInput extends Duties {
  readonly name: string;
  readonly description?: string;
  /** What else its card says of it, each field instead of what it was. */
  readonly card?: CardFields;
  /** Instead of those it was in. Mail to `@<group>` goes to all in it. */
  readonly groups?: string[];
  readonly settings?: Settings;
  /** Only if this version of its card is in force; 0: the card with which it was made. */
  readonly ifVersion?: number;
}

export interface Registered {
  readonly card: AgentCard;
  /** `false`: it was there, and was changed. */
  readonly created: boolean;
}

export async function registerAgent(session: Session, input: AgentInput): Promise<Registered> {
  checkName(input.name);
  for (const group of input.groups ?? []) checkGroup(group);
  for (const key in input.settings) checkNotOfRoot(checkSettingKey(key), `the settings of ${input.name}`);
  if (input.settings) checkSettings(input.settings, `the settings of ${input.name}`);
  // What is no text the store refuses.
  const half = typeof input.description === 'string' ? loneSurrogateIn(input.description) : undefined;
  if (half !== undefined) throw halfCharacter('description', half);
  const say = input.card === undefined ? undefined : (await import('./card.ts')).sayer(input.name, input.card);
  const duties = await dutiesOf(session, input);
  let created = false;
  const { ifVersion } = input;
  const card = await changeCard(session, input.name, async (before) => {
    if (ifVersion !== undefined)
      await (await import('./card-version.ts')).checkCardVersion(session, input.name, before, ifVersion);
    const existing = before?.deletedAt ? undefined : before;
    created = existing === undefined;
    // One that was retired is no agent that goes on: its name may be there for the key of alerts.
    if (!existing || existing.retiredAt) checkNotOurs(input.name);
    if (!existing) checkNoQueue(input.name);
    else if (isQueue(existing) && hasDuties(input)) throw noAgent(existing.name);
    const { retiredAt: _, ...kept } = existing ?? {
      name: before?.name ?? input.name,
      createdAt: new Date(session.clock.now()).toISOString(),
    };
    const settings = input.settings && setOnly(inNumbers({ ...existing?.settings, ...input.settings }));
    return {
      ...duties(say ? say(kept) : kept),
      ...(input.description !== undefined && { description: input.description }),
      ...(input.groups && { groups: input.groups }),
      ...(settings && { settings }),
    };
  });
  return { card, created };
}

/** Under such a name tasks wait. @throws NAME_INVALID */
export function checkNoQueue(name: string): void {
  if (!isQueueName(name.toLowerCase())) return;
  const message = `"${name}" cannot be the name of an agent: tasks that nobody has yet wait under such names.`;
  throw new DreamosError('invalid', 'NAME_INVALID', message, { hint: 'Give it another name.' });
}

/** @throws NAME_INVALID */
export function checkNotOurs(name: string): void {
  if (!isOwnSender(name)) return;
  const message = `"${name}" cannot be the name of an agent: alerts are sent under it.`;
  throw new DreamosError('invalid', 'NAME_INVALID', message, { hint: 'Give it another name.' });
}

export function noAgent(queue: string): DreamosError {
  return usage(`${queue} holds tasks that nobody has yet; it is no agent.`, 'dreamos agent list');
}

function hasDuties({ kind, capabilities, maxTasks, standbyFor, mailToStandby, at }: AgentInput): boolean {
  return [kind, capabilities, maxTasks, standbyFor, mailToStandby, at].some((field) => field !== undefined);
}

/** Most registrations say none. */
async function dutiesOf(session: Session, input: AgentInput): Promise<<Card extends object>(card: Card) => Card> {
  if (!hasDuties(input)) return (card) => card;
  return (await import('./duties.ts')).dutiesSayer(input, async (agent) => (await resolveFormer(session, agent)).name);
}

function setOnly(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

export async function listAgents(session: Session): Promise<AgentCard[]> {
  return (await listMailboxes(session)).filter(({ deletedAt }) => !deletedAt);
}

/** Those of deleted agents, too, for who looks after what is finished or dead. */
export async function listMailboxes(session: Session): Promise<AgentCard[]> {
  return (await session.store.documents.listAgents()).sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

/** The names of all mailboxes, or of the one that is named. @throws AGENT_NOT_FOUND */
export async function mailboxesOf(session: Session, named?: string): Promise<string[]> {
  const cards = named === undefined ? await listMailboxes(session) : [await resolveMailbox(session, named)];
  return cards.map(({ name }) => name);
}

/** As resolveAgent, for who asks for the card itself. */
export const showAgent = operation('agent.show', resolveAgent);

export const retireAgent = operation('agent.retire', retireAgentBody, ofMailbox);

async function retireAgentBody(session: Session, name: string): Promise<AgentCard> {
  const { name: known } = await resolveAgent(session, name);
  return changeKnownCard(session, known, (card) => ({
    ...card,
    retiredAt: card.retiredAt ?? new Date(session.clock.now()).toISOString(),
  }));
}

/** As changeCard, of one that is there: renamed meanwhile it is not made again. @throws AGENT_NOT_FOUND */
export function changeKnownCard(
  session: Session,
  name: string,
  change: (card: AgentCard) => AgentCard,
): Promise<AgentCard> {
  const changed = async (card: unknown): Promise<AgentCard> =>
    change((card as AgentCard | undefined) ?? (await resolveAgent(session, name)));
  return changeDocument(session.store.documents, `agents/${name}`, changed, keepingCards(session));
}

/** Read, change, write, as one step; makes the mailbox. @param name however it is cased */
export function changeCard(
  session: Session,
  name: string,
  change: (card: AgentCard | undefined, isAssumed: boolean) => AgentCard | Promise<AgentCard>,
): Promise<AgentCard> {
  const { documents } = session.store;
  const exact = async (): Promise<DocumentName> => `agents/${(await documents.getAgent(name))?.name ?? name}`;
  const changed = (card: unknown, isAssumed: boolean) => change(card as AgentCard | undefined, isAssumed);
  return changeDocument(documents, exact, changed, keepingCards(session));
}

/** A card's first change keeps what it was as well, so that to make an agent costs nothing more. */
function keepingCards(session: Session) {
  return async (name: DocumentName, before: unknown, after: AgentCard): Promise<boolean> =>
    (await import('../root/revisions.ts')).keepCard(session, name as `agents/${string}`, before as AgentCard, after);
}
