import type { ListedSchedule, Schedule } from '../../contract/system.ts';
import type { Context } from '../../cli/context.ts';
import { contentOptions, dataOption, type ContentOptions } from '../../cli/input/draft.ts';
import { broken } from '../../cli/fit.ts';
import { harmless } from '../../cli/harmless.ts';
import { type BodyWords, readBody } from '../../cli/input/body.ts';
import { fencedWords, titleOf } from '../../cli/show/message-view.ts';
import type { Paint } from '../../cli/output.ts';
import { given } from '../../cli/input/parse.ts';
import { addSchedule, listSchedules, removeSchedule, showSchedule } from '../../core/schedules/schedules.ts';
import { rawData } from '../../model/basics/raw-json.ts';
import { DreamosError } from '../../model/errors.ts';
import { exactDuration } from '../../model/duration.ts';
import { timeInZone } from '../../model/basics/zoned-time.ts';

export interface AddOptions extends Omit<ContentOptions, 'delay' | 'at' | 'dedupeKey' | 'durability'> {
  from?: string;
  tz?: string;
}

export async function addCommand(
  context: Context,
  [name, cron, to]: readonly [name: string, cron: string, to: string],
  body: BodyWords,
  options: AddOptions,
): Promise<void> {
  const { from, tz, ...content } = options;
  const data = await dataOption(context, options, body);
  const fields = { ...contentOptions(content), ...given({ from, data }) };
  const session = await context.session();
  const words = await readBody(context, body, options).catch((error: unknown) => {
    const isLeftOut = body[0] === undefined && options.bodyFile === undefined;
    if (!(error instanceof DreamosError) || error.code !== 'USAGE' || !isLeftOut) throw error;
    // Who left out the name or the recipient has typed a text, which was taken for something else.
    const hint = `${error.hint} Taken so far: name "${name}", line "${cron}", to "${to}".`;
    throw new DreamosError(error.kind, error.code, error.message, { hint, cause: error });
  });
  const message = { to: to.split(','), body: words, ...fields };
  const schedule = await addSchedule(session, { name, cron, ...given({ tz }), message });
  await context.output.outcome(schedule, () => `Added ${name}; it comes next at ${nextOf(schedule)}`);
  await context.output.note(
    'It is sent while a dreamos process waits (watch, work, read --wait), or when the next one does.',
  );
}

export async function listCommand(context: Context): Promise<void> {
  const { output } = context;
  const schedules = await listSchedules(await context.session());
  if (schedules.length === 0) {
    const example = 'dreamos schedule add --help';
    return output.note(`No schedules yet. How to make one: ${example}`);
  }
  const head = ['schedule', 'cron', 'zone', 'from', 'to', 'subject', 'next', 'last'];
  await output.rows(schedules, head, (schedule) => [
    schedule.name,
    schedule.cron,
    schedule.tz,
    schedule.from,
    schedule.message.to.join(', '),
    titleOf({ subject: '', ...schedule.message }),
    nextOf(schedule),
    lastOf(schedule),
  ]);
}

export async function showCommand(context: Context, name: string): Promise<void> {
  const schedule = await showSchedule(await context.session(), name);
  const paint = await context.output.paint();
  await context.output.item(schedule, () => scheduleText(schedule, paint, context.output.width));
}

export async function removeCommand(context: Context, names: readonly string[]): Promise<void> {
  const session = await context.session();
  await context.each(names, async (name) => {
    await context.output.outcome(await removeSchedule(session, name), () => `Removed ${name}`);
  });
}

function nextOf({ nextAt, tz }: ListedSchedule): string {
  return nextAt === null ? 'never' : timeInZone(nextAt, tz);
}

function lastOf({ lastAt, tz, skipped }: Schedule): string {
  if (lastAt === null) return '';
  const last = timeInZone(lastAt, tz);
  return skipped === undefined ? last : `skipped ${last}: ${skipped.reason}`;
}

function nextTimes([first = 'never', ...more]: readonly string[]): [label: string, value: string][] {
  return [['Next', first], ...more.map((at): [string, string] => ['', at])];
}

function scheduleText(
  schedule: ListedSchedule & { readonly upcoming: readonly string[] },
  paint: Paint,
  columns: number,
): string {
  const { cron, tz, message, lastId, upcoming } = schedule;
  const { ttlMs, tags, body, data, rawData: text, orderingKey, replaceKey, notify } = message;
  const lines: [label: string, value: string | undefined][] = [
    ['Schedule', schedule.name],
    ['Cron', `${cron} (${tz})`],
    ['From', schedule.from],
    ['To', message.to.join(', ')],
    ['Subject', message.subject],
    ['Type', message.type],
    ['Priority', message.priority],
    ['Thread', message.thread],
    ['Tags', tags?.join(', ')],
    ['Ordering key', orderingKey],
    ['Replace key', replaceKey],
    ['Notice', notify ? 'its sender is told when it dies' : undefined],
    ['Time-to-live', ttlMs === undefined ? undefined : exactDuration(ttlMs)],
    ['Last', lastOf(schedule) || '(none)'],
    ['Last id', lastId],
    ...nextTimes(upcoming.map((at) => timeInZone(at, tz))),
  ];
  const width = 'Time-to-live: '.length;
  const head = lines.flatMap(([label, value]) =>
    value === undefined
      ? []
      : [broken(`${(label && `${label}:`).padEnd(width)}${harmless(value)}`, columns, ' '.repeat(width))],
  );
  return [
    ...head,
    '',
    ...fencedWords({ from: schedule.from, body, data, ...(text !== undefined && { [rawData]: text }) }, paint),
  ].join('\n');
}
