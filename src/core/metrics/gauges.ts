import type { AgentNow, MailboxStatus } from '../../contract/look.ts';
import { type AgentCard, isQueue, maxTasksOf } from '../../model/agent.ts';
import { agoMs } from '../../model/clock.ts';
import { type GaugeName, gaugeNames } from '../../model/metrics/gauges.ts';
import { openStates } from '../../model/state.ts';
import { logOf } from '../../model/topic.ts';
import { listAgents } from '../agents/agents.ts';
import { statusOf } from '../look/status.ts';
import { agentsNow } from '../overview/agents-now.ts';
import { tasksOf } from '../resources/tasks-of.ts';
import type { Session } from '../root/root.ts';
import { settingsNow } from '../root/settings.ts';
import { lookIntoEach } from '../root/trouble.ts';
import { countTasks } from '../tasks/list.ts';

/** What is true now, of one thing; what is not known has none. */
export interface Gauge {
  readonly name: GaugeName;
  /** Whose, also where it is an agent's; absent: the root's. `#` and a topic: of that topic's log. */
  readonly mailbox?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * What moves with time is due first, as `status` does; a mailbox in disorder is a warning.
 * @param names only these: nothing is looked at for others
 * @param mailboxes only of these, else of all and of topics' logs
 */
export async function gauges(
  session: Session,
  names: readonly GaugeName[] = gaugeNames,
  mailboxes?: readonly string[],
): Promise<readonly Gauge[]> {
  const wanted = new Set(names);
  const wants = (...some: GaugeName[]): boolean => some.some((name) => wanted.has(name));
  const all: Gauge[] = [];
  if (wants(...ofMailboxes, ...ofAgents, ...ofResources, 'tasks'))
    all.push(...(await mailGauges(session, wants, mailboxes)));
  if (wants('corrupt') && !mailboxes) all.push(...(await logGauges(session)));
  if (wants(...ofDisk)) all.push(...(await diskGauges(session)));
  // Since when nobody asked is not known where the clock was ahead then.
  return all.filter(({ name, value }) => wanted.has(name) && Number.isFinite(value));
}

const counted = ['ready', 'delayed', 'inflight', 'archived', 'dead', 'corrupt'] as const satisfies GaugeName[];
const ofMailboxes = [...counted, 'backlog', 'refused', 'oldestReadyMs', 'silentMs', 'unreadMs'] as const;
const ofAgents = ['agentState', 'goneWithMail'] as const;
const ofResources = ['resourceUsed', 'resourceLimit', 'resourceShare'] as const;
const ofDisk = ['diskBytes', 'diskFreeBytes', 'diskFreeShare'] as const;

async function mailGauges(
  session: Session,
  wants: (...some: GaugeName[]) => boolean,
  mailboxes?: readonly string[],
): Promise<Gauge[]> {
  const only = mailboxes && new Set(mailboxes);
  const meant = (await listAgents(session)).filter(({ name }) => only?.has(name) ?? true);
  const cards = new Map(meant.map((card) => [card.name, card]));
  const statuses = new Map<string, MailboxStatus>();
  if (wants(...ofMailboxes, ...ofAgents, ...ofResources))
    await lookIntoEach(session, [...cards.keys()], async (name) =>
      statuses.set(name, await statusOf(session, cards.get(name) ?? { name }, false)),
    );
  const now = session.store.now();
  const all = [...statuses.values()].flatMap((one) => mailboxGauges(one, cards.get(one.mailbox), now));
  const agents = [...cards.values()].filter((card) => statuses.has(card.name) && !card.retiredAt && !isQueue(card));
  if (wants(...ofAgents))
    for (const agent of await agentsNow(session, agents, statuses))
      all.push(...agentGauges(agent, statuses.get(agent.agent)));
  // There never were tasks where nothing holds those that nobody has yet.
  const hasTasks = [...cards.values()].some(isQueue);
  if (wants(...ofResources)) all.push(...(await resourceGauges(session, cards, statuses, hasTasks)));
  if (wants('tasks') && hasTasks) {
    const counts = await countTasks(session, [...openStates, 'failed']);
    for (const [state, value] of Object.entries(counts)) all.push({ name: 'tasks', labels: { state }, value });
  }
  return all;
}

const unfinishedIn = ({ ready, delayed, inflight }: MailboxStatus): number => ready + delayed + inflight;

function mailboxGauges(status: MailboxStatus, card: AgentCard | undefined, now: number): Gauge[] {
  const { mailbox, oldestReadyAgeMs, lastReadAt, refused } = status;
  const gauge = (name: GaugeName, value: number): Gauge => ({ name, mailbox, value });
  const readAt = lastReadAt ?? card?.createdAt;
  const silentMs = readAt === undefined ? 0 : agoMs(Date.parse(readAt), now);
  const isRead = card !== undefined && !card.pausedAt && !isQueue(card);
  return [
    ...counted.map((name) => gauge(name, status[name])),
    gauge('backlog', unfinishedIn(status)),
    gauge('refused', refused?.count ?? 0),
    gauge('silentMs', silentMs),
    ...(oldestReadyAgeMs === null ? [] : [gauge('oldestReadyMs', oldestReadyAgeMs)]),
    ...(oldestReadyAgeMs === null || !isRead ? [] : [gauge('unreadMs', Math.min(silentMs, oldestReadyAgeMs))]),
  ];
}

function agentGauges({ agent: mailbox, state }: AgentNow, status: MailboxStatus | undefined): Gauge[] {
  return [
    { name: 'agentState', mailbox, labels: { state }, value: 1 },
    { name: 'goneWithMail', mailbox, value: state === 'gone' && status ? unfinishedIn(status) : 0 },
  ];
}

/** Of topics, whose messages have no other state. */
async function logGauges(session: Session): Promise<Gauge[]> {
  const all: Gauge[] = [];
  const { look } = session.store;
  await lookIntoEach(session, (await look.listTopics()).map(logOf), async (mailbox) => {
    all.push({ name: 'corrupt', mailbox, value: (await look.counts(mailbox)).corrupt });
  });
  return all;
}

/** Of what an agent may not use without limit: most may, and then nothing of it is looked at. */
async function resourceGauges(
  session: Session,
  cards: ReadonlyMap<string, AgentCard>,
  statuses: ReadonlyMap<string, MailboxStatus>,
  hasTasks: boolean,
): Promise<Gauge[]> {
  const { look } = session.store;
  const settingsOf = await settingsNow(session);
  const all: Gauge[] = [];
  await lookIntoEach(session, [...statuses.keys()], async (mailbox) => {
    const [card, status] = [cards.get(mailbox), statuses.get(mailbox)];
    if (!card || isQueue(card) || !status) return;
    const { sendRate, maxMessages, maxBytes } = settingsOf(card);
    const tell = async (resource: string, limit: number, usedNow: () => number | Promise<number>): Promise<void> => {
      if (limit === Infinity) return;
      const used = await usedNow();
      const of = { mailbox, labels: { resource } };
      all.push({ name: 'resourceUsed', ...of, value: used }, { name: 'resourceLimit', ...of, value: limit });
      if (limit > 0) all.push({ name: 'resourceShare', ...of, value: used / limit });
    };
    if (hasTasks) await tell('tasks', maxTasksOf(card), () => tasksOf(session, mailbox));
    await tell('sends', sendRate, async () => sendRate - (await look.allowance(mailbox, sendRate)).left);
    await tell('messages', maxMessages, () => unfinishedIn(status));
    await tell('bytes', maxBytes, async () => (await look.load(mailbox)).bytes);
  });
  return all;
}

async function diskGauges({ store }: Session): Promise<Gauge[]> {
  const space = await store.space?.();
  if (!space) return [];
  const { bytes, freeBytes } = space;
  return [
    { name: 'diskBytes', value: bytes },
    { name: 'diskFreeBytes', value: freeBytes },
    ...(bytes > 0 ? [{ name: 'diskFreeShare', value: freeBytes / bytes } as const] : []),
  ];
}
