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
    events: 'SELECT at, mailbox, event, message, agent, attempt, reason FROM events ORDER BY 1, 2, 3, 4, 6',
    tags: 'SELECT * FROM tags ORDER BY 1, 2',
    tasks: 'SELECT * FROM tasks ORDER BY id',
  };
  return Object.fromEntries(Object.entries(tables).map(([name, sql]) => [name, rows(file, sql)]));
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
