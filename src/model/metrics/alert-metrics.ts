/**
 * The numbers that a rule may name: of gauges those that are one number for each mailbox, or for the root; and what is counted
 * over a while.
 */
import { type GaugeName, gaugeNames, gaugeTable } from './gauges.ts';
import { type NumberName, numberNames, numberTable } from './numbers.ts';

export type AlertUnit = 'count' | 'duration' | 'share';

export interface AlertMetric {
  readonly unit: AlertUnit;
  readonly of: 'mailbox' | 'root';
  readonly help: string;
}

type Labelled = { [Name in GaugeName]: (typeof gaugeTable)[Name] extends { label: string } ? Name : never }[GaugeName];
export type AlertGaugeName = Exclude<GaugeName, Labelled>;
export type AlertMetricName = AlertGaugeName | NumberName;

const ofGauges = gaugeNames.filter((name): name is AlertGaugeName => !Object.hasOwn(gaugeTable[name], 'label'));
export const alertMetricNames: readonly AlertMetricName[] = [...ofGauges, ...numberNames];

export const alertMetrics = Object.fromEntries([
  ...ofGauges.map((name) => {
    const { unit, of, help } = gaugeTable[name];
    return [name, { unit: unitOf(unit), of: of === 'root' ? 'root' : 'mailbox', help } satisfies AlertMetric];
  }),
  ...numberNames.map((name) => {
    const { unit, formula } = numberTable[name];
    return [name, { unit: unitOf(unit), of: 'mailbox', help: `${formula}.` } satisfies AlertMetric];
  }),
]) as Readonly<Record<AlertMetricName, AlertMetric>>;

function unitOf(unit: string): AlertUnit {
  if (unit === 'ms') return 'duration';
  return unit === 'share' || unit === 'score' ? 'share' : 'count';
}

export function isAlertMetric(name: unknown): name is AlertMetricName {
  return (alertMetricNames as readonly unknown[]).includes(name);
}

export function isCounted(name: AlertMetricName): name is NumberName {
  return Object.hasOwn(numberTable, name);
}
