import sqlite from 'node-sqlite3-wasm';

/** What a query answers about an exported database. */
export function rows(file: string, sql: string): Record<string, unknown>[] {
  const database = new sqlite.Database(file, { readOnly: true });
  try {
    return database.all(sql);
  } finally {
    database.close();
  }
}

/** All that it says of mail, in an order of its own. */
export function contents(file: string): unknown {
  const tables = {
    messages: 'SELECT id, sender, subject, body, type, priority, created_at FROM messages ORDER BY id',
    deliveries: 'SELECT * FROM deliveries ORDER BY message, mailbox',
    events: 'SELECT at, mailbox, event, message, agent, attempt, reason FROM events ORDER BY 1, 2, 3, 4, 5, 6, 7',
    tags: 'SELECT * FROM tags ORDER BY 1, 2',
    tasks: 'SELECT * FROM tasks ORDER BY id',
  };
  return Object.fromEntries(Object.entries(tables).map(([name, sql]) => [name, rows(file, sql)]));
}

/** The rows that only one of the two has, some of each table: of thousands that are alike the difference is not seen. */
export function differences(one: string, other: string): Record<string, unknown>[] {
  const [ones, others] = [contents(one), contents(other)] as Record<string, Record<string, unknown>[]>[];
  const onlyIn = (here: typeof ones, there: typeof ones, file: string) =>
    Object.entries(here ?? {}).flatMap(([table, all]) => {
      const left = new Map<string, number>();
      for (const row of there?.[table] ?? []) left.set(JSON.stringify(row), (left.get(JSON.stringify(row)) ?? 0) + 1);
      const alone = all.filter((row) => {
        const same = left.get(JSON.stringify(row)) ?? 0;
        left.set(JSON.stringify(row), same - 1);
        return same <= 0;
      });
      return alone.slice(0, 5).map((row) => ({ table, file, ...row }));
    });
  return [...onlyIn(ones, others, one), ...onlyIn(others, ones, other)];
}

/** What SQLite itself finds wrong with it, also with the full text. */
export function faults(file: string): string[] {
  const database = new sqlite.Database(file);
  try {
    database.exec("INSERT INTO search (search, rank) VALUES ('integrity-check', 1)");
    return (database.all('PRAGMA integrity_check') as { integrity_check: string }[])
      .map((row) => row.integrity_check)
      .filter((said) => said !== 'ok');
  } finally {
    database.close();
  }
}
