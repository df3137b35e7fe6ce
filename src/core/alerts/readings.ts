import { parseDuration } from '../../model/duration.ts';
import {
  type AlertGaugeName,
  type AlertMetricName,
  alertMetrics,
  isCounted,
} from '../../model/metrics/alert-metrics.ts';
import { type AlertRule, limitOf, usualWindow } from '../../model/metrics/alert.ts';
import { type MetricNumber, numberTable } from '../../model/metrics/numbers.ts';
import { logOf } from '../../model/topic.ts';
import { listAgents } from '../agents/agents.ts';
import { gauges } from '../metrics/gauges.ts';
import { ageOf, knownOf, minutesOf, startOf } from '../metrics/rollup.ts';
import { windowOf } from '../metrics/totals.ts';
import type { Session } from '../root/root.ts';
import { lookIntoEach } from '../root/trouble.ts';
import { isMeant } from './rules.ts';

/** What a rule sees in one place. */
export interface Reading {
  /** Absent: it is the root's. */
  readonly mailbox?: string;
  /** In the unit of the metric; `null`: there is no data, so it does not hold. */
  readonly value: number | null;
}

export interface Readings {
  of(rule: AlertRule): readonly Reading[];
  /** What could not be looked into, so that nothing is known of it: it is there, and is neither well nor not. */
  isUnknown(rule: AlertRule, mailbox: string): boolean;
}

/** One look for all rules. A mailbox in disorder is a warning. */
export async function readingsFor(session: Session, rules: readonly AlertRule[]): Promise<Readings> {
  const agents = (await listAgents(session)).map(({ name }) => name);
  const there = new Set([...agents, ...(await session.store.look.listTopics()).map(logOf)]);
  const seen = new Map<string, readonly Reading[]>();
  for (const [metric, values] of await gaugesOf(session, rules)) seen.set(metric, values);
  // Of two rules with the same while each mailbox is counted once by what is kept of that.
  for (const rule of rules)
    if (isCounted(rule.metric) && !seen.has(keyOf(rule))) seen.set(keyOf(rule), await counted(session, agents, rule));
  const of = (rule: AlertRule): readonly Reading[] =>
    (seen.get(keyOf(rule)) ?? []).filter(({ mailbox }) => isMeant(rule.mailbox, mailbox));
  return {
    of,
    isUnknown: (rule, name) => there.has(name) && !of(rule).some(({ mailbox }) => mailbox === name),
  };
}

function keyOf({ metric, window = usualWindow }: AlertRule): string {
  return isCounted(metric) ? `${metric} ${window}` : metric;
}

/** What every mailbox has, also where it has no number of another name. */
const ofAll = 'corrupt' satisfies AlertGaugeName;

async function gaugesOf(
  session: Session,
  rules: readonly AlertRule[],
): Promise<Map<AlertMetricName, readonly Reading[]>> {
  const names = new Set<AlertGaugeName>();
  for (const { metric } of rules) if (!isCounted(metric)) names.add(metric);
  const values = new Map<string, Map<string | undefined, number>>();
  const asked: readonly AlertGaugeName[] = [...names].some((name) => alertMetrics[name].of === 'mailbox')
    ? [...names, ofAll]
    : [...names];
  for (const { name, mailbox, value } of asked.length === 0 ? [] : await gauges(session, asked))
    values.set(name, (values.get(name) ?? new Map<string | undefined, number>()).set(mailbox, value));
  const looked = [...(values.get(ofAll)?.keys() ?? [])].filter((name) => name !== undefined);
  return new Map(
    [...names].map((name) => {
      const value = (mailbox?: string): number | null => values.get(name)?.get(mailbox) ?? null;
      const each = (): Reading[] => looked.map((mailbox) => ({ mailbox, value: value(mailbox) }));
      return [name, alertMetrics[name].of === 'root' ? [{ value: value() }] : each()];
    }),
  );
}

async function counted(
  session: Session,
  agents: readonly string[],
  { metric, window = usualWindow }: AlertRule,
): Promise<Reading[]> {
  const number: MetricNumber | undefined = isCounted(metric) ? numberTable[metric] : undefined;
  const until = session.store.now();
  const since = startOf(until - parseDuration(window), until);
  const all: Reading[] = [];
  await lookIntoEach(session, agents, async (mailbox) => {
    const known = knownOf([await ageOf(session, mailbox, since)], since);
    const tally = await windowOf(session, mailbox, since, until, known);
    all.push({ mailbox, value: number?.value(tally, minutesOf(since, until, known)) ?? null });
  });
  return all;
}

export function holds(rule: AlertRule, { value }: Reading): boolean {
  const { isOver, limit } = limitOf(rule);
  return value !== null && (isOver ? value > limit : value < limit);
}
