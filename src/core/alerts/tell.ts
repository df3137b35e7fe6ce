/**
 * Tells what was noted (step.ts), by a message, a command, or both.
 *
 * A message is sent under a key made of the alert, its mailbox and when it began to fire: all who check at once, and who comes
 * after a kill, send the same one, which arrives once. It takes the place of an older one of the same alert that nobody has
 * read. What cannot be sent is tried again by each check.
 *
 * A command is run by who has put himself into the document as its runner, so of all who check at once by one. Who is killed
 * before he has noted its end leaves it to the next who checks when his time is over: then it runs once more. What it says by
 * its exit code is noted, and is no reason to run it again before the rule's `every`.
 *
 * An alert about a mailbox to which any rule sends mail sends none: a message about unread mail is unread mail.
 */
import { joined } from '../wait/joined.ts';
import type { AlertTold } from '../../contract/numbers/alerts.ts';
import { ownSender, sameAgent } from '../../model/agent.ts';
import { minuteMs } from '../../model/basics/limits.ts';
import { cut } from '../../model/basics/text.ts';
import { isoTime, isOver } from '../../model/clock.ts';
import { formatDuration } from '../../model/duration.ts';
import { DreamosError } from '../../model/errors.ts';
import type { AlertRule } from '../../model/metrics/alert.ts';
import { nameNow } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';
import { withoutSettings } from '../root/settings.ts';
import { sendChecked } from '../send/send.ts';
import { type Alert, type Book, changeBook, isOf, type Telling } from './book.ts';
import { mailOf, toldOf } from './words.ts';

/**
 * Runs the command of a rule with this on its standard input, and ends it with the signal.
 * @throws COMMAND_NOT_STARTED
 */
export type RunCommand = (command: readonly string[], told: AlertTold, signal: AbortSignal) => Promise<CommandEnd>;

export interface CommandEnd {
  /** `null`: a signal has ended it. */
  readonly exitCode: number | null;
  /** Its last words, for who looks why it failed. */
  readonly said?: string;
}

/** A command that takes longer is ended. */
const mostRunMs = minuteMs;
const mostSaid = 300;
/** Who was asked to end it, has ended it by then. */
const runnerMs = 2 * mostRunMs;

export interface TellOptions {
  /** Absent: commands are left to who can run them. */
  readonly run?: RunCommand | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @returns how many were told */
export async function tellAll(
  session: Session,
  rules: readonly AlertRule[],
  book: Book,
  options: TellOptions,
): Promise<number> {
  const withMail = book.alerts.filter(({ waiting }) => waiting.length > 0);
  if (withMail.length === 0) return 0;
  const receivers = await receiversOf(session, rules);
  let count = 0;
  for (const alert of withMail) {
    const rule = rules.find(({ name }) => name === alert.alert);
    // In their order: what cannot be told keeps what came after it.
    for (const telling of rule ? alert.waiting : []) {
      if (options.signal?.aborted || !rule) return count;
      if (!(await tellOne(session, rule, alert, telling, receivers, options))) break;
      count++;
    }
  }
  return count;
}

/** Whom rules send mail, as they are called now. */
export async function receiversOf(session: Session, rules: readonly AlertRule[]): Promise<readonly string[]> {
  const words = new Set(rules.flatMap(({ to, off }) => (to === undefined || off ? [] : [to])));
  return Promise.all([...words].map((word) => nameNow(session, word)));
}

/** @returns whether all of it is done */
async function tellOne(
  session: Session,
  rule: AlertRule,
  alert: Alert,
  telling: Telling,
  receivers: readonly string[],
  options: TellOptions,
): Promise<boolean> {
  const told = toldOf(rule, alert.mailbox, telling);
  const mail = telling.mailed || rule.to === undefined ? {} : await mailIt(session, rule, told, telling, receivers);
  const command =
    telling.ran || rule.run === undefined
      ? {}
      : await runIt(session, { ...rule, run: rule.run }, alert, telling, options);
  const done: Telling = { ...telling, ...mail.done, ...command.done };
  const isDone = (rule.to === undefined || done.mailed) && (rule.run === undefined || done.ran);
  const trouble = mail.trouble ?? command.trouble;
  const isTold = mail.trouble === undefined || done.exitCode !== undefined;
  if (trouble !== undefined) session.warn(`The alert ${nameOf(alert)}: ${trouble}`);
  await changeBook(session, (book) =>
    inBook(book, alert, telling, (found) => {
      // Nothing has come of it: another runs its command, or who can comes later. What is known of trouble stays.
      if (!isDone && !mail.done && !command.done && trouble === undefined) return found;
      const { trouble: _, ...now } = found;
      return {
        ...now,
        ...(trouble !== undefined && { trouble }),
        waiting: now.waiting.flatMap((one) => {
          if (!isSame(one, telling)) return [one];
          return isDone ? [] : [{ ...one, ...mail.done, ...command.done }];
        }),
        ...(isDone && isTold && { told: lastOf(done) }),
      };
    }),
  );
  return isDone === true;
}

export interface Done {
  readonly done?: Pick<Telling, 'id' | 'mailed' | 'ran' | 'exitCode'>;
  readonly trouble?: string;
}

/** Why none is sent, where none is. */
export function noMailAbout(mailbox: string | undefined, receivers: readonly string[]): string | undefined {
  if (mailbox === undefined || !receivers.some((one) => sameAgent(one, mailbox))) return undefined;
  return `${mailbox} gets mail of alerts itself, so no mail is sent about it`;
}

async function mailIt(
  session: Session,
  rule: AlertRule,
  told: AlertTold,
  { firedAt, n }: Telling,
  receivers: readonly string[],
): Promise<Done> {
  const { alert, mailbox } = told;
  const trouble = noMailAbout(mailbox, receivers);
  if (trouble !== undefined) return { done: { mailed: true }, trouble };
  const name = `alert:${alert}:${mailbox ?? ''}`;
  return sendTo(session, rule, told, { dedupeKey: `${name}:${firedAt}:${n}`, replaceKey: name });
}

/** Also as a test, which has no keys: each is sent. */
export async function sendTo(
  session: Session,
  rule: AlertRule,
  told: AlertTold,
  keys: { readonly dedupeKey?: string; readonly replaceKey?: string } = {},
): Promise<Done> {
  // As a schedule: whoever happens to check has nothing to do with it.
  const nobody: Session = { ...withoutSettings(session), warn: () => undefined };
  try {
    const { id } = await sendChecked(nobody, {
      // One for all who check, since a dedupe key is the sender's.
      from: ownSender,
      to: await nameNow(session, rule.to ?? ''),
      ...mailOf(rule, told),
      type: 'alert',
      priority: told.what === 'resolved' ? 'normal' : 'high',
      tags: ['alert', rule.name],
      data: told,
      ...keys,
    });
    return { done: { mailed: true, id } };
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // Nothing but this is ever sent under this key: somebody was first, and the rule was another then.
    if (error.code === 'DEDUPE_MISMATCH') return { done: { mailed: true } };
    // Who must do something is told what: it is tried again until then.
    return { trouble: error.kind === 'denied' ? [error.message, error.hint].join(' ') : error.message };
  }
}

async function runIt(
  session: Session,
  rule: AlertRule & { readonly run: readonly string[] },
  alert: Alert,
  telling: Telling,
  { run, signal }: TellOptions,
): Promise<Done> {
  if (!run || !(await takeOn(session, alert, telling))) return {};
  const { exitCode, trouble } = await runOnce(rule.run, toldOf(rule, alert.mailbox, telling), run, signal);
  // Ctrl-C has ended it, and it is as if this checker had been killed.
  if (signal?.aborted) return {};
  return { done: { ran: true, exitCode }, ...(trouble !== undefined && { trouble }) };
}

/** What is wrong with the command is trouble, and no error of who checks. */
export async function runOnce(
  command: readonly string[],
  told: AlertTold,
  run: RunCommand,
  signal?: AbortSignal,
): Promise<{ readonly exitCode: number | null; readonly trouble?: string; readonly isStarted?: false }> {
  const most = AbortSignal.timeout(mostRunMs);
  const ends = joined(signal, most);
  try {
    const { exitCode, said = '' } = await run(command, told, ends.signal);
    if (exitCode === 0) return { exitCode };
    const how = exitCode === null ? 'was ended by a signal' : `ended with exit ${exitCode}`;
    const late = most.aborted ? `, since it took longer than ${formatDuration(mostRunMs)}` : '';
    return {
      exitCode,
      trouble: `the command "${command[0]}" ${how}${late}${said === '' ? '' : `: ${cut(said, mostSaid)}`}`,
    };
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return { exitCode: null, trouble: error.message, isStarted: false };
  } finally {
    ends.end();
  }
}

/** @returns whether the command is this caller's to run */
async function takeOn(session: Session, alert: Alert, telling: Telling): Promise<boolean> {
  const now = session.clock.now();
  const runner = { token: session.ids.token(), until: isoTime(now + runnerMs) };
  let isMine = false as boolean;
  await changeBook(session, (book) => {
    isMine = false;
    return inBook(book, alert, telling, (one) => {
      const found = one.waiting.find((other) => isSame(other, telling));
      if (!found || found.ran || (found.runner && !isOver(Date.parse(found.runner.until), now, runnerMs))) return one;
      isMine = true;
      return { ...one, waiting: one.waiting.map((other) => (other === found ? { ...found, runner } : other)) };
    });
  });
  return isMine;
}

function inBook(book: Book, alert: Alert, telling: Telling, change: (now: Alert) => Alert): Book {
  let isChanged = false;
  const alerts = book.alerts.map((one) => {
    if (!isOf(one, alert) || !one.waiting.some((other) => isSame(other, telling))) return one;
    const changed = change(one);
    isChanged ||= changed !== one;
    return changed;
  });
  return isChanged ? { ...book, alerts } : book;
}

function isSame(one: Telling, other: Telling): boolean {
  return one.firedAt === other.firedAt && one.n === other.n;
}

function lastOf({ what, at, id, exitCode }: Telling): NonNullable<Alert['told']> {
  return { what, at, ...(id !== undefined && { id }), ...(exitCode !== undefined && { exitCode }) };
}

function nameOf({ alert, mailbox }: Pick<Alert, 'alert' | 'mailbox'>): string {
  return mailbox === undefined ? alert : `${alert} of ${mailbox}`;
}
