import type { Stats } from '../../contract/numbers/stats.ts';
import { minuteMs } from '../../model/basics/limits.ts';
import { isoTime } from '../../model/clock.ts';
import { checkSpan } from '../../model/duration.ts';
import type { GaugeName } from '../../model/metrics/gauges.ts';
import { type Grouping, groupings, numbersOf } from '../../model/metrics/numbers.ts';
import { agentOf, emptyTally, mergeTally, type Tally } from '../../model/metrics/tally.ts';
import { usage } from '../../model/refusals.ts';
import { logOf, topicOf } from '../../model/topic.ts';
import { listMailboxes, resolveMailbox } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';
import { lookIntoEach } from '../root/trouble.ts';
import { resolveTopic } from '../topics/topics.ts';
import { hotSenders, slowConsumers } from './compare.ts';
import { type Gauge, gauges } from './gauges.ts';
import { type Age, ageOf, knownOf, minutesOf, slotsOf, startOf } from './rollup.ts';
import { operation } from '../root/operation.ts';

export interface StatsOptions {
  /** How far back; milliseconds, 1 hour by default. */
  readonly windowMs?: number;
  /** What each row is about; `mailbox` by default. */
  readonly by?: Grouping;
}

const usualWindowMs = 60 * minuteMs;
const mostParts = 24;

/** A row until it is told. */
interface Row {
  readonly name: string;
  readonly tally: Tally;
  readonly series: number[];
  readonly knownSince?: number;
}

export const stats = operation('stats', statsBody, (named) => ({ named }));

async function statsBody(session: Session, names?: readonly string[], options: StatsOptions = {}): Promise<Stats> {
  const { windowMs = usualWindowMs, by = 'mailbox' } = options;
  checkSpan('windowMs', windowMs, 1);
  if (!groupings.includes(by))
    throw usage(`"${by as string}" is not what stats can be told by.`, `One of: ${groupings.join(', ')}.`);
  const untilMs = session.store.now();
  const sinceMs = startOf(untilMs - windowMs, untilMs);
  const mailboxes = await mailboxesOf(session, names, by);
  const { rows, sum } = await countAll(session, mailboxes, by, sinceMs, untilMs);
  const ofMailboxes = by === 'mailbox' ? (['backlog', 'corrupt', 'oldestReadyMs'] as const) : [];
  const ofWhom = by === 'topic' ? undefined : mailboxes;
  const now = await gauges(session, [...ofMailboxes, 'agentState', 'diskFreeShare'], ofWhom);
  const valueOf = valuesIn(now);
  const known = Math.max(...rows.map((row) => row.knownSince ?? 0));
  return {
    by,
    since: isoTime(sinceMs),
    until: isoTime(untilMs),
    ...(known > 0 && { knownSince: isoTime(known) }),
    rows: rows.map((row) => ({
      name: topicOf(row.name) ?? row.name,
      ...numbersOf(by, row.tally, minutesOf(sinceMs, untilMs, row.knownSince)),
      arrived: row.tally.arrived,
      acked: row.tally.events['acked'] ?? 0,
      dead: row.tally.events['dead'] ?? 0,
      ...(by === 'mailbox' && {
        backlog: valueOf('backlog', row.name),
        corrupt: valueOf('corrupt', row.name),
        oldestReadyMs: valueOf('oldestReadyMs', row.name),
      }),
      series: row.series,
      ...(row.knownSince !== undefined && { knownSince: isoTime(row.knownSince) }),
    })),
    slow: slowConsumers(sum),
    hot: hotSenders(sum),
    agents: statesOf(now),
    diskFreeShare: valueOf('diskFreeShare'),
  };
}

async function mailboxesOf(session: Session, names: readonly string[] | undefined, by: Grouping): Promise<string[]> {
  if (by === 'topic') {
    const topics = names
      ? await Promise.all(names.map((name) => resolveTopic(session, name)))
      : await session.store.look.listTopics();
    return topics.map(logOf);
  }
  const cards = names
    ? await Promise.all(names.map((name) => resolveMailbox(session, name)))
    : (await listMailboxes(session)).filter(({ deletedAt }) => !deletedAt);
  return cards.map(({ name }) => name);
}

/** @returns by the name of what is counted, and what all mailboxes come to */
async function countAll(
  session: Session,
  mailboxes: readonly string[],
  by: Grouping,
  since: number,
  until: number,
): Promise<{ rows: Row[]; sum: Tally }> {
  const rows = new Map<string, Row>();
  const sum = emptyTally();
  const partMs = (until - since) / mostParts;
  const said = new Set<string>();
  const ages = new Map<string, Age>();
  const note = async (mailbox: string): Promise<unknown> => ages.set(mailbox, await ageOf(session, mailbox, since));
  await lookIntoEach(session, mailboxes, note, said);
  const isOfOne = by === 'mailbox' || by === 'topic';
  const ofAll = isOfOne ? undefined : knownOf([...ages.values()], since);
  const look = async (mailbox: string): Promise<void> => {
    const known = isOfOne ? knownOf([ages.get(mailbox) ?? {}], since) : ofAll;
    const of = (name: string): Row =>
      rows.get(name) ?? {
        tally: emptyTally(),
        series: emptySeries(),
        name,
        ...(known !== undefined && { knownSince: known }),
      };
    // Also one in which nothing happened.
    if (isOfOne) rows.set(mailbox, of(mailbox));
    for await (const { startMs, tally } of slotsOf(session, mailbox, since, until, known)) {
      // What has a row each adds up to the same.
      if (!isOfOne) mergeTally(sum, tally);
      const part = Math.min(mostParts - 1, Math.max(0, Math.floor((startMs - since) / partMs)));
      for (const [name, own] of groupsOf(by, mailbox, tally)) {
        const row = of(name);
        mergeTally(row.tally, own);
        row.series[part] = (row.series[part] ?? 0) + own.arrived;
        rows.set(name, row);
      }
    }
  };
  await lookIntoEach(session, [...ages.keys()], look, said);
  if (isOfOne) for (const { tally } of rows.values()) mergeTally(sum, tally);
  return { rows: [...rows.values()], sum };
}

const emptySeries = (): number[] => Array.from({ length: mostParts }, () => 0);

function groupsOf(by: Grouping, mailbox: string, tally: Tally): [name: string, tally: Tally][] {
  if (by === 'mailbox' || by === 'topic') return [[mailbox, tally]];
  if (by === 'type') return Object.entries(tally.types).map(([type, arrived]) => [type, { ...emptyTally(), arrived }]);
  return Object.entries(tally.consumers).map(([name, { claimed, acked, failed, held }]) => [
    agentOf(name),
    { ...emptyTally(), arrived: claimed, events: { claimed, acked, nacked: failed }, held },
  ]);
}

/** `null`: it is not known. */
function valuesIn(now: readonly Gauge[]): (name: GaugeName, mailbox?: string) => number | null {
  const keyOf = (name: GaugeName, mailbox = ''): string => `${name} ${mailbox}`;
  const values = new Map(now.map(({ name, mailbox, value }) => [keyOf(name, mailbox), value]));
  return (name, mailbox) => values.get(keyOf(name, mailbox)) ?? null;
}

function statesOf(now: readonly Gauge[]): Stats['agents'] {
  const states = new Map<string, number>();
  for (const { name, labels } of now) {
    const state = name === 'agentState' ? labels?.['state'] : undefined;
    if (state !== undefined) states.set(state, (states.get(state) ?? 0) + 1);
  }
  return [...states].map(([state, count]) => ({ state, count }));
}
