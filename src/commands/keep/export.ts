import type { Exported } from '../../contract/keep.ts';
import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { given, momentOption } from '../../cli/input/parse.ts';
import { exportTo, tableIn } from '../../core/export/export.ts';
import { tableNames } from '../../core/export/tables.ts';
import { exportToSqlite } from '../../core/export/to-sqlite.ts';
import { exportToStream } from '../../core/export/to-text.ts';
import { absolute, usage } from '../../model/refusals.ts';

export interface ExportCommandOptions {
  sqlite?: string;
  /** `true`: to standard output. */
  jsonl?: string | true;
  csv?: string | true;
  table?: string;
  since?: string;
  agent?: string;
}

export async function exportCommand(context: Context, options: ExportCommandOptions): Promise<void> {
  const { output, signal } = context;
  const { sqlite, jsonl, csv, agent } = options;
  const places = [sqlite, jsonl, csv].filter((place) => place !== undefined);
  const [place] = places;
  if (place === undefined || places.length > 1)
    throw usage(
      '"export" needs to know as what: one of --sqlite, --jsonl and --csv.',
      'dreamos export --sqlite mail.db',
    );
  if (sqlite !== undefined && options.table !== undefined)
    throw usage('A database has all tables: --table goes with --jsonl and --csv.', `dreamos export --sqlite ${sqlite}`);
  const table = options.table === undefined ? undefined : tableIn(options.table);
  const session = await context.session();
  const since = momentOption(options.since, '--since', session.clock.now());
  const onProgress = (messages: number): void => output.progress(`${messages} looked at`);
  const how = { ...given({ agent, table, since }), signal, onProgress };
  const format = sqlite !== undefined ? 'sqlite' : jsonl !== undefined ? 'jsonl' : 'csv';
  if (format === 'sqlite' || (place !== true && place !== '-')) {
    const path = absolute(context.around.cwd(), String(place), 'SOURCE_NOT_FOUND');
    let isMade = format !== 'sqlite';
    const onMade = (): void => void (isMade = true);
    const done =
      format === 'sqlite'
        ? await exportToSqlite(session, path, { ...how, onMade })
        : await exportTo(session, path, { ...how, format });
    if (done) await output.outcome(done, () => `Wrote ${harmless(done.path)}\n  ${counted(done, isMade)}`);
    return;
  }
  if (format === 'csv' && table === undefined)
    throw usage('Standard output takes one table as CSV.', 'dreamos export --csv --table messages');
  if (format === 'csv' && output.json)
    throw usage('Standard output takes CSV or JSON, not both.', `dreamos export --jsonl --table ${table}`);
  await exportToStream(session, format, (_, part) => output.data(part), how);
}

function counted({ format, rows }: Exported, isMade: boolean): string {
  const some = tableNames.filter((name) => rows[name] > 0).map((name) => `${name}: ${rows[name]}`);
  if (some.length === 0) return isMade ? 'It was made, and there is nothing to export.' : 'Nothing is new.';
  return `${format === 'sqlite' ? 'New or changed ' : ''}${some.join(', ')}`;
}
