/** An exported database while it is written or read: the only user of node-sqlite3-wasm. */
import type { Database as Sqlite, Statement } from 'node-sqlite3-wasm';
import { DreamosError } from '../../model/errors.ts';
import { areAwaited, awaitedSql, awaitedUntil, schemaSql } from './schema.ts';
import { columnsOf, noRows, type Row, type Table, type TableName, tableNames, tables, type Value } from './tables.ts';

/** How far one mailbox was exported: from when on it was asked for, when it was looked at, and its logs by their days. */
export interface Place {
  readonly since: string;
  readonly lookedAt: string;
  readonly marks: string;
}

type Cells = Value | Uint8Array;

function byTable<T>(make: (name: TableName) => T): Record<TableName, T> {
  return Object.fromEntries(tableNames.map((name) => [name, make(name)])) as Record<TableName, T>;
}

const columnNames = byTable((name) => columnsOf(name).map(([column]) => column));

/** Only for a file that nobody else has under this name: its locks are its own, and no journal brings it back. */
export class ExportDatabase {
  readonly #sqlite: Sqlite;
  readonly #path: string;
  readonly #statements = new Map<string, Statement>();
  /** By the columns that they put. */
  readonly #puts = byTable(() => new Map<number, Statement>());
  /** The last message that the full-text search has. */
  #indexed = 0;
  /** How many rows were written. */
  readonly written = noRows();

  private constructor(sqlite: Sqlite, path: string) {
    this.#sqlite = sqlite;
    this.#path = path;
  }

  /** @param how `new`: an empty file @throws DISK_FAILED; CORRUPT: it cannot be read as a database */
  static async open(path: string, how: 'new' | 'read' | 'write'): Promise<ExportDatabase> {
    const { default: sqlite } = await import('node-sqlite3-wasm');
    const database = guarded(path, () => new sqlite.Database(path, { fileMustExist: true, readOnly: how === 'read' }));
    const opened = new ExportDatabase(database, path);
    if (how === 'read') return opened;
    // Who is killed leaves a file that nobody looks at; one that is whole is synced by who puts it into its place.
    opened.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; BEGIN;');
    opened.exec(how === 'new' ? schemaSql : awaitedSql);
    opened.#indexed = opened.all<{ n: number }>('SELECT coalesce(max(n), 0) AS n FROM messages')[0]?.n ?? 0;
    return opened;
  }

  exec(sql: string): void {
    guarded(this.#path, () => this.#sqlite.exec(sql));
  }

  run(sql: string, ...values: Cells[]): { readonly lastInsertRowid: number | bigint } {
    return guarded(this.#path, () => this.#prepared(sql).run(values));
  }

  all<T>(sql: string, ...values: Cells[]): T[] {
    return guarded(this.#path, () => this.#prepared(sql).all(values)) as T[];
  }

  *each(sql: string): Generator<Record<string, Cells>, void, void> {
    const rows = this.#prepared(sql).iterate();
    for (;;) {
      const { done, value } = guarded(this.#path, () => rows.next());
      if (done) return;
      yield value as Record<string, Cells>;
    }
  }

  /** In place of the one with its key, where the table has one. */
  put<Name extends TableName>(name: Name, row: Row<Name>): number {
    const cells: Cells[] = [];
    // A bit for each column that is given.
    let given = 0;
    for (const [i, column] of columnNames[name].entries()) {
      const value = (row as Record<string, Value | undefined>)[column];
      if (value === null || value === undefined) continue;
      given |= 1 << i;
      cells.push(typeof value === 'string' ? asText(value) : value);
    }
    const { lastInsertRowid } = guarded(this.#path, () => this.#putting(name, given).run(cells));
    this.written[name]++;
    return Number(lastInsertRowid);
  }

  /** As far as they are there. */
  deliveries(mailbox: string, ids: readonly string[]): Row<'deliveries'>[] {
    if (ids.length === 0) return [];
    const sql = `${selectSql('deliveries')} WHERE mailbox = ? AND message IN (SELECT value FROM json_each(?))`;
    const rows = this.all<Record<string, Cells>>(sql, mailbox, asText(JSON.stringify(ids)));
    return rows.map((row) => valuesOf(row) as Row<'deliveries'>);
  }

  /** The messages of a mailbox whose delay or lease was to be over before a time, and which were there when they were last looked for. */
  overdue(mailbox: string, time: string): string[] {
    const sql = `SELECT message FROM deliveries WHERE mailbox = ? AND ${areAwaited} AND ${awaitedUntil} < ?`;
    return this.all<{ message: string }>(sql, mailbox, time).map(({ message }) => message);
  }

  /** By the ids of those that are there: their numbers, and whether all is known of them. */
  messages(ids: readonly string[]): Map<string, { readonly n: number; readonly isWhole: boolean }> {
    if (ids.length === 0) return new Map();
    const sql = 'SELECT n, id, body IS NOT NULL AS whole FROM messages WHERE id IN (SELECT value FROM json_each(?))';
    const rows = this.all<{ n: number; id: string; whole: number }>(sql, asText(JSON.stringify(ids)));
    return new Map(rows.map(({ n, id, whole }) => [id, { n, isWhole: whole === 1 }]));
  }

  /** Those that were done or cancelled when they were last looked at. */
  endedTasks(ids: readonly string[]): Set<string> {
    if (ids.length === 0) return new Set();
    const sql = "SELECT id FROM tasks WHERE state IN ('done', 'cancelled') AND id IN (SELECT value FROM json_each(?))";
    return new Set(this.all<{ id: string }>(sql, asText(JSON.stringify(ids))).map(({ id }) => id));
  }

  /** @param stub the number of the row whose place it takes @returns its own */
  putMessage(row: Row<'messages'>, tags: readonly string[], stub?: number): number {
    if (stub !== undefined) {
      if (stub <= this.#indexed) this.run(`${indexSql("'delete', ", 'search, ')} WHERE n = ?`, stub);
      this.run('DELETE FROM messages WHERE n = ?', stub);
    }
    const n = this.put('messages', row);
    for (const tag of tags) this.put('tags', { message: row.id ?? null, tag });
    return n;
  }

  count(name: TableName): number {
    return this.all<{ n: number }>(`SELECT count(*) AS n FROM ${name}`)[0]?.n ?? 0;
  }

  /** How many events have been put so far, ever. */
  eventsSoFar(): number {
    return this.all<{ n: number }>('SELECT coalesce(max(n), 0) AS n FROM events')[0]?.n ?? 0;
  }

  /** Among the first of them. */
  hasEvent(row: Row<'events'>, among: number): boolean {
    const cells = columnsOf('events').map(([name]) => row[name as keyof Row<'events'>] ?? null);
    return (
      this.all(hasEventSql, ...cells.map((cell) => (typeof cell === 'string' ? asText(cell) : cell)), among).length > 0
    );
  }

  /** What was put is there from now on, and is found. */
  commit(): void {
    this.run(`${indexSql()} WHERE n > ?`, this.#indexed);
    this.exec('COMMIT');
  }

  close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
    guarded(this.#path, () => this.#sqlite.close());
  }

  valueOf(name: string): string | undefined {
    return this.all<{ value: string }>('SELECT value FROM export WHERE name = ?', name)[0]?.value;
  }

  setValue(name: string, value: string): void {
    this.run('INSERT OR REPLACE INTO export VALUES (?, ?)', name, value);
  }

  placeOf(mailbox: string): Place | undefined {
    const sql = 'SELECT since, looked_at AS lookedAt, marks FROM places WHERE mailbox = ?';
    return this.all<Place>(sql, mailbox)[0];
  }

  setPlace(mailbox: string, { since, lookedAt, marks }: Place): void {
    this.run('INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?)', mailbox, since, lookedAt, marks);
  }

  /** What is NULL is not bound: most rows of a table have the same few columns. */
  #putting(name: TableName, given: number): Statement {
    let statement = this.#puts[name].get(given);
    if (!statement) {
      const columns = columnNames[name].filter((_, i) => given & (1 << i));
      this.#puts[name].set(given, (statement = this.#prepared(putSql(name, columns))));
    }
    return statement;
  }

  #prepared(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#sqlite.prepare(sql)));
    return statement;
  }
}

/** @param before what a command to the full-text search has in front of the columns */
function indexSql(before = '', column = ''): string {
  return `INSERT INTO search (${column}rowid, subject, body) SELECT ${before}n, subject, body FROM messages`;
}

const hasEventSql = `SELECT 1 FROM events WHERE ${columnsOf('events')
  .map(([column, kind]) => `${column} IS ${kind === 'number' ? '?' : 'CAST(? AS TEXT)'}`)
  .join(' AND ')} AND n <= ? LIMIT 1`;

/** Of a text that is read as one only what is in front of its first NUL comes. */
export function selectSql(name: TableName): string {
  const columns = columnsOf(name).map(([column, kind]) =>
    kind === 'text' || kind === 'json' ? `CAST(${column} AS BLOB) AS ${column}` : column,
  );
  return `SELECT ${columns.join(', ')} FROM ${name}`;
}

export function valuesOf(row: Readonly<Record<string, Cells>>): Record<string, Value> {
  const values = Object.entries(row).map(([name, cell]) => [
    name,
    cell instanceof Uint8Array ? Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength).toString() : cell,
  ]);
  return Object.fromEntries(values) as Record<string, Value>;
}

function putSql(name: TableName, columns: readonly string[]): string {
  const { key, columns: kinds }: Table = tables[name];
  // What comes as bytes is text all the same.
  const values = columns.map((column) => (kinds[column]?.[0] === 'number' ? '?' : 'CAST(? AS TEXT)'));
  return `INSERT ${key ? 'OR REPLACE ' : ''}INTO ${name} (${columns.join(', ')}) VALUES (${values.join(', ')})`;
}

// Longer than an id or a time.
const longText = 64;
const odd = /[\0\ud800-\udfff]/;

/**
 * A text that is handed over as a string ends at its first NUL, and half a character spoils the one behind it; and of a long one
 * each character is looked at in JavaScript. Bytes have none of this.
 */
function asText(text: string): string | Uint8Array {
  return text.length > longText || odd.test(text) ? Buffer.from(text) : text;
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw sqliteError(error as Error, path);
  }
}

function sqliteError(error: Error, path: string): Error {
  if (error.name !== 'SQLite3Error') return error;
  if (/malformed|not a database/.test(error.message))
    return new DreamosError('invalid', 'CORRUPT', `${path} cannot be read as a database: ${error.message}.`, {
      hint: 'Export into a new file.',
      cause: error,
    });
  if (!/disk|full|open|readonly|locked/.test(error.message)) return error;
  // Which errno it was, the program behind it does not tell.
  return new DreamosError('disk', 'DISK_FAILED', `Could not write ${path}: ${error.message}.`, {
    hint: 'Look for room and rights: `df -h`, `ls -l`.',
    cause: error,
  });
}
