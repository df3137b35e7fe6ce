/**
 * From what was known of alerts and what is seen now to what is known next, and what is to be told of it. It looks at nothing
 * else and does nothing: of several who check at once each comes to the same, or to what follows from it.
 *
 * pending: the rule holds, and not yet for its `for`. firing, resolved: as they say; what was told as firing is told as resolved.
 * What is to be told is noted here, with the change that it tells of, and is told from the note (tell.ts): whoever is killed
 * between the two has lost nothing.
 */
import { dayMs, longestMs } from '../../model/basics/limits.ts';
import { agoMs, isAhead, isOver, isoTime } from '../../model/clock.ts';
import { parseDuration } from '../../model/duration.ts';
import type { AlertRule } from '../../model/metrics/alert.ts';
import type { Alert, Book, Silence, Telling } from './book.ts';
import { holds, type Reading, type Readings } from './readings.ts';
import { isMeant } from './rules.ts';

/** What has resolved is shown for so long. */
const keptMs = dayMs;
/** Of what cannot be told the oldest are forgotten: a mailbox that is full for a week hears how it is, not how it was. */
const mostWaiting = 4;

/** @param now when the readings were begun @returns `before` itself: nothing has changed */
export function step(before: Book, rules: readonly AlertRule[], readings: Readings, now: number): Book {
  const known = new Map(before.alerts.map((alert) => [keyOf(alert.alert, alert.mailbox), alert]));
  const alerts: Alert[] = [];
  const keep = (alert: Alert | undefined): void => void (alert && alerts.push(alert));
  const silences = inForce(before.silences, now);
  const isQuietIn = ({ name, to, run }: AlertRule, mailbox: string | undefined): boolean =>
    (to === undefined && run === undefined) || silenceOf(silences, name, mailbox) !== undefined;
  for (const rule of rules) {
    if (rule.off) continue;
    for (const reading of readings.of(rule)) {
      const key = keyOf(rule.name, reading.mailbox);
      const alert = known.get(key);
      known.delete(key);
      if (alert && isNewer(alert, now)) {
        keep(alert);
        continue;
      }
      const isQuiet = isQuietIn(rule, reading.mailbox);
      keep(holds(rule, reading) ? holding(alert, rule, reading, now, isQuiet) : resting(alert, reading, now, isQuiet));
    }
  }
  // What no rule has seen: a mailbox that cannot be looked into, one that is gone, a rule that is.
  for (const alert of known.values()) {
    const rule = rules.find(({ name, off }) => name === alert.alert && !off);
    if (!rule || !isMeant(rule.mailbox, alert.mailbox)) continue;
    const isUnknown = alert.mailbox !== undefined && readings.isUnknown(rule, alert.mailbox);
    keep(
      isUnknown || isNewer(alert, now) ? alert : resting(alert, { value: null }, now, isQuietIn(rule, alert.mailbox)),
    );
  }
  const isSame = alerts.length === before.alerts.length && alerts.every((alert) => before.alerts.includes(alert));
  return isSame && silences.length === before.silences.length ? before : { ...before, alerts, silences };
}

/** Another checker has looked later than this one, which was slower to note what it saw. */
function isNewer({ since, firedAt = since, resolvedAt = firedAt, toldAt = since }: Alert, now: number): boolean {
  const changedAt = Math.max(...[since, firedAt, resolvedAt, toldAt].map((text) => Date.parse(text)));
  return changedAt > now && !isAhead(changedAt, now);
}

export function inForce(silences: readonly Silence[], now: number): Silence[] {
  return silences.filter(({ until }) => !isOver(Date.parse(until), now, longestMs));
}

/** The one that lasts longest. */
export function silenceOf(silences: readonly Silence[], alert: string, mailbox?: string): Silence | undefined {
  return silences
    .filter((one) => (one.alert === undefined || one.alert === alert) && isMeant(one.mailbox, mailbox))
    .toSorted((a, b) => Date.parse(b.until) - Date.parse(a.until))[0];
}

function holding(
  before: Alert | undefined,
  rule: AlertRule,
  { mailbox, value }: Reading,
  now: number,
  isQuiet: boolean,
): Alert {
  const alert = before && before.state !== 'resolved' ? before : begun(before, rule, mailbox, now);
  if (alert.state === 'firing') return isQuiet ? alert : toldAgain(alert, rule, value, now);
  // Of a clock that was ahead nobody knows how long ago it was.
  const since = isAhead(Date.parse(alert.since), now) ? now : Date.parse(alert.since);
  if (now - since < parseDuration(rule.for ?? '0')) return since === now ? { ...alert, since: isoTime(now) } : alert;
  const firing: Alert = { ...alert, state: 'firing', since: isoTime(since), firedAt: isoTime(now) };
  return isQuiet ? firing : withTelling(firing, 'firing', value, now);
}

/** What is still to be told of the time before it resolved stays. */
function begun(before: Alert | undefined, { name }: AlertRule, mailbox: string | undefined, now: number): Alert {
  const { waiting = [], told, trouble } = before ?? {};
  return {
    alert: name,
    ...(mailbox !== undefined && { mailbox }),
    state: 'pending',
    since: isoTime(now),
    tellings: 0,
    waiting,
    ...(told && { told }),
    ...(trouble !== undefined && { trouble }),
  };
}

/** One that was silenced, or whose rule told nobody, when it began is told now. */
function toldAgain(alert: Alert, rule: AlertRule, value: number | null, now: number): Alert {
  if (alert.tellings === 0) return withTelling(alert, 'firing', value, now);
  if (rule.every === undefined || alert.waiting.length > 0) return alert;
  const silentMs = agoMs(Date.parse(alert.toldAt ?? alert.since), now);
  return silentMs >= parseDuration(rule.every) ? withTelling(alert, 'again', value, now) : alert;
}

function resting(before: Alert | undefined, { value }: Reading, now: number, isQuiet: boolean): Alert | undefined {
  if (before?.state === 'firing') {
    const resolved: Alert = { ...before, state: 'resolved', resolvedAt: isoTime(now) };
    return isQuiet || before.tellings === 0 ? resolved : withTelling(resolved, 'resolved', value, now);
  }
  if (before?.state !== 'resolved') return before?.waiting.length ? asResolved(before, now) : undefined;
  const isOld = isOver(Date.parse(before.resolvedAt ?? before.since) + keptMs, now, keptMs);
  return isOld && before.waiting.length === 0 ? undefined : before;
}

/** It was about to fire anew, and what is waiting is of the time before. */
function asResolved(before: Alert, now: number): Alert {
  return { ...before, state: 'resolved', resolvedAt: isoTime(now) };
}

function withTelling(alert: Alert, what: Telling['what'], value: number | null, now: number): Alert {
  const n = alert.tellings + 1;
  const at = isoTime(now);
  const telling: Telling = { what, firedAt: alert.firedAt ?? alert.since, n, at, value };
  return { ...alert, tellings: n, toldAt: at, waiting: [...alert.waiting, telling].slice(-mostWaiting) };
}

function keyOf(alert: string, mailbox: string | undefined): string {
  return `${alert}\n${mailbox ?? ''}`;
}
