import type { AlertNow } from '../../contract/numbers/alerts.ts';
import type { AlertRule } from '../../model/metrics/alert.ts';
import type { Alert, Book } from './book.ts';
import type { Readings } from './readings.ts';
import { inForce, silenceOf } from './step.ts';
import { sideOf } from './words.ts';

/** Every rule, in each mailbox in which it is more than well; what is well everywhere once, without a mailbox. */
export function viewsOf(
  { alerts, silences }: Book,
  rules: readonly AlertRule[],
  readings: Readings,
  now: number,
): AlertNow[] {
  const quiet = inForce(silences, now);
  return rules.flatMap((rule): AlertNow[] => {
    const head = { alert: rule.name, metric: rule.metric };
    const silencedAll = silenceOf(quiet, rule.name);
    if (rule.off) return [{ ...head, state: 'off', value: null, ...sideOf(rule) }];
    const its = alerts.filter(({ alert }) => alert === rule.name);
    if (its.length === 0)
      return [
        {
          ...head,
          state: 'ok',
          value: null,
          ...sideOf(rule),
          ...(silencedAll && { silencedUntil: silencedAll.until }),
        },
      ];
    const values = new Map(readings.of(rule).map(({ mailbox, value }) => [mailbox, value]));
    return its.map((alert) => viewOf(alert, rule, values.get(alert.mailbox) ?? null, quiet));
  });
}

function viewOf(alert: Alert, rule: AlertRule, value: number | null, silences: Book['silences']): AlertNow {
  const { mailbox, since, firedAt, resolvedAt, told, trouble } = alert;
  const silence = silenceOf(silences, rule.name, mailbox);
  return {
    alert: rule.name,
    metric: rule.metric,
    ...(mailbox !== undefined && { mailbox }),
    state: silence && alert.state !== 'resolved' ? 'silenced' : alert.state,
    value,
    ...sideOf(rule),
    since,
    ...(firedAt !== undefined && { firedAt }),
    ...(resolvedAt !== undefined && { resolvedAt }),
    ...(silence && { silencedUntil: silence.until }),
    ...(told && {
      told: {
        what: told.what,
        at: told.at,
        ...(told.id !== undefined && { id: told.id }),
        ...(told.exitCode !== undefined && { exitCode: told.exitCode }),
      },
    }),
    ...(trouble !== undefined && { trouble }),
  };
}
