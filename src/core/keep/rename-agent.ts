/**
 * Another name for an agent. The card is told first, then comes the one step that decides (`documents.rename`): with the
 * mailbox it takes mail, claims, events and groups along. What the root says of it elsewhere follows: subscriptions,
 * schedules, reservations and tokens. Who publishes or looks at schedules before that, or after a kill in between, finds whom they mean by the
 * former name; the same command again, `maintain`, or whoever registers the old name anew writes the rest.
 */
import type { AgentRenamed as Renamed } from '../../contract/system.ts';
import { type AgentCard, isQueue, sameAgent } from '../../model/agent.ts';
import { DreamosError } from '../../model/errors.ts';
import { notFound, usage } from '../../model/refusals.ts';
import { AgentRenamed } from '../../storage/port/refusals.ts';
import {
  type AgentInput,
  changeKnownCard,
  checkNoQueue,
  checkNotOurs,
  listAgents,
  namesNow,
  noAgent,
  registerAgent,
  type Registered,
  resolveAgent,
} from '../agents/agents.ts';
import { namedInStandbys, renameInStandbys } from '../agents/standbys.ts';
import { checkNewName } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import { loadReservations, renameInReservations } from '../reserve/reservations.ts';
import { loadSchedules, namedInSchedules, renameInSchedules } from '../schedules/schedules.ts';
import { loadSubscriptions, renameInSubscriptions } from '../topics/subscriptions.ts';
import { ofMailbox, operation } from '../root/operation.ts';

export const renameAgent = operation('agent.rename', renameAgentBody, (agent, to) => ({ named: [agent, to] }));

async function renameAgentBody(session: Session, agent: string, to: string): Promise<Renamed> {
  checkNewName(to, "an agent's new name");
  checkNoQueue(to);
  checkNotOurs(to);
  const before = await agentOf(session, agent);
  if (before instanceof AgentRenamed) {
    // Said twice, or cut off behind the step that decides.
    if (sameAgent(before.now, to)) return { ...(await follow(session, before.former, before.now)), changed: false };
    throw before;
  }
  const { name } = before;
  // Its tasks would be taken for those of an agent.
  if (isQueue(before)) throw noAgent(name);
  if (sameAgent(name, to)) throw isSame(name, to);
  // What cannot be read is refused before anything is changed.
  await loadSubscriptions(session);
  await loadSchedules(session);
  await loadReservations(session);
  await tokenHolders(session);
  const { documents } = session.store;
  // Nobody packs or prunes its archive meanwhile.
  return documents.withLock(`maintain.${name}`, async () => {
    const other = await documents.getAgent(to);
    if (other) throw taken(name, other);
    const until = new Date(session.clock.now()).toISOString();
    await changeKnownCard(session, name, (card) => ({ ...card, formerNames: withFormer(card, { name, until }) }));
    const done = await documents.rename(name, to);
    if (done === 'taken') throw taken(name, (await documents.getAgent(to)) ?? { name: to });
    // Somebody else has renamed it.
    if (done === 'missing') await resolveAgent(session, name);
    return { ...(await follow(session, name, to)), changed: true };
  });
}

/** Registers it; what is still written of one that had this name before goes to that one first. */
export const registerAnew = operation('agent.register', registerAnewBody, ({ name }) => ofMailbox(name));

async function registerAnewBody(session: Session, input: AgentInput): Promise<Registered> {
  checkNewName(input.name);
  await finishRenames(session, input.name);
  return registerAgent(session, input);
}

/** Of renames that were cut off: what subscriptions, schedules, reservations and tokens say of a name that nobody has any more. @param only of this one */
export async function finishRenames(session: Session, only?: string): Promise<string[]> {
  const said = [
    // Who registers one of a thousand agents reads no other's card.
    ...(only === undefined ? await namedInStandbys(session) : []),
    ...(await loadSubscriptions(session)).keys(),
    ...(await namedInSchedules(session)),
    ...(await loadReservations(session)).map(({ agent }) => agent),
    ...(await tokenHolders(session)),
  ];
  const finished: string[] = [];
  for (const name of new Set(said)) {
    if ((only !== undefined && !sameAgent(name, only)) || (await session.store.documents.getAgent(name))) continue;
    const [now] = await namesNow(session, name);
    if (now === undefined) continue;
    await follow(session, name, now);
    finished.push(now);
  }
  return finished;
}

async function follow(session: Session, from: string, to: string): Promise<Omit<Renamed, 'changed'>> {
  // Written once more under its name: durable, also after a kill.
  const card = await changeKnownCard(session, to, (found) => ({ ...found, name: to }));
  await renameInStandbys(session, from, to);
  const subscriptions = await renameInSubscriptions(session, from, to);
  const schedules = await renameInSchedules(session, from, to);
  if (await session.store.documents.get('tokens'))
    await (await import('../tokens/tokens.ts')).renameInTokens(session, from, to);
  return { ...card, from, subscriptions, schedules, reservations: await renameInReservations(session, from, to) };
}

/** Most roots have no tokens, and load nothing of them. */
async function tokenHolders(session: Session): Promise<readonly string[]> {
  const { documents } = session.store;
  return (await documents.get('tokens')) ? (await import('../tokens/tokens.ts')).holdersOf(session) : [];
}

function withFormer(card: AgentCard, former: { name: string; until: string }): AgentCard['formerNames'] {
  return [...(card.formerNames ?? []).filter(({ name }) => !sameAgent(name, former.name)), former];
}

async function agentOf(session: Session, name: string): Promise<AgentCard | AgentRenamed> {
  try {
    return await resolveAgent(session, name);
  } catch (error) {
    if (error instanceof AgentRenamed) return error;
    if (!(error instanceof DreamosError) || error.code !== 'AGENT_NOT_FOUND') throw error;
    const members = (await listAgents(session)).filter(({ groups = [] }) => groups.some((one) => sameAgent(one, name)));
    const [member] = members;
    if (member)
      throw notFound(
        'AGENT_NOT_FOUND',
        `${name} is a group, not an agent: a group is what the cards of its members say.`,
        `See who is in it: dreamos send @${name} --dry-run x; of each member: dreamos agent register ${member.name} --group <new name>`,
      );
    if (!(await session.store.look.listTopics()).includes(name)) throw error;
    const message = `${name} is a topic, not an agent, and a topic keeps its name.`;
    throw notFound('AGENT_NOT_FOUND', message, `What was published there: dreamos topics show ${name}`);
  }
}

function isSame(name: string, to: string): DreamosError {
  const message = name === to ? `${name} is its name already.` : `${name} and ${to} are one name: case makes no other.`;
  return usage(message, `Its card: dreamos agent show ${name}`);
}

function taken(name: string, { name: other, deletedAt }: Pick<AgentCard, 'name' | 'deletedAt'>): DreamosError {
  const message = deletedAt
    ? `${other} was deleted, and what it had finished is still there, so ${name} keeps its name.`
    : `There is an agent ${other} already, so ${name} keeps its name.`;
  const look = deletedAt ? `dreamos archive list ${other}` : `dreamos agent show ${other}`;
  return new DreamosError('conflict', 'ALREADY_EXISTS', message, {
    hint: `Look at that one: ${look}; or take another name: dreamos agent rename ${name} ${other.slice(0, 62)}-2`,
  });
}
