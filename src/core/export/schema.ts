/** The form of an exported database. */
import { columnsOf, type Table, type TableName, tableNames, tables } from './tables.ts';

/** In the file's head, where SQLite keeps whose a file is: "drms". */
export const applicationId = 0x64726d73;
/** As it is made here; a later one is left alone. */
export const schemaVersion = 1;

const types = { word: 'TEXT', text: 'TEXT', time: 'TEXT', json: 'TEXT', number: 'NUMERIC' };

function tableSql(name: TableName): string {
  const { key }: Table = tables[name];
  const columns = columnsOf(name).map(([column, kind]) => `${column} ${types[kind]}`);
  if (key) return `CREATE TABLE ${name} (${columns.join(', ')}, PRIMARY KEY (${key.join(', ')})) WITHOUT ROWID;`;
  return `CREATE TABLE ${name} (n INTEGER PRIMARY KEY AUTOINCREMENT, ${columns.join(', ')});`;
}

/** Per group the value below which so many percent are, of what `ranked` has in order. */
const quantile = (percent: number, name: string): string =>
  `min(CASE WHEN ${name}_rank * 100 >= ${name}_count * ${percent} THEN ${name} END) AS ${name.replace('_ms', '')}_p${percent}_ms`;
const ranked = (name: string): string =>
  `CASE WHEN ${name} IS NOT NULL THEN row_number() OVER (PARTITION BY mailbox, substr(delivered_at, 1, 10), ${name} IS NULL ORDER BY ${name}) END AS ${name}_rank,
    count(${name}) OVER (PARTITION BY mailbox, substr(delivered_at, 1, 10)) AS ${name}_count`;

/** Of deliveries that end by themselves: when, and which. */
export const awaitedUntil = 'coalesce(lease_until, due_at)';
export const areAwaited = "state IN ('delayed', 'inflight')";
/** Also for a database that an earlier build has made. */
export const awaitedSql = `CREATE INDEX IF NOT EXISTS deliveries_awaited ON deliveries (mailbox, ${awaitedUntil}) WHERE ${areAwaited};`;

export const schemaSql = `
PRAGMA application_id = ${applicationId};
PRAGMA user_version = ${schemaVersion};
${tableNames.map(tableSql).join('\n')}
CREATE UNIQUE INDEX messages_id ON messages (id);
CREATE INDEX events_message ON events (message);
${awaitedSql}
CREATE VIRTUAL TABLE search USING fts5 (subject, body, content="messages", content_rowid="n");
-- How far the export has come, which the next one goes on from.
CREATE TABLE export (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE places (mailbox TEXT PRIMARY KEY, since TEXT, looked_at TEXT, marks TEXT) WITHOUT ROWID;
CREATE VIEW throughput AS
  SELECT mailbox, substr(at, 1, 13) || ':00:00Z' AS hour,
    count(*) FILTER (WHERE event IN ('delivered', 'published')) AS delivered,
    count(*) FILTER (WHERE event = 'claimed') AS claimed,
    count(*) FILTER (WHERE event = 'acked') AS acked,
    count(*) FILTER (WHERE event IN ('nacked', 'lease_expired')) AS failed,
    count(*) FILTER (WHERE event = 'dead') AS dead
  FROM events GROUP BY mailbox, hour;
CREATE VIEW latency AS
  SELECT mailbox, substr(delivered_at, 1, 10) AS day, count(*) AS deliveries,
    ${[50, 95, 99].map((percent) => quantile(percent, 'waited_ms')).join(', ')},
    ${[50, 95, 99].map((percent) => quantile(percent, 'held_ms')).join(', ')}
  FROM (SELECT mailbox, delivered_at, waited_ms, held_ms, ${ranked('waited_ms')}, ${ranked('held_ms')} FROM deliveries)
  WHERE delivered_at IS NOT NULL GROUP BY mailbox, day;
`;
