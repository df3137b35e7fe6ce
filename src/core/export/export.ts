/** The mail of a root as tables, for programs that know nothing of it. It holds no lock: others go on meanwhile. */
import type { Exported } from '../../contract/keep.ts';
import { isoTime } from '../../model/clock.ts';
import { DreamosError } from '../../model/errors.ts';
import { logOf } from '../../model/topic.ts';
import { usage } from '../../model/refusals.ts';
import {
  type ExportFile,
  ExportFolder,
  lookAtExport,
  makeExportFolder,
} from '../../storage/file/disk/foreign/export-file.ts';
import { listMailboxes, mailboxesOf } from '../agents/agents.ts';
import type { Session } from '../root/root.ts';
import { lookIntoEach } from '../root/trouble.ts';
import { crewOnce } from '../tasks/crew.ts';
import { createWaitingLook } from '../tasks/place/waiting.ts';
import { bringDueOrWarn, finishSendsOrWarn } from '../wait/due.ts';
import { ExportDatabase } from './database.ts';
import { addNews, hasNews, type News } from './news.ts';
import { followRenames } from './renames.ts';
import { checkOurs, checkRoot } from './ours.ts';
import { type TableName, tableNames } from './tables.ts';
import { textOf, type TextFormat } from './text.ts';

export interface ExportOptions {
  /** Only messages that were sent, and events that happened, from then on; milliseconds since 1970. */
  readonly since?: number;
  /** Only what is, or was, in this agent's mailbox. */
  readonly agent?: string;
  readonly signal?: AbortSignal;
  /** Called now and then with how many messages were looked at. */
  readonly onProgress?: (messages: number) => void;
}

export interface ExportTextOptions extends ExportOptions {
  /** Only this one; JSON Lines have all, if not given. */
  readonly table?: TableName;
}

// So often somebody else can be faster.
const mostTries = 5;

/** @returns `undefined`: the signal came, and the file is as it was */
export async function exportToSqlite(
  session: Session,
  path: string,
  options: ExportOptions = {},
): Promise<Exported | undefined> {
  for (let tries = 0; tries < mostTries; tries++) {
    const file = lookAtExport(path, session.path);
    checkOurs(file);
    const folder = new ExportFolder(file.folder, session.ids.token());
    try {
      const rows = await nextVersion(session, file, folder, options);
      if (rows === undefined) return undefined;
      if (rows === 'nothing new' || (await folder.putInPlace(file)))
        return { format: 'sqlite', path: file.path, rows: rows === 'nothing new' ? noRows() : rows };
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
  options: ExportOptions,
): Promise<Exported['rows'] | 'nothing new' | undefined> {
  const held = file.stat && folder.hold(file);
  if (held !== undefined) {
    const before = await ExportDatabase.open(held, 'read');
    try {
      checkRoot(before, file, session.path);
      if (!(await isAnythingNew(session, before, options))) return 'nothing new';
    } finally {
      before.close();
    }
  }
  const database = await ExportDatabase.open(folder.next(held), held === undefined ? 'new' : 'write');
  try {
    if (held === undefined) database.setValue('root', session.path);
    await fill(session, database, options);
    if (options.signal?.aborted) return undefined;
    database.commit({ search: true });
    return database.written;
  } finally {
    database.close();
  }
}

/** Where it goes: each part of a text is handed over as it comes. @returns how many rows there were; `undefined`: the signal came */
export async function exportAsText(
  session: Session,
  format: TextFormat,
  write: (table: TableName, part: string) => Promise<void>,
  options: ExportTextOptions & { readonly folder?: ExportFolder } = {},
): Promise<Exported['rows'] | undefined> {
  const folder = options.folder ?? (await ExportFolder.temporary(session.ids.token()));
  const rows = noRows();
  // A database all the same: a delivery is a row when all of its events are known, and a message is in many mailboxes.
  try {
    const database = await ExportDatabase.open(folder.next(undefined), 'new');
    try {
      await fill(session, database, options);
      database.commit({ search: false });
      for (const table of options.table === undefined ? tableNames : [options.table]) {
        if (options.signal?.aborted) return undefined;
        rows[table] = database.written[table];
        for (const part of textOf(database, table, format)) {
          await write(table, part);
          if (options.signal?.aborted) return undefined;
        }
      }
    } finally {
      database.close();
    }
  } finally {
    if (!options.folder) folder.remove();
  }
  return rows;
}

/** @param path a file; of CSV without a `table` a folder for a file of each, which is made */
export async function exportToFiles(
  session: Session,
  format: TextFormat,
  path: string,
  options: ExportTextOptions = {},
): Promise<Exported | undefined> {
  const { table } = options;
  const isFolder = format === 'csv' && table === undefined;
  const place = isFolder ? makeExportFolder(path, session.path) : path;
  const nameOfFile = (name: TableName): string => (isFolder ? `${place}/${name}.csv` : place);
  const files = (isFolder ? tableNames : [table ?? 'messages']).map((name) =>
    lookAtExport(nameOfFile(name), session.path),
  );
  for (const file of files) if (file.stat) throw taken(file.path);
  const first = files[0] as ExportFile;
  const folder = new ExportFolder(first.folder, session.ids.token());
  try {
    const text = folder.text();
    const rows = await exportAsText(session, format, (name, part) => text.write(isFolder ? name : '', part), {
      ...options,
      folder,
    });
    await text.end();
    if (rows === undefined) return undefined;
    for (const [i, file] of files.entries())
      if (!(await text.place(isFolder ? (tableNames[i] as string) : '', file))) throw taken(file.path);
    return { format, path: isFolder ? place : first.path, rows };
  } finally {
    folder.remove();
  }
}

function taken(path: string): DreamosError {
  return new DreamosError(
    'conflict',
    'ALREADY_EXISTS',
    `${path} is there already, and only a database is written on.`,
    {
      hint: 'Name another file or folder, or write to standard output: dreamos export --jsonl',
    },
  );
}

function noRows(): Record<TableName, number> {
  return { messages: 0, deliveries: 0, events: 0, tags: 0, tasks: 0 };
}

async function isAnythingNew(session: Session, database: ExportDatabase, options: ExportOptions): Promise<boolean> {
  const news = newsOf(session, database, options);
  for (const name of await placesOf(session, options)) if (await hasNews(news, name)) return true;
  return false;
}

async function fill(session: Session, database: ExportDatabase, options: ExportOptions): Promise<void> {
  const news = newsOf(session, database, options);
  followRenames(database, await listMailboxes(session));
  await lookIntoEach(session, await placesOf(session, options), async (name) => {
    if (options.signal?.aborted || !(await hasNews(news, name))) return;
    await addNews(news, name);
  });
}

function newsOf(session: Session, database: ExportDatabase, options: ExportOptions): News {
  const { since, signal, onProgress } = options;
  if (since !== undefined && !Number.isFinite(since)) throw usage('`since` is a number of milliseconds since 1970.');
  let looked = 0;
  return {
    session,
    database,
    looks: { crew: crewOnce(session), unfinished: createWaitingLook(session) },
    since: since === undefined ? '' : isoTime(since),
    signal,
    onLooked: (entries) => onProgress?.((looked += entries)),
  };
}

/** The mailboxes and logs that are meant, with what is due moved, so that what is seen is true. @throws AGENT_NOT_FOUND */
async function placesOf(session: Session, { agent }: ExportOptions): Promise<string[]> {
  await finishSendsOrWarn(session);
  const mailboxes = await mailboxesOf(session, agent);
  for (const name of mailboxes) await bringDueOrWarn(session, name);
  return agent === undefined ? [...mailboxes, ...(await session.store.look.listTopics()).map(logOf)] : mailboxes;
}
