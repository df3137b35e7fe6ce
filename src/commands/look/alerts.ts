import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { durationOption, given } from '../../cli/input/parse.ts';
import type { AlertNow, AlertTested } from '../../contract/numbers/alerts.ts';
import { checkAlerts, listAlerts, silenceAlerts, testAlert } from '../../core/alerts/alerts.ts';
import { valueText } from '../../core/alerts/words.ts';
import { hourMs } from '../../model/basics/limits.ts';
import { DreamosError } from '../../model/errors.ts';

export async function listCommand(context: Context): Promise<void> {
  const alerts = await listAlerts(await context.session());
  await print(context, alerts);
  if (context.output.json) return;
  for (const { alert, mailbox, trouble } of alerts)
    if (trouble !== undefined)
      await context.output.note(harmless(`${alert}${mailbox === undefined ? '' : ` of ${mailbox}`}: ${trouble}`));
}

export async function checkCommand(context: Context): Promise<void> {
  const session = await context.session();
  const { alertRunner } = await import('../../cli/handler/run-alert.ts');
  const all = await checkAlerts(session, { run: alertRunner(context, session.path), signal: context.signal });
  const firing = all.filter(({ state }) => state === 'firing');
  await print(context, firing);
  if (firing.length > 0 || context.signal.aborted) return;
  throw new DreamosError('nothing', 'NOTHING_THERE', 'No alert fires.');
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
  if (trouble !== undefined) await output.warn(trouble);
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
  const { alert = 'all alerts', mailbox, until } = silenced;
  const what = mailbox === undefined ? alert : `${alert} in ${mailbox}`;
  await context.output.outcome(silenced, () =>
    harmless(until === null ? `No longer silenced: ${what}` : `Silenced until ${until}: ${what}`),
  );
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
  return told === undefined ? '' : `${told.what} ${told.at}`;
}

function testText({ alert, mailboxes, mail, run, told, did }: AlertTested): string {
  const seen = mailboxes.map(({ mailbox = 'the root', value, holds }) => {
    return `${holds ? 'holds' : 'does not hold'} in ${mailbox}: ${told.metric} is ${value ?? 'unknown'}`;
  });
  const would = [
    ...(mail
      ? [
          `${did === undefined ? 'would send' : did.id === undefined ? 'could not send' : 'sent'} to ${mail.to}: ${mail.subject}`,
        ]
      : []),
    ...(run ? [`${did ? 'ran' : 'would run'} ${JSON.stringify(run)}`] : []),
  ];
  const tells = would.length === 0 ? ['tells nobody: its rule has neither "to" nor "run"'] : would;
  return [alert, ...seen.map((line) => `  ${line}`), ...tells.map((line) => `  ${line}`)]
    .map((line) => harmless(line))
    .join('\n');
}
