/** The numbers that a rule may name: of gauges those that are one number for each mailbox, or for the root. */
import { type GaugeName, gaugeNames, gaugeTable } from './gauges.ts';

export type AlertUnit = 'count' | 'duration' | 'share';

export interface AlertMetric {
  readonly unit: AlertUnit;
  readonly of: 'mailbox' | 'root';
  readonly help: string;
  /** Over a while, and not at this moment. */
  readonly isCounted?: true;
}

type Labelled = { [Name in GaugeName]: (typeof gaugeTable)[Name] extends { label: string } ? Name : never }[GaugeName];
export type AlertMetricName = Exclude<GaugeName, Labelled>;

const unitOf = (unit: string): AlertUnit => (unit === 'ms' ? 'duration' : unit === 'share' ? 'share' : 'count');

export const alertMetricNames = gaugeNames.filter(
  (name): name is AlertMetricName => !Object.hasOwn(gaugeTable[name], 'label'),
);

export const alertMetrics = Object.fromEntries(
  alertMetricNames.map((name) => {
    const { unit, of, help } = gaugeTable[name];
    return [name, { unit: unitOf(unit), of: of === 'root' ? 'root' : 'mailbox', help } satisfies AlertMetric];
  }),
) as Readonly<Record<AlertMetricName, AlertMetric>>;

export function isAlertMetric(name: unknown): name is AlertMetricName {
  return (alertMetricNames as readonly unknown[]).includes(name);
}
