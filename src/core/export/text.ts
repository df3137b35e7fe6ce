import { csvLine } from '../../model/metrics/csv.ts';
import type { ExportDatabase } from './database.ts';
import { selectSql, valuesOf } from './database.ts';
import { columnsOf, type TableName, type Value } from './tables.ts';

export type TextFormat = 'csv' | 'jsonl';

const partCharacters = 64 * 1024;

/** A table, in parts of some 64 KiB. JSON Lines say of each row in which table it is, and leave out what is NULL. */
export function* partsOf(
  database: ExportDatabase,
  table: TableName,
  format: TextFormat,
): Generator<string, void, void> {
  const names = columnsOf(table).map(([name]) => name);
  let part = format === 'csv' ? csvLine(names) : '';
  for (const row of database.each(selectSql(table))) {
    const values = valuesOf(row);
    part += format === 'csv' ? csvLine(names.map((name) => values[name] ?? null)) : jsonLine(table, values);
    if (part.length < partCharacters) continue;
    yield part;
    part = '';
  }
  if (part !== '') yield part;
}

function jsonLine(table: TableName, values: Readonly<Record<string, Value>>): string {
  const fields = columnsOf(table).flatMap(([name, kind]) => {
    const value = values[name] ?? null;
    if (value === null) return [];
    // JSON is kept as text, to the digit.
    return `${JSON.stringify(name)}:${kind === 'json' ? String(value) : JSON.stringify(value)}`;
  });
  return `{${[`"table":"${table}"`, ...fields].join(',')}}\n`;
}
