import type { Exported } from '../../contract/keep.ts';
import { DreamosError } from '../../model/errors.ts';
import { ExportFolder, lookAtExport, makeExportFolder } from '../../storage/file/disk/foreign/export-file.ts';
import type { Session } from '../root/root.ts';
import { ExportDatabase } from './database.ts';
import { fill, type ExportedPart } from './fill.ts';
import { noRows, type TableName, tableNames } from './tables.ts';
import { partsOf, type TextFormat } from './text.ts';
import { operation } from '../root/operation.ts';

export interface TextOptions extends ExportedPart {
  /** All, if not given. */
  readonly table?: TableName;
}

type Write = (table: TableName, part: string) => Promise<void>;

/** Hands over a text part by part. @returns how many rows it has; `undefined`: the signal came */
export const exportToStream = operation('export', exportToStreamBody, undefined, 'exportToStream');

async function exportToStreamBody(
  session: Session,
  format: TextFormat,
  write: Write,
  options: TextOptions = {},
): Promise<Exported['rows'] | undefined> {
  const folder = await ExportFolder.temporary(session.ids.token());
  try {
    return await writeText(session, format, folder, write, options);
  } finally {
    folder.remove();
  }
}

/** @param path a file; of CSV without a `table` a folder for a file of each, which is made */
export async function exportToFiles(
  session: Session,
  format: TextFormat,
  path: string,
  options: TextOptions = {},
): Promise<Exported | undefined> {
  const isFolder = format === 'csv' && options.table === undefined;
  const place = isFolder ? makeExportFolder(path, session.path) : path;
  const names = isFolder ? tableNames.map((name) => `${name}.csv`) : [''];
  const files = names.map((name) => lookAtExport(isFolder ? `${place}/${name}` : place, session.path));
  const [first] = files;
  for (const file of files) if (file.stat) throw taken(file.path, format, options.table);
  if (!first) return undefined;
  const folder = new ExportFolder(first.folder, session.ids.token());
  const texts = folder.texts();
  try {
    const write: Write = async (table, part) => texts.write(isFolder ? `${table}.csv` : '', part);
    const rows = await writeText(session, format, folder, write, options);
    if (rows === undefined) return undefined;
    for (const [i, file] of files.entries())
      if (!(await texts.place(names[i] ?? '', file))) throw taken(file.path, format, options.table);
    return { format, path: isFolder ? place : first.path, rows };
  } finally {
    texts.close();
    folder.remove();
  }
}

/** By way of a database: what became of a message is known when all of its events are, and it may be in many mailboxes. */
async function writeText(
  session: Session,
  format: TextFormat,
  folder: ExportFolder,
  write: Write,
  options: TextOptions,
): Promise<Exported['rows'] | undefined> {
  const { table, signal } = options;
  const database = await ExportDatabase.open(folder.next(undefined), 'new');
  const rows = noRows();
  try {
    await fill(session, database, options);
    for (const name of table === undefined ? tableNames : [table]) {
      for (const part of partsOf(database, name, format)) {
        if (signal?.aborted) return undefined;
        await write(name, part);
      }
      rows[name] = database.count(name);
    }
    return signal?.aborted ? undefined : rows;
  } finally {
    database.close();
  }
}

function taken(path: string, format: TextFormat, table: TableName | undefined): DreamosError {
  const isFolder = format === 'csv' && table === undefined;
  // Standard output takes one table of CSV.
  const only = isFolder ? 'messages' : table;
  const typed = only === undefined ? `dreamos export --${format}` : `dreamos export --${format} --table ${only}`;
  return new DreamosError(
    'conflict',
    'ALREADY_EXISTS',
    `${path} is there already, and only a database is gone on with.`,
    {
      hint: `Name another ${isFolder ? 'folder' : 'file'}, or write to standard output: ${typed}`,
    },
  );
}
