/** The mail of a root as tables, for programs that know nothing of it. It holds no lock: others go on meanwhile. */
import type { Exported } from '../../contract/keep.ts';
import { absolute, meantOr, usage } from '../../model/refusals.ts';
import type { Session } from '../root/root.ts';
import type { ExportedPart } from './fill.ts';
import { type TableName, tableNames } from './tables.ts';
import { exportToSqlite } from './to-sqlite.ts';
import { exportToFiles } from './to-text.ts';
import { operation } from '../root/operation.ts';

export interface TableExportOptions extends ExportedPart {
  /** `sqlite` if not given. */
  readonly format?: Exported['format'];
  /** Only this one; of `jsonl` and `csv`. Of `csv` the path is a file then, else a folder with a file for each. */
  readonly table?: TableName;
}

const formats = ['sqlite', 'jsonl', 'csv'];

/** @param path absolute */
export const exportTo = operation('export', exportToBody);

async function exportToBody(
  session: Session,
  path: string,
  { format = 'sqlite', table, ...options }: TableExportOptions = {},
): Promise<Exported | undefined> {
  if (!formats.includes(format)) throw usage(`"${format}" is no format.`, `One of: ${formats.join(', ')}.`);
  absolute(undefined, path, 'SOURCE_NOT_FOUND');
  const only = table === undefined ? {} : { table: tableIn(table) };
  if (format !== 'sqlite') return exportToFiles(session, format, path, { ...options, ...only });
  if (table !== undefined) throw usage('A database has all tables; `table` goes with the format jsonl or csv.');
  return exportToSqlite(session, path, options);
}

/** @throws USAGE, with the nearest */
export function tableIn(name: string): TableName {
  if ((tableNames as string[]).includes(name)) return name as TableName;
  throw usage(`There is no table "${name}".`, meantOr(name, tableNames, `One of: ${tableNames.join(', ')}.`));
}
