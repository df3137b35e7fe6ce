/** Which files an export may change. */
import { quoteWord } from '../../model/basics/shell-word.ts';
import { exportRefused, type ExportFile, hasChangesBeside } from '../../storage/file/disk/foreign/export-file.ts';
import type { ExportDatabase } from './database.ts';
import { applicationId, schemaVersion } from './schema.ts';

// https://www.sqlite.org/fileformat2.html#the_database_header
const magic = 'SQLite format 3\0';
const writeVersionAt = 18;
const userVersionAt = 60;
const applicationIdAt = 68;
const writeAheadLog = 2;

/** @throws EXPORT_REFUSED */
export function checkOurs(file: ExportFile): void {
  const { path, stat, head } = file;
  if (!stat) return;
  if (head.length < applicationIdAt + 4 || head.toString('latin1', 0, magic.length) !== magic)
    throw exportRefused(path, 'it is no SQLite database');
  if (head.readUInt32BE(applicationIdAt) !== applicationId)
    throw exportRefused(path, 'it is a database of something else');
  if (head.readUInt32BE(userVersionAt) > schemaVersion)
    throw exportRefused(path, 'a newer dreamos has made it', 'npm install -g dreamos@latest');
  // What others have written lies beside it, and would be taken for changes of its next version.
  if (head[writeVersionAt] === writeAheadLog || hasChangesBeside(file))
    throw exportRefused(
      path,
      'a program that works on it, or was stopped, has put changes beside it',
      `End that program, then have SQLite put them in: sqlite3 ${quoteWord(path)} 'PRAGMA journal_mode = DELETE'`,
    );
}

/** @throws EXPORT_REFUSED */
export function checkRoot(database: ExportDatabase, { path }: ExportFile, root: string): void {
  const known = database.valueOf('root');
  if (known !== root) throw exportRefused(path, `it has the mail of another root, ${known}`);
}
