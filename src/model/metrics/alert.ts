/**
 * Rules that say when somebody is to be told of a number: the setting `alerts`, a list in config.json. A rule is checked by one
 * table of fields, whoever has written it.
 */
import { agentNamePattern } from '../agent.ts';
import { longestMs } from '../basics/limits.ts';
import type { Fits } from '../basics/fits.ts';
import { durationIn } from '../duration.ts';
import { nearestName } from '../refusals.ts';
import {
  alertMetricNames,
  alertMetrics,
  isAlertMetric,
  isCounted,
  type AlertMetricName,
  type AlertUnit,
} from './alert-metrics.ts';

/** A number; a duration such as `1h`; of a share also a percentage, `5%`. */
type Threshold = number | string;

export interface AlertRule {
  readonly name: string;
  readonly metric: AlertMetricName;
  /** In which mailboxes: a name in which `*` stands for anything; absent: in all. */
  readonly mailbox?: string;
  /** It holds while the number is greater than this, or less: a rule has one of them. */
  readonly over?: Threshold;
  readonly under?: Threshold;
  /** Of a number that is counted over a while: how long that is, an hour by default. */
  readonly window?: string;
  /** It fires when it has held for so long. */
  readonly for?: string;
  /** While it fires it is told again so often; absent: once. */
  readonly every?: string;
  /** The agent that gets a message; absent: nobody. */
  readonly to?: string;
  /** A command and its words, without a shell. */
  readonly run?: readonly string[];
  readonly off?: boolean;
}

/** As it may be written: what has the name of a default takes from that what it does not say. */
export type WrittenRule = Partial<AlertRule> & { readonly name: string };

export const defaultAlerts: readonly AlertRule[] = [
  { name: 'unread', metric: 'unreadMs', over: '1h' },
  { name: 'oldest', metric: 'oldestReadyMs', over: '1d' },
  { name: 'dead', metric: 'dead', over: 0 },
  { name: 'corrupt', metric: 'corrupt', over: 0 },
  { name: 'gone', metric: 'goneWithMail', over: 0 },
  { name: 'disk', metric: 'diskFreeShare', under: '5%' },
];

/** Defaults first, each as it is written now, then the others in their order. */
export function completeRules(written: readonly WrittenRule[]): AlertRule[] {
  const names = new Set(defaultAlerts.map(({ name }) => name));
  const rules = [...defaultAlerts, ...written.filter(({ name }) => !names.has(name))];
  return rules.map(({ name }) => complete(name, written) as AlertRule);
}

function complete(name: string, written: readonly WrittenRule[]): Partial<AlertRule> {
  return { ...defaultAlerts.find((one) => one.name === name), ...written.find((one) => one.name === name) };
}

/** What a rule compares with, in the unit of its metric. */
export function limitOf({ metric, over, under = 0 }: AlertRule): { readonly isOver: boolean; readonly limit: number } {
  const { unit } = alertMetrics[metric];
  return { isOver: over !== undefined, limit: thresholdIn(unit, over ?? under) ?? Number.NaN };
}

/** `undefined`: it is no number of this unit. */
function thresholdIn(unit: AlertUnit, written: unknown): number | undefined {
  if (unit === 'duration') return typeof written === 'string' ? durationIn(written) : undefined;
  const percent = typeof written === 'string' && unit === 'share' ? /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(written) : null;
  const number = percent ? Number(percent[1]) / 100 : written;
  if (typeof number !== 'number' || !Number.isFinite(number) || number < 0) return undefined;
  return unit === 'share' && number > 1 ? undefined : number;
}

const thresholds: Record<AlertUnit, string> = {
  count: 'a number from 0 on',
  duration: 'a duration such as "1h"',
  share: 'a share from 0 to 1, or "5%"',
};

export const usualWindow = '1h';
const mostRules = 200;
const shortestEveryMs = 60_000;
const mostWords = 64;

/** Why something cannot be the setting, for a person, and which field of it. */
export interface AlertFault {
  readonly path: readonly PropertyKey[];
  readonly why: string;
  /** What to write instead. */
  readonly hint: string;
}

interface Field {
  readonly is: Fits;
  readonly what: string;
}

const isSpan =
  (leastMs: number): Fits =>
  (value) => {
    const ms = typeof value === 'string' ? durationIn(value) : undefined;
    return ms !== undefined && ms >= leastMs && ms <= longestMs;
  };
const isThreshold: Fits = (value) => typeof value === 'number' || typeof value === 'string';
const isWord: Fits = (value) => typeof value === 'string' && !value.includes('\0') && value.length <= 4096;
const pattern = /^#?[A-Za-z0-9._*-]{1,128}$/;

const fields: { readonly [Name in keyof Required<AlertRule>]: Field } = {
  name: {
    is: (value) => typeof value === 'string' && agentNamePattern.test(value),
    what: '1 to 64 letters, digits, dots, dashes or underscores',
  },
  metric: { is: (value) => typeof value === 'string', what: 'the name of a metric' },
  mailbox: {
    is: (value) => typeof value === 'string' && pattern.test(value),
    what: "an agent's name, in which * stands for anything",
  },
  over: { is: isThreshold, what: 'a number, or a duration such as "1h"' },
  under: { is: isThreshold, what: 'a number, or a duration such as "1h"' },
  window: { is: isSpan(shortestEveryMs), what: 'a duration of at least "1m"' },
  for: { is: isSpan(0), what: 'a duration such as "5m"' },
  every: { is: isSpan(shortestEveryMs), what: 'a duration of at least "1m"' },
  to: { is: (value) => typeof value === 'string' && agentNamePattern.test(value), what: "an agent's name" },
  run: {
    is: (value) =>
      Array.isArray(value) && value.length > 0 && value.length <= mostWords && value[0] !== '' && value.every(isWord),
    what: 'a list of a command and its words: ["notify-send","Mail"]',
  },
  off: { is: (value) => typeof value === 'boolean', what: 'true or false' },
};
const fieldNames = Object.keys(fields) as (keyof AlertRule)[];

/** The first of each rule; where their paths begin with a number, that rule alone is wrong. @returns none: it can be the setting */
export function alertFaults(value: unknown): AlertFault[] {
  if (!Array.isArray(value))
    return [fault([], 'it is no list', 'Write a list of rules: [{"name":"dead","to":"planner"}]')];
  const tooMany = value.length > mostRules ? [fault([], `it has more than ${mostRules} rules`, 'Leave some out')] : [];
  const ofRules = value.slice(0, mostRules).flatMap((rule: unknown, at) => {
    const found = faultOfFields(rule) ?? faultOfRule(rule as WrittenRule, value.slice(0, at) as WrittenRule[]);
    return found ? [{ ...found, path: [at, ...found.path] }] : [];
  });
  return [...tooMany, ...ofRules];
}

/** What of them can be used; the others are out of force, each by itself. */
export function rulesWithout(written: readonly WrittenRule[], faults: readonly AlertFault[]): WrittenRule[] {
  const wrong = new Set(faults.map(({ path }) => path[0]));
  return written.slice(0, mostRules).filter((_, at) => !wrong.has(at));
}

function faultOfFields(rule: unknown): AlertFault | undefined {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule))
    return fault([], 'a rule is an object', 'Write {"name":"dead","to":"planner"}');
  for (const [name, value] of Object.entries(rule)) {
    const field = Object.hasOwn(fields, name) ? fields[name as keyof AlertRule] : undefined;
    if (!field) return fault([name], `a rule has no "${name}"`, meant(name, fieldNames, 'The fields are'));
    if (!field.is(value)) return fault([name], `${said(value)} cannot be "${name}"`, `Write ${field.what}`);
  }
  if (!Object.hasOwn(rule, 'name')) return fault([], 'the rule has no "name"', `Its name is ${fields.name.what}`);
  return undefined;
}

function faultOfRule(written: WrittenRule, before: readonly WrittenRule[]): AlertFault | undefined {
  const { name } = written;
  if (before.some((one) => one?.name === name))
    return fault(['name'], `two rules are called "${name}"`, 'Give each a name of its own');
  const { metric, over, under, mailbox, window } = complete(name, [written]);
  if (metric === undefined)
    return fault([], `the rule "${name}" has no "metric"`, meant('', alertMetricNames, 'The metrics are'));
  if (!isAlertMetric(metric))
    return fault(
      ['metric'],
      `there is no metric "${String(metric)}"`,
      meant(metric, alertMetricNames, 'The metrics are'),
    );
  if ((over === undefined) === (under === undefined))
    return fault([], `the rule "${name}" needs one of "over" and "under"`, 'Say what the number is compared with');
  const { unit, of } = alertMetrics[metric];
  const side = over === undefined ? 'under' : 'over';
  if (thresholdIn(unit, over ?? under) === undefined)
    return fault([side], `${said(over ?? under)} cannot be "${side}" of ${metric}`, `Write ${thresholds[unit]}`);
  if (mailbox !== undefined && of === 'root')
    return fault(['mailbox'], `${metric} is of the whole root, and of no mailbox`, 'Leave "mailbox" out');
  if (window !== undefined && !isCounted(metric))
    return fault(
      ['window'],
      `${metric} is a number of this moment, and has no "window"`,
      'Leave it out; what has to last says "for"',
    );
  return undefined;
}

function fault(path: readonly PropertyKey[], why: string, hint: string): AlertFault {
  return { path, why, hint };
}

function meant(name: string, known: readonly string[], otherwise: string): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? `${otherwise} ${known.join(', ')}` : `Did you mean "${nearest}"?`;
}

function said(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
