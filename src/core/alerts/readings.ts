import { listAgents } from '../agents/agents.ts';
import { type AlertMetricName, alertMetrics } from '../../model/metrics/alert-metrics.ts';
import { type AlertRule, limitOf } from '../../model/metrics/alert.ts';
import type { GaugeName } from '../../model/metrics/gauges.ts';
import { logOf } from '../../model/topic.ts';
import { gauges } from '../metrics/gauges.ts';
import type { Session } from '../root/root.ts';
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
  isUnknown(mailbox: string): boolean;
}

/** Which mailboxes have been looked into is told by what every one of them has. */
const ofAll = 'corrupt' satisfies GaugeName;

/** One look for all rules. A mailbox in disorder is a warning. */
export async function readingsFor(session: Session, rules: readonly AlertRule[]): Promise<Readings> {
  const names = new Set<GaugeName>(rules.map(({ metric }) => metric));
  if (rules.some(({ metric }) => alertMetrics[metric].of === 'mailbox')) names.add(ofAll);
  const values = new Map<AlertMetricName, Map<string | undefined, number>>();
  for (const { name, mailbox, value } of await gauges(session, [...names])) {
    const metric = name as AlertMetricName;
    values.set(metric, (values.get(metric) ?? new Map<string | undefined, number>()).set(mailbox, value));
  }
  const looked = [...(values.get(ofAll)?.keys() ?? [])].filter((name) => name !== undefined);
  const known = new Set(looked);
  const there = new Set([
    ...(await listAgents(session)).map(({ name }) => name),
    ...(await session.store.look.listTopics()).map(logOf),
  ]);
  const valueOf = (metric: AlertMetricName, mailbox?: string): number | null =>
    values.get(metric)?.get(mailbox) ?? null;
  return {
    of: ({ metric, mailbox: pattern }) =>
      alertMetrics[metric].of === 'root'
        ? [{ value: valueOf(metric) }]
        : looked
            .filter((mailbox) => isMeant(pattern, mailbox))
            .map((mailbox) => ({ mailbox, value: valueOf(metric, mailbox) })),
    isUnknown: (mailbox) => there.has(mailbox) && !known.has(mailbox),
  };
}

export function holds(rule: AlertRule, { value }: Reading): boolean {
  const { isOver, limit } = limitOf(rule);
  return value !== null && (isOver ? value > limit : value < limit);
}
