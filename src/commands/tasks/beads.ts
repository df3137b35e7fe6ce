import type { Context } from '../../cli/context.ts';
import { harmlessJson } from '../../cli/harmless.ts';
import { given } from '../../cli/input/parse.ts';
import { readJsonLines } from '../../cli/tasks/json-lines.ts';
import { sayMade } from '../../cli/tasks/made.ts';
import { exportBeads } from '../../core/tasks/many/export-beads.ts';
import { importBeads } from '../../core/tasks/many/import-beads.ts';

export async function importCommand(
  context: Context,
  file: string,
  { all, requiresLabels, dryRun }: { all?: boolean; requiresLabels?: boolean; dryRun?: boolean },
): Promise<void> {
  const session = await context.session();
  const { values, nameOf } = await readJsonLines(context, file);
  const options = { nameOf, signal: context.signal, ...given({ all, requiresLabels, dryRun }) };
  const made = await importBeads(session, values, options);
  const again = dryRun ? undefined : 'Run it again: what is there is not imported twice';
  await sayMade(context.output, made, again);
  const there = made.filter(({ duplicate }) => duplicate).length;
  const closed = values.length - made.length;
  await context.output.note(
    `${dryRun ? 'A dry run, nothing was changed: ' : ''}${made.length - there} imported, ${there} there before${closed > 0 ? `, ${closed} closed and left out (--all takes them)` : ''}.`,
  );
}

/** JSON Lines with and without --json: it is for programs. */
export async function exportCommand(context: Context, { all }: { all?: boolean }): Promise<void> {
  let count = 0;
  for await (const issue of exportBeads(await context.session(), given({ all }))) {
    if (context.signal.aborted) return;
    await context.output.item(issue, () => harmlessJson(issue));
    count++;
  }
  if (count === 0) await context.output.note(`There is no task${all ? '' : ' that is still to be done'}.`);
}
