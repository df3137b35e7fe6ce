import type { Exported } from '../../contract/keep.ts';
import { DreamosError } from '../../model/errors.ts';
import { type ExportFile, ExportFolder, lookAtExport } from '../../storage/file/disk/foreign/export-file.ts';
import type { Session } from '../root/root.ts';
import { ExportDatabase } from './database.ts';
import { fill, type ExportedPart, isBehind } from './fill.ts';
import { checkOurs, checkRoot } from './ours.ts';
import { noRows } from './tables.ts';
import { operation } from '../root/operation.ts';

// So often somebody else can be faster.
const mostTries = 5;

export interface Making {
  /** Called when there was no database yet, and now is. */
  readonly onMade?: () => void;
}

/** @returns `undefined`: the signal came, and the file is as it was */
export const exportToSqlite = operation('export', exportToSqliteBody, undefined, 'exportToSqlite');

async function exportToSqliteBody(
  session: Session,
  path: string,
  { onMade, ...options }: ExportedPart & Making = {},
): Promise<Exported | undefined> {
  for (let tries = 0; tries < mostTries; tries++) {
    const file = lookAtExport(path, session.path);
    checkOurs(file);
    const folder = new ExportFolder(file.folder, session.ids.token());
    try {
      const rows = await nextVersion(session, file, folder, options);
      if (rows === undefined) return undefined;
      if (rows === 'nothing new') return { format: 'sqlite', path: file.path, rows: noRows() };
      if (!(await folder.putInPlace(file))) continue;
      if (!file.stat) onMade?.();
      return { format: 'sqlite', path: file.path, rows };
    } finally {
      folder.remove();
    }
  }
  throw new DreamosError('conflict', 'STATE_CHANGED', `${path} was changed by others again and again, and is theirs.`, {
    hint: 'Export again when they are done.',
  });
}

/** @returns how many rows were written; `undefined`: the signal came */
async function nextVersion(
  session: Session,
  file: ExportFile,
  folder: ExportFolder,
  options: ExportedPart,
): Promise<Exported['rows'] | 'nothing new' | undefined> {
  const held = file.stat && folder.hold(file);
  if (held !== undefined && !(await hasToGoOn(session, held, file, options))) return 'nothing new';
  const database = await ExportDatabase.open(folder.next(held), held === undefined ? 'new' : 'write');
  try {
    if (held === undefined) database.setValue('root', session.path);
    await fill(session, database, options);
    if (options.signal?.aborted) return undefined;
    database.commit();
    return database.written;
  } finally {
    database.close();
  }
}

async function hasToGoOn(session: Session, held: string, file: ExportFile, options: ExportedPart): Promise<boolean> {
  const before = await ExportDatabase.open(held, 'read');
  try {
    checkRoot(before, file, session.path);
    return await isBehind(session, before, options);
  } finally {
    before.close();
  }
}
