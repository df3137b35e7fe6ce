import type { AlertNow, AlertTested, Silenced } from '../../contract/numbers/alerts.ts';
import { isoTime } from '../../model/clock.ts';
import { checkSpan } from '../../model/duration.ts';
import type { AlertRule } from '../../model/metrics/alert.ts';
import { unknownReceivers } from '../agents/receivers.ts';
import { actingOf } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import { type Book, changeBook, isOf, readBook, type Silence } from './book.ts';
import { holds, type Readings, readingsFor } from './readings.ts';
import { findRule, isMeant, loadRules, warnOfNone } from './rules.ts';
import { inForce, step } from './step.ts';
import { type Done, noMailAbout, receiversOf, type RunCommand, runOnce, sendTo, tellAll } from './tell.ts';
import { viewsOf } from './view.ts';
import { mailOf, toldOf } from './words.ts';
import { operation } from '../root/operation.ts';

export interface CheckAlertsOptions {
  /** Runs the commands of rules; without it they are left to the next check that can. */
  readonly run?: RunCommand;
  /** Ends it between two that are told, and the command that runs. */
  readonly signal?: AbortSignal;
}

/** How it is now: it looks as a check does, notes nothing and tells nobody. */
export const listAlerts = operation('alerts.list', listAlertsBody);

async function listAlertsBody(session: Session): Promise<AlertNow[]> {
  const rules = await loadRules(session);
  const now = session.store.now();
  const readings = await readingsFor(session, rules);
  return viewsOf(step(await readBook(session), rules, readings, now), rules, readings, now);
}

/** Looks, notes what has changed, and tells what is to be told. */
export const checkAlerts = operation('alerts.check', checkAlertsBody);

async function checkAlertsBody(session: Session, options: CheckAlertsOptions = {}): Promise<AlertNow[]> {
  return (await checkAndSee(session, options)).alerts;
}

/** As checkAlerts. @returns also those among them that this check has seen begin to fire, or end */
export const checkAndSee = operation('alerts.check', checkAndSeeBody, undefined, 'checkAndSee');

async function checkAndSeeBody(
  session: Session,
  options: CheckAlertsOptions,
): Promise<{ readonly alerts: AlertNow[]; readonly changed: readonly AlertNow[] }> {
  const { rules, readings, before } = await checkAndTell(session, options);
  const alerts = viewsOf(await readBook(session), rules, readings, session.store.now());
  const changed = alerts.filter((one) => {
    const known = before.alerts.find((other) => isOf(other, one))?.state;
    return (one.state === 'firing' || one.state === 'resolved') && one.state !== known;
  });
  return { alerts, changed };
}

/** As checkAlerts. @returns also how many were told */
export async function checkAndTell(
  session: Session,
  options: CheckAlertsOptions,
): Promise<{
  readonly rules: readonly AlertRule[];
  readonly readings: Readings;
  readonly before: Book;
  readonly told: number;
}> {
  const rules = await loadRules(session);
  const now = session.store.now();
  const readings = await readingsFor(session, rules);
  let before: Book = { alerts: [], silences: [] };
  const book = await changeBook(session, (found) => step((before = found), rules, readings, now));
  return { rules, readings, before, told: await tellAll(session, rules, book, options) };
}

export interface SilenceOptions {
  /** From now on; 0: it is told again from now on. */
  readonly forMs: number;
  /** Only there: a name in which `*` stands for anything. */
  readonly mailbox?: string;
}

/** Those in force, also of what does not fire. */
export async function silencesNow(session: Session): Promise<readonly Silence[]> {
  return inForce((await readBook(session)).silences, session.store.now());
}

/** @param alert `undefined`: all of them */
export const silenceAlerts = operation('alerts.silence', silenceAlertsBody);

async function silenceAlertsBody(
  session: Session,
  alert: string | undefined,
  { forMs, mailbox }: SilenceOptions,
): Promise<Silenced> {
  checkSpan('silence', forMs, 0);
  if (alert !== undefined) findRule(await loadRules(session), alert);
  if (mailbox !== undefined && forMs > 0) await warnOfNone(session, mailbox);
  const now = session.store.now();
  const about = { ...(alert !== undefined && { alert }), ...(mailbox !== undefined && { mailbox }) };
  const until = isoTime(now + forMs);
  // What ends one of all ends those that are of less.
  const isAbout = (one: Silence): boolean =>
    (one.alert === alert || (forMs === 0 && alert === undefined)) &&
    (one.mailbox === mailbox || (forMs === 0 && mailbox === undefined));
  await changeBook(session, (book) => {
    const others = book.silences.filter((one) => !isAbout(one));
    if (forMs === 0) return others.length === book.silences.length ? book : { ...book, silences: others };
    return { ...book, silences: [...others, { ...about, until, ...actingOf(session) }] };
  });
  return { ...about, until: forMs === 0 ? null : until, ...actingOf(session) };
}

export interface TestAlertOptions extends CheckAlertsOptions {
  /** In which mailbox it would fire; else the first in which it holds, or that it is about. */
  readonly mailbox?: string;
  /** Sends the message and runs the command, both marked as a test. */
  readonly act?: boolean;
}

/** What a rule sees, and what it would do. Nothing is noted of it. */
export const testAlert = operation('alerts.test', testAlertBody);

async function testAlertBody(
  session: Session,
  name: string,
  { mailbox: named, act = false, run, signal }: TestAlertOptions = {},
): Promise<AlertTested> {
  const rules = await loadRules(session);
  const rule = findRule(rules, name);
  const seen = (await readingsFor(session, [rule])).of({ ...rule, off: false });
  const mailboxes = seen
    .filter(({ mailbox }) => isMeant(named, mailbox))
    .map((reading) => ({ ...reading, holds: holds(rule, reading) }));
  const at = isoTime(session.store.now());
  // As a check, it sends none about who gets mail of alerts; where nothing holds it shows another.
  const receivers = rule.to === undefined ? [] : await receiversOf(session, rules);
  const mailed = mailboxes.filter((one) => noMailAbout(one.mailbox, receivers) === undefined);
  const holding = mailed.find((one) => one.holds) ?? mailboxes.find((one) => one.holds);
  const { mailbox = named, value = null } = holding ?? mailed[0] ?? mailboxes[0] ?? {};
  const withheld = noMailAbout(mailbox, receivers);
  const [unknown] = await unknownReceivers(session, [{ ...rule, off: false }]);
  const why = withheld ?? (unknown && `There is no agent "${unknown.to}".`);
  const told = { ...toldOf(rule, mailbox, { what: 'firing', firedAt: at, n: 1, at, value }), test: true as const };
  const would = {
    ...(rule.to !== undefined && withheld === undefined && { mail: { to: rule.to, ...mailOf(rule, told) } }),
    ...(rule.run && { run: [...rule.run] }),
    ...(why !== undefined && { trouble: why }),
  };
  if (!act) return { alert: name, mailboxes, told, ...would };
  const mail: Done = rule.to === undefined || withheld !== undefined ? {} : await sendTo(session, rule, told);
  const command = rule.run && run && (await runOnce(rule.run, told, run, signal));
  const trouble = mail.trouble ?? command?.trouble;
  const did = {
    ...(mail.done?.id !== undefined && { id: mail.done.id }),
    ...(command && command.isStarted !== false && { exitCode: command.exitCode }),
    ...(trouble !== undefined && { trouble }),
  };
  return { alert: name, mailboxes, told, ...would, did };
}
