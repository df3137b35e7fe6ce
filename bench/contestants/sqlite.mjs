// A table with states, in WAL mode with synchronous=FULL: every commit is synced. better-sqlite3, because its calls are
// synchronous and the fastest that Node has; where it could not be built, Node's own SQLite (22.5 and later).
import { join } from 'node:path';
import { Absent, fromBench } from './absent.mjs';

export async function open(folder) {
  const Database = await driver();
  const databases = [];
  return {
    name: 'SQLite WAL FULL',
    durable: true,
    batching: 'a transaction',
    async box(name) {
      const database = new Database(join(folder, `${name}.sqlite`));
      databases.push(database);
      return makeBox(database);
    },
    close() {
      for (const database of databases) database.close();
    },
  };
}

async function driver() {
  try {
    const { default: Database } = await fromBench('better-sqlite3');
    // It loads its native half with the first database, and that may have been built for another Node.
    new Database(':memory:').close();
    return Database;
  } catch (error) {
    if (!(error instanceof Absent) && error.code !== 'ERR_DLOPEN_FAILED') throw error;
    const { DatabaseSync } = await import('node:sqlite').catch(() => ({}));
    if (DatabaseSync) return DatabaseSync;
    throw new Absent(`SQLite: ${error.message}; or use Node 22.5 or later, which brings its own`);
  }
}

function makeBox(database) {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  database.exec(`
    CREATE TABLE messages (id INTEGER PRIMARY KEY, state INTEGER NOT NULL, attempt INTEGER NOT NULL,
      lease_until INTEGER, body TEXT NOT NULL);
    CREATE INDEX ready ON messages (id) WHERE state = 0;`);
  const insert = database.prepare('INSERT INTO messages (state, attempt, body) VALUES (0, 0, ?)');
  const claim = database.prepare(`
    UPDATE messages SET state = 1, attempt = attempt + 1, lease_until = ?
    WHERE id = (SELECT id FROM messages WHERE state = 0 ORDER BY id LIMIT 1) RETURNING id, body`);
  const ack = database.prepare('UPDATE messages SET state = 2 WHERE id = ? AND state = 1');
  const inTransaction = (work) => {
    database.exec('BEGIN IMMEDIATE');
    work();
    database.exec('COMMIT');
  };
  const claimNext = () => claim.get(Date.now() + 900_000);

  return {
    send(texts) {
      for (const text of texts) insert.run(text);
    },
    sendBatches(batches) {
      for (const texts of batches) {
        inTransaction(() => {
          for (const text of texts) insert.run(text);
        });
      }
    },
    consume() {
      const texts = [];
      for (let job = claimNext(); job; job = claimNext()) {
        ack.run(job.id);
        texts.push(job.body);
      }
      return { texts };
    },
    consumeBatches(count, size) {
      const texts = [];
      while (texts.length < count) {
        const jobs = [];
        inTransaction(() => {
          for (let i = 0; i < size; i++) jobs.push(claimNext());
        });
        inTransaction(() => {
          for (const { id } of jobs) ack.run(id);
        });
        texts.push(...jobs.map(({ body }) => body));
      }
      return { texts };
    },
  };
}
