import type { Stats, StatsRow } from '../../contract/numbers/stats.ts';
import { minuteMs } from '../../model/basics/limits.ts';
import { isoTime } from '../../model/clock.ts';
import { checkSpan } from '../../model/duration.ts';
import { type Grouping, groupings, numbersOf } from '../../model/metrics/numbers.ts';
import { agentOf, emptyTally, mergeTally, type Tally } from '../../model/metrics/tally.ts';
import { usage } from '../../model/refusals.ts';
import { logOf, topicOf } from '../../model/topic.ts';
import { listMailboxes, resolveMailbox } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';
import { lookIntoEach } from '../root/trouble.ts';
import { hotSenders, slowConsumers } from './compare.ts';
import { type Gauge, gauges } from './gauges.ts';
import { knownSince, slotsOf, startOf } from './rollup.ts';

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

export async function stats(session: Session, names?: readonly string[], options: StatsOptions = {}): Promise<Stats> {
  const { windowMs = usualWindowMs, by = 'mailbox' } = options;
  checkSpan('windowMs', windowMs, 1);
  if (!groupings.includes(by))
    throw usage(`"${by as string}" is not what stats can be told by.`, `One of: ${groupings.join(', ')}.`);
  const untilMs = session.store.now();
  const sinceMs = startOf(untilMs - windowMs, untilMs);
  const { rows, sum } = await countAll(session, await mailboxesOf(session, names, by), by, sinceMs, untilMs);
  const now = await gauges(session, ['backlog', 'corrupt', 'oldestReadyMs', 'agentState', 'diskFreeShare']);
  const minutes = (since: number | undefined): number => (untilMs - (since ?? sinceMs)) / minuteMs;
  return {
    by,
    since: isoTime(sinceMs),
    until: isoTime(untilMs),
    rows: rows.map((row) => ({
      name: topicOf(row.name) ?? row.name,
      ...numbersOf(by, row.tally, minutes(row.knownSince)),
      arrived: row.tally.arrived,
      acked: row.tally.events['acked'] ?? 0,
      dead: row.tally.events['dead'] ?? 0,
      ...(by === 'mailbox' && nowOf(row.name, now)),
      series: row.series,
      ...(row.knownSince !== undefined && { knownSince: isoTime(row.knownSince) }),
    })),
    slow: slowConsumers(sum),
    hot: hotSenders(sum),
    agents: statesOf(now),
    diskFreeShare: now.find(({ name }) => name === 'diskFreeShare')?.value ?? null,
  };
}

async function mailboxesOf(session: Session, names: readonly string[] | undefined, by: Grouping): Promise<string[]> {
  if (by === 'topic') return (await session.store.look.listTopics()).map(logOf);
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
  await lookIntoEach(session, mailboxes, async (mailbox) => {
    const known = await knownSince(session, mailbox, since);
    const of = (name: string): Row => rows.get(name) ?? { tally: emptyTally(), series: emptySeries(), name };
    // Also one in which nothing happened.
    if (by === 'mailbox' || by === 'topic') rows.set(mailbox, { ...of(mailbox), ...(known && { knownSince: known }) });
    for await (const { startMs, tally } of slotsOf(session, mailbox, since, until)) {
      mergeTally(sum, tally);
      const part = Math.min(mostParts - 1, Math.max(0, Math.floor((startMs - since) / partMs)));
      for (const [name, own] of groupsOf(by, mailbox, tally)) {
        const row = of(name);
        mergeTally(row.tally, own);
        row.series[part] = (row.series[part] ?? 0) + own.arrived;
        rows.set(name, row);
      }
    }
  });
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

function nowOf(mailbox: string, now: readonly Gauge[]): Pick<StatsRow, 'backlog' | 'corrupt' | 'oldestReadyMs'> {
  const value = (wanted: string): number | undefined =>
    now.find((gauge) => gauge.name === wanted && gauge.mailbox === mailbox)?.value;
  return {
    backlog: value('backlog') ?? 0,
    corrupt: value('corrupt') ?? 0,
    oldestReadyMs: value('oldestReadyMs') ?? null,
  };
}

function statesOf(now: readonly Gauge[]): Stats['agents'] {
  const states = new Map<string, number>();
  for (const { name, labels } of now) {
    const state = name === 'agentState' ? labels?.['state'] : undefined;
    if (state !== undefined) states.set(state, (states.get(state) ?? 0) + 1);
  }
  return [...states].map(([state, count]) => ({ state, count }));
}
