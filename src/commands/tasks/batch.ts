import type { Context } from '../../cli/context.ts';
import { durabilityOption, given } from '../../cli/input/parse.ts';
import { readJsonLines } from '../../cli/tasks/json-lines.ts';
import { sayMade } from '../../cli/tasks/made.ts';
import { type BatchTask, createTasks } from '../../core/tasks/many/batch.ts';
import { usage } from '../../model/refusals.ts';

export interface BatchOptions {
  dedupeKey?: string;
  dryRun?: boolean;
  from?: string;
  durability?: string;
  /** `false`: --no-assign. */
  assign?: boolean;
}

/** What stands in each line instead. */
const ofOneTask = [
  'title',
  'body',
  'bodyFile',
  'requires',
  'priority',
  'dependsOn',
  'deadline',
  'parent',
  'data',
  'tag',
];

export async function batchCommand(context: Context, file: string, options: BatchOptions): Promise<void> {
  const stray = ofOneTask.find((name) => (options as Record<string, unknown>)[name] !== undefined);
  if (stray !== undefined)
    throw usage(
      `--${stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} says nothing with --batch: each line has its own fields.`,
      'Write it into the lines: dreamos help tasks',
    );
  const { dedupeKey, dryRun, from, assign } = options;
  const shared = given({
    from,
    durability: durabilityOption(options.durability),
    assign: assign === false ? false : undefined,
  });
  const session = await context.session();
  const { values, nameOf } = await readJsonLines(context, file);
  const tasks = values.map((value) => (isObject(value) ? { ...shared, ...value } : value)) as BatchTask[];
  const made = await createTasks(session, tasks, { nameOf, signal: context.signal, ...given({ dedupeKey, dryRun }) });
  const next = dedupeKey === undefined ? 'Which: dreamos task list' : 'Run it again: what is there is not made twice';
  await sayMade(context.output, made, dryRun ? undefined : next);
  if (made.length === 0) await context.output.note('There was no line in it, so nothing was made.');
  if (dryRun) await context.output.note('Nothing was made: --dry-run.');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
