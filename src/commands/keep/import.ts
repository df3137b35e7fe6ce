import { absolute, usage } from '../../model/refusals.ts';
import type { Context } from '../../cli/context.ts';
import { asTyped } from '../../cli/as-typed.ts';
import { harmless } from '../../cli/harmless.ts';
import { given } from '../../cli/input/parse.ts';
import { orTell } from '../../cli/unwritten.ts';
import { importTree } from '../../core/import/import.ts';

export interface ImportOptions {
  format?: string;
  map?: string[];
  deliver?: boolean;
  dryRun?: boolean;
}

export async function importCommand(context: Context, dir: string, options: ImportOptions): Promise<void> {
  const { output } = context;
  const maps = parseMaps(options.map ?? []);
  const session = await context.session();
  const counts = { imported: 0, skipped: 0, unreadable: 0 };
  const onProgress = (done: number, total: number) => output.progress(`${done} of ${total} files`);
  let first: string | undefined;
  const notes: string[] = [];
  const onNote = (text: string) => void notes.push(text);
  const how = { maps, onNote, deliver: options.deliver ?? false, dryRun: options.dryRun ?? false, onProgress };
  for await (const result of importTree(session, absolute(context.around.cwd(), dir, 'SOURCE_NOT_FOUND'), {
    ...how,
    ...given({ format: options.format }),
  })) {
    if (context.signal.aborted) return;
    counts[result.result]++;
    if (result.result === 'imported') first ??= result.mailbox;
    const where =
      result.mailbox === undefined ? '' : ` -> ${result.mailbox}${result.id === undefined ? '' : ` ${result.id}`}`;
    const why = result.why === undefined ? '' : ` (${result.why})`;
    const written = output.item(
      result,
      () => `${result.result.padEnd(10)}  ${harmless(`${result.file}${where}${why}`)}`,
    );
    const told = () => `The import ended at ${result.file}, because its output could not be written.`;
    if (options.dryRun) await written;
    else await orTell(written, told, 'Run it again: what is imported already is skipped.');
  }
  // Proposals change what a second run should be told, so programs hear of them too.
  for (const text of notes) await output.warn(asTyped(text));
  const { imported, skipped, unreadable } = counts;
  const copies = options.dryRun ? '' : '; copies are in corrupt/';
  const kept = unreadable > 0 ? `; the unreadable ones are listed above and stay where they are${copies}` : '';
  const would = options.dryRun ? 'A dry run, nothing was changed: ' : '';
  await output.note(`${would}${imported} imported, ${skipped} skipped, ${unreadable} unreadable${kept}.`);
  if (first !== undefined && !options.dryRun)
    await output.note(`To see what came: dreamos list ${first} --state all${context.flags()}`);
}

function parseMaps(pairs: readonly string[]): Record<string, string> {
  const maps: Record<string, string> = {};
  for (const pair of pairs) {
    const cut = pair.indexOf('=');
    if (cut < 1 || cut === pair.length - 1)
      throw usage(`"${pair}" is not a mapping.`, 'Write it as --map Agent3=Agent-3');
    maps[pair.slice(0, cut)] = pair.slice(cut + 1);
  }
  return maps;
}
