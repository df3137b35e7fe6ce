import type { AlertTold } from '../../contract/numbers/alerts.ts';
import { exactDuration } from '../../model/duration.ts';
import { alertMetrics, type AlertMetricName, isCounted } from '../../model/metrics/alert-metrics.ts';
import { type AlertRule, limitOf, usualWindow } from '../../model/metrics/alert.ts';
import type { Telling } from './book.ts';

/** In the unit of the metric. */
export function sideOf(rule: AlertRule): { readonly over: number } | { readonly under: number } {
  const { isOver, limit } = limitOf(rule);
  return isOver ? { over: limit } : { under: limit };
}

export function toldOf(rule: AlertRule, mailbox: string | undefined, telling: Telling): AlertTold {
  const { what, value, firedAt, at } = telling;
  const where = mailbox === undefined ? {} : { mailbox };
  return { alert: rule.name, metric: rule.metric, ...where, what, value, ...sideOf(rule), firedAt, at };
}

const heads = { firing: 'Firing', again: 'Still firing', resolved: 'Resolved' };

/** From the note alone, so that all who send it send the same. */
export function mailOf(rule: AlertRule, told: AlertTold): { readonly subject: string; readonly body: string } {
  const { alert, mailbox, what, value, firedAt, at, test } = told;
  const where = mailbox === undefined ? '' : ` in ${mailbox}`;
  const head = `${test ? 'Test: ' : ''}${heads[what]}: ${alert}${where}`;
  const { isOver, limit } = limitOf(rule);
  const over = isCounted(rule.metric) ? ` over the last ${rule.window ?? usualWindow}` : '';
  return {
    subject: head,
    body: [
      `${rule.metric}${over}${where} is ${valueText(rule.metric, value)}; the alert holds ${isOver ? 'over' : 'under'} ${valueText(rule.metric, limit)}.`,
      alertMetrics[rule.metric].help,
      '',
      `Firing since ${firedAt}${what === 'resolved' ? `, resolved at ${at}` : ''}.`,
      'To see all: dreamos alerts list',
      ...(what === 'resolved'
        ? []
        : [`To be told no more of it for a while: dreamos alerts silence ${alert} --for 2h`]),
      '',
    ].join('\n'),
  };
}

export function valueText(metric: AlertMetricName, value: number | null): string {
  if (value === null) return 'unknown';
  const { unit } = alertMetrics[metric];
  if (unit === 'duration') return exactDuration(value);
  return unit === 'share' ? `${Math.round(value * 1000) / 10}%` : String(Math.round(value * 1000) / 1000);
}
