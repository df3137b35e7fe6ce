import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { durationOption, given } from '../../cli/input/parse.ts';
import type { AlertNow, AlertTested, Silenced } from '../../contract/numbers/alerts.ts';
import { checkAndSee, listAlerts, silenceAlerts, silencesNow, testAlert } from '../../core/alerts/alerts.ts';
import type { Silence } from '../../core/alerts/book.ts';
import { valueText } from '../../core/alerts/words.ts';
import { hourMs } from '../../model/basics/limits.ts';
import { DreamosError } from '../../model/errors.ts';

export async function listCommand(context: Context): Promise<void> {
  const session = await context.session();
  const alerts = await listAlerts(session);
  await print(context, alerts);
  if (context.output.json) return;
  for (const { alert, mailbox, trouble } of alerts)
    if (trouble !== undefined)
      await context.output.note(harmless(`${alert}${mailbox === undefined ? '' : ` of ${mailbox}`}: ${trouble}`));
  for (const silence of await silencesNow(session)) await context.output.note(silenceText(silence));
}

export async function checkCommand(context: Context): Promise<void> {
  const session = await context.session();
  const { alertRunner } = await import('../../cli/handler/run-alert.ts');
  const run = alertRunner(context, session.path);
  const { alerts, changed } = await checkAndSee(session, { run, signal: context.signal });
  const firing = alerts.filter(({ state }) => state === 'firing');
  await print(context, context.output.quiet ? changed : firing);
  if (firing.length > 0 || context.signal.aborted) return;
  const silenced = alerts.filter(({ state }) => state === 'silenced').length;
  const but = silenced === 0 ? '' : `, but ${silenced} ${silenced === 1 ? 'is' : 'are'} silenced`;
  throw new DreamosError('nothing', 'NOTHING_THERE', `No alert fires${but}.`);
}

export interface TestOptions {
  mailbox?: string;
  act?: boolean;
}

export async function testCommand(context: Context, name: string, { mailbox, act }: TestOptions): Promise<void> {
  const { output, signal } = context;
  const session = await context.session();
  const { alertRunner } = await import('../../cli/handler/run-alert.ts');
  const run = alertRunner(context, session.path);
  const tested = await testAlert(session, name, { ...given({ mailbox, act }), run, signal });
  if (act) await output.outcome(tested, () => testText(tested));
  else await output.item(tested, () => testText(tested));
  const { trouble } = tested.did ?? {};
  if (tested.trouble !== undefined && tested.trouble !== trouble && !(act && trouble))
    await output.warn(tested.trouble);
  if (trouble === undefined || signal.aborted) return;
  throw new DreamosError('invalid', 'PROBLEMS_FOUND', `The test of ${name} has failed: ${trouble}.`, {
    hint: `What it would do: dreamos alerts test ${name}`,
  });
}

export interface SilenceOptions {
  for?: string;
  mailbox?: string;
}

export async function silenceCommand(
  context: Context,
  name: string | undefined,
  options: SilenceOptions,
): Promise<void> {
  const forMs = durationOption(options.for, '--for') ?? 2 * hourMs;
  const silenced = await silenceAlerts(await context.session(), name, {
    forMs,
    ...given({ mailbox: options.mailbox }),
  });
  await context.output.outcome(silenced, () => silenceText(silenced));
}

function silenceText({ alert = 'all alerts', mailbox, until }: Silence | Silenced): string {
  const what = mailbox === undefined ? alert : `${alert} in ${mailbox}`;
  return harmless(until === null ? `No longer silenced: ${what}` : `Silenced until ${until}: ${what}`);
}

async function print({ output }: Context, alerts: readonly AlertNow[]): Promise<void> {
  await output.rows(alerts, ['alert', 'mailbox', 'state', 'value', 'limit', 'since', 'told'], (one) => [
    one.alert,
    one.mailbox ?? '',
    one.state,
    one.since === undefined ? '' : valueText(one.metric, one.value),
    limitText(one),
    one.resolvedAt ?? one.firedAt ?? one.since ?? '',
    toldText(one),
  ]);
}

function limitText({ metric, over, under }: AlertNow): string {
  return `${metric} ${over === undefined ? 'under' : 'over'} ${valueText(metric, over ?? under ?? null)}`;
}

function toldText({ told, silencedUntil }: AlertNow): string {
  if (silencedUntil !== undefined) return `silenced until ${silencedUntil}`;
  if (told === undefined) return '';
  const isFailed = told.id === undefined && told.exitCode !== undefined && told.exitCode !== 0;
  return isFailed ? `${told.what} failed` : `${told.what} ${told.at}`;
}

function testText({ alert, mailboxes, mail, run, told, did, trouble }: AlertTested): string {
  const seen = mailboxes.map(({ mailbox = 'the root', value, holds }) => {
    return `${holds ? 'holds' : 'does not hold'} in ${mailbox}: ${told.metric} is ${value ?? 'unknown'}`;
  });
  const would = [
    ...(mail
      ? [
          `${did === undefined ? 'would send' : did.id === undefined ? 'could not send' : 'sent'} to ${mail.to}: ${mail.subject}`,
        ]
      : []),
    ...(run
      ? [
          `${did === undefined ? 'would run' : did.exitCode === undefined ? 'could not run' : 'ran'} ${JSON.stringify(run)}`,
        ]
      : []),
  ];
  const tells =
    would.length === 0 && trouble === undefined ? ['tells nobody: its rule has neither "to" nor "run"'] : would;
  return [alert, ...seen.map((line) => `  ${line}`), ...tells.map((line) => `  ${line}`)]
    .map((line) => harmless(line))
    .join('\n');
}
