import type { AlertNow, AlertTested, Silenced } from '../../contract/numbers/alerts.ts';
import { isoTime } from '../../model/clock.ts';
import { checkSpan } from '../../model/duration.ts';
import type { AlertRule } from '../../model/metrics/alert.ts';
import { actingOf } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import { changeBook, readBook, type Silence } from './book.ts';
import { holds, type Readings, readingsFor } from './readings.ts';
import { findRule, isMeant, loadRules } from './rules.ts';
import { step } from './step.ts';
import { type Done, type RunCommand, runOnce, sendTo, tellAll } from './tell.ts';
import { viewsOf } from './view.ts';
import { mailOf, toldOf } from './words.ts';

export interface CheckAlertsOptions {
  /** Runs the commands of rules; without it they are left to the next check that can. */
  readonly run?: RunCommand;
  /** Ends it between two that are told, and the command that runs. */
  readonly signal?: AbortSignal;
}

/** How it is now: it looks as a check does, notes nothing and tells nobody. */
export async function listAlerts(session: Session): Promise<AlertNow[]> {
  const rules = await loadRules(session);
  const now = session.store.now();
  const readings = await readingsFor(session, rules);
  return viewsOf(step(await readBook(session), rules, readings, now), rules, readings, now);
}

/** Looks, notes what has changed, and tells what is to be told. */
export async function checkAlerts(session: Session, options: CheckAlertsOptions = {}): Promise<AlertNow[]> {
  const { rules, readings } = await checkAndTell(session, options);
  return viewsOf(await readBook(session), rules, readings, session.store.now());
}

/** As checkAlerts. @returns also how many were told */
export async function checkAndTell(
  session: Session,
  options: CheckAlertsOptions,
): Promise<{ readonly rules: readonly AlertRule[]; readonly readings: Readings; readonly told: number }> {
  const rules = await loadRules(session);
  const now = session.store.now();
  const readings = await readingsFor(session, rules);
  const book = await changeBook(session, (before) => step(before, rules, readings, now));
  return { rules, readings, told: await tellAll(session, rules, book, options) };
}

export interface SilenceOptions {
  /** From now on; 0: it is told again from now on. */
  readonly forMs: number;
  /** Only there: a name in which `*` stands for anything. */
  readonly mailbox?: string;
}

/** @param alert `undefined`: all of them */
export async function silenceAlerts(
  session: Session,
  alert: string | undefined,
  { forMs, mailbox }: SilenceOptions,
): Promise<Silenced> {
  checkSpan('silence', forMs, 0);
  if (alert !== undefined) findRule(await loadRules(session), alert);
  const now = session.store.now();
  const about = { ...(alert !== undefined && { alert }), ...(mailbox !== undefined && { mailbox }) };
  const until = isoTime(now + forMs);
  const isAbout = (one: Silence): boolean => one.alert === alert && one.mailbox === mailbox;
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
export async function testAlert(
  session: Session,
  name: string,
  { mailbox: named, act = false, run, signal }: TestAlertOptions = {},
): Promise<AlertTested> {
  const rule = findRule(await loadRules(session), name);
  const seen = (await readingsFor(session, [rule])).of({ ...rule, off: false });
  const mailboxes = seen
    .filter(({ mailbox }) => isMeant(named, mailbox))
    .map((reading) => ({ ...reading, holds: holds(rule, reading) }));
  const at = isoTime(session.store.now());
  const { mailbox = named, value = null } = mailboxes.find((one) => one.holds) ?? mailboxes[0] ?? {};
  const told = { ...toldOf(rule, mailbox, { what: 'firing', firedAt: at, n: 1, at, value }), test: true as const };
  const would = {
    ...(rule.to !== undefined && { mail: { to: rule.to, ...mailOf(rule, told) } }),
    ...(rule.run && { run: [...rule.run] }),
  };
  if (!act) return { alert: name, mailboxes, told, ...would };
  const mail: Done = rule.to === undefined ? {} : await sendTo(session, rule, told);
  const command = rule.run && run && (await runOnce(rule.run, told, run, signal));
  const trouble = mail.trouble ?? command?.trouble;
  const did = {
    ...(mail.done?.id !== undefined && { id: mail.done.id }),
    ...(command && { exitCode: command.exitCode }),
    ...(trouble !== undefined && { trouble }),
  };
  return { alert: name, mailboxes, told, ...would, did };
}
