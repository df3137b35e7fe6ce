import { type Table, tableNames, tables } from '../../src/core/export/tables.ts';

/** Of each table its columns, with what their names do not say. */
export function exportTables(): string {
  return tableNames
    .map((name) => {
      const { columns, key }: Table = tables[name];
      const lines = Object.entries(columns).map(([column, [kind, about]]) => line(column, kind, about));
      return [`${name}${key ? `  (one row for each ${key.join(' and ')})` : ''}`, ...lines].join('\n');
    })
    .join('\n\n');
}

const types = { word: 'text', text: 'text', time: 'time', json: 'JSON', number: 'number' };

function line(column: string, kind: keyof typeof types, about: string): string {
  return `  ${column.padEnd(16)}${types[kind].padEnd(8)}${about}`.trimEnd();
}
