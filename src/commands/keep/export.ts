import type { Exported } from '../../contract/keep.ts';
import type { Context } from '../../cli/context.ts';
import { harmless } from '../../cli/harmless.ts';
import { given, momentOption } from '../../cli/input/parse.ts';
import { exportAsText, exportToFiles, exportToSqlite, type ExportTextOptions } from '../../core/export/export.ts';
import { type TableName, tableNames } from '../../core/export/tables.ts';
import { absolute, meantOr, usage } from '../../model/refusals.ts';

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
  const table = tableOption(options.table);
  if (sqlite !== undefined && table !== undefined)
    throw usage('A database has all tables: --table goes with --jsonl and --csv.', `dreamos export --sqlite ${sqlite}`);
  const session = await context.session();
  const how: ExportTextOptions = {
    ...given({ agent, table, since: momentOption(options.since, '--since', session.clock.now()) }),
    signal,
    onProgress: (messages) => output.progress(`${messages} looked at`),
  };
  const format = jsonl === undefined ? 'csv' : 'jsonl';
  if (place === true || (place === '-' && sqlite === undefined)) {
    if (format === 'csv' && table === undefined)
      throw usage('Standard output takes one table as CSV.', 'dreamos export --csv --table messages');
    await exportAsText(session, format, (_, part) => output.data(part), how);
    return;
  }
  const path = absolute(context.around.cwd(), place, 'SOURCE_NOT_FOUND');
  const done =
    sqlite === undefined ? await exportToFiles(session, format, path, how) : await exportToSqlite(session, path, how);
  if (done) await output.outcome(done, () => `Wrote ${harmless(done.path)}\n  ${counted(done)}`);
}

function tableOption(name: string | undefined): TableName | undefined {
  if (name === undefined || (tableNames as string[]).includes(name)) return name as TableName | undefined;
  throw usage(`There is no table "${name}".`, meantOr(name, tableNames, `One of: ${tableNames.join(', ')}.`));
}

function counted({ format, rows }: Exported): string {
  const some = tableNames.filter((name) => rows[name] > 0).map((name) => `${rows[name]} ${name}`);
  if (some.length === 0) return format === 'sqlite' ? 'Nothing is new.' : 'There is nothing to export.';
  return `${format === 'sqlite' ? 'New or changed: ' : ''}${some.join(', ')}`;
}
