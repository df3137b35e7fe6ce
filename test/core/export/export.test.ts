import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { exportTo } from '../../../src/core/export/export.ts';
import { cancel } from '../../../src/core/keep/cancel.ts';
import { purgeDead } from '../../../src/core/keep/dlq.ts';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { createTask } from '../../../src/core/tasks/create.ts';
import { cancelTask } from '../../../src/core/tasks/moves.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { scratch } from '../../scratch.ts';
import { type CoreRig, createCoreRig, expectRefusal, must, refusal } from '../rig.ts';
import { contents, faults, rows } from './rig.ts';

let rig: CoreRig;
let dir: string;
let file: string;
beforeEach(async () => {
  rig = await createCoreRig();
  dir = scratch();
  file = join(dir, 'mail.db');
});

const toReviewer = async (draft = {}): Promise<string> =>
  (await send(rig.root, { to: 'reviewer', body: 'hello', ...draft })).id;
const done = async (how: 'ack' | 'nack' | 'dead' = 'ack', heldMs = 2000): Promise<string> => {
  const reviewer = rig.as('reviewer');
  const { receipt } = must(await readNext(reviewer, 'reviewer'));
  rig.clock.advance(heldMs);
  if (how === 'ack') return (await ack(reviewer, receipt)).id;
  return (await nack(reviewer, receipt, { reason: 'ETIMEDOUT', ...(how === 'dead' && { dead: true }) })).id;
};
const added = async () => (await exportTo(rig.root, file))?.rows;

test('a delivery is a row with its times, its attempts and what came of it', async () => {
  const id = await toReviewer({ subject: 'S', tags: ['b', 'a'], data: { n: 1 } });
  rig.clock.advance(5000);
  await done('nack', 1000);
  rig.clock.advance(600_000);
  await done();
  await exportTo(rig.root, file);
  expect(rows(file, 'SELECT * FROM messages')).toEqual([
    expect.objectContaining({ id, sender: 'planner', recipients: '["reviewer"]', body: 'hello', data: '{"n":1}' }),
  ]);
  expect(rows(file, 'SELECT * FROM deliveries')).toEqual([
    expect.objectContaining({
      message: id,
      mailbox: 'reviewer',
      state: 'archived',
      outcome: 'acked',
      attempts: 2,
      delivered_at: '2026-11-20T09:00:00.000Z',
      claimed_at: '2026-11-20T09:00:05.000Z',
      ended_at: '2026-11-20T09:10:08.000Z',
      waited_ms: 5000,
      held_ms: 2000,
      agent: 'reviewer',
      reason: null,
      due_at: null,
      lease_until: null,
    }),
  ]);
  expect(rows(file, 'SELECT tag FROM tags ORDER BY tag')).toEqual([{ tag: 'a' }, { tag: 'b' }]);
  expect(rows(file, "SELECT count(*) AS n FROM events WHERE event = 'nacked' AND reason = 'ETIMEDOUT'")).toEqual([
    { n: 1 },
  ]);
  expect(faults(file)).toEqual([]);
});

test.for([
  ['ready', null, async () => undefined],
  ['inflight', null, async () => void (await readNext(rig.root, 'reviewer'))],
  ['delayed', null, async () => void (await done('nack'))],
  ['archived', 'acked', async () => void (await done())],
  ['dead', 'dead', async () => void (await done('dead'))],
  ['archived', 'cancelled', async (id: string) => void (await cancel(rig.root, id))],
  [
    'purged',
    'dead',
    async () => {
      await done('dead');
      await purgeDead(rig.root, 'reviewer', 'all', { force: true });
    },
  ],
] as const)(
  'what is %s with the outcome %s is so in the first export and in a second one',
  async ([state, outcome, move]) => {
    const id = await toReviewer();
    await added();
    await move(id);
    const expected = [{ state, outcome }];
    await added();
    expect(rows(file, 'SELECT state, outcome FROM deliveries')).toEqual(expected);
    const anew = join(dir, 'anew.db');
    await exportTo(rig.root, anew);
    expect(rows(anew, 'SELECT state, outcome FROM deliveries')).toEqual(expected);
    // What was purged before it was exported has its subject and no body.
    if (state !== 'purged') expect(contents(anew)).toEqual(contents(file));
    else expect(rows(anew, 'SELECT id, sender, body FROM messages')).toEqual([{ id, sender: 'planner', body: null }]);
  },
);

test('a second export brings what is new, and of nothing new leaves the file as it was', async () => {
  await toReviewer();
  expect(await added()).toEqual({ messages: 1, deliveries: 1, events: 1, tags: 0, tasks: 0 });
  const before = readFileSync(file);
  expect(await added()).toEqual({ messages: 0, deliveries: 0, events: 0, tags: 0, tasks: 0 });
  expect(readFileSync(file).equals(before)).toBe(true);
  await toReviewer();
  await done();
  expect(await added()).toEqual({ messages: 1, deliveries: 2, events: 3, tags: 0, tasks: 0 });
  const anew = join(dir, 'anew.db');
  await exportTo(rig.root, anew);
  expect(contents(file)).toEqual(contents(anew));
});

test('events of which a place is lost come once', async () => {
  await toReviewer();
  await done();
  await added();
  await exportTo(rig.root, join(dir, 'anew.db'));
  const database = new (await import('node-sqlite3-wasm')).default.Database(file);
  database.exec("UPDATE places SET marks = '{}', since = '~'");
  database.close();
  expect(await added()).toMatchObject({ messages: 0, events: 0 });
  expect(contents(file)).toEqual(contents(join(dir, 'anew.db')));
});

test('a broadcast is one message and many deliveries, and what is published has one in its topic', async () => {
  await send(rig.root, { to: ['reviewer', 'Builder'], body: 'x' });
  await publish(rig.root, 'build.done', { body: 'y' });
  expect(await added()).toMatchObject({ messages: 2, deliveries: 3 });
  expect(rows(file, "SELECT mailbox, state, outcome FROM deliveries WHERE mailbox LIKE '#%'")).toEqual([
    { mailbox: '#build.done', state: 'archived', outcome: 'published' },
  ]);
  // Nor where its storage has put it: behind a move to another storage it would come again.
  expect(rows(file, "SELECT more FROM events WHERE event = 'published'")).toEqual([{ more: null }]);
});

test('a task is a row that follows it', async () => {
  const { id } = await createTask(rig.root, { title: 'Do it', requires: ['ts'], assign: false });
  await added();
  expect(rows(file, 'SELECT id, title, state, created_by, requires FROM tasks')).toEqual([
    { id, title: 'Do it', state: 'ready', created_by: 'planner', requires: '["ts"]' },
  ]);
  await cancelTask(rig.root, id);
  await added();
  expect(rows(file, 'SELECT state FROM tasks')).toEqual([{ state: 'cancelled' }]);
});

test('one who is renamed is renamed in it, and nothing comes twice', async () => {
  await toReviewer();
  await done();
  await added();
  rig.clock.advance(1000);
  await renameAgent(rig.root, 'reviewer', 'critic');
  await send(rig.root, { to: 'critic', body: 'more' });
  expect(await added()).toMatchObject({ messages: 1, events: 1 });
  expect(rows(file, 'SELECT DISTINCT mailbox FROM deliveries UNION SELECT mailbox FROM events')).toEqual([
    { mailbox: 'critic' },
  ]);
});

test('two who have changed names have their own mail', async () => {
  await toReviewer({ body: 'of the reviewer' });
  await send(rig.root, { to: 'Builder', body: 'of the builder' });
  await added();
  rig.clock.advance(1000);
  for (const [from, to] of [
    ['reviewer', 'x'],
    ['Builder', 'reviewer'],
    ['x', 'Builder'],
  ] as const)
    await renameAgent(rig.root, from, to);
  await toReviewer({ body: 'later' });
  await added();
  expect(rows(file, 'SELECT mailbox, body FROM deliveries JOIN messages ON id = message ORDER BY body')).toEqual([
    { mailbox: 'reviewer', body: 'later' },
    { mailbox: 'reviewer', body: 'of the builder' },
    { mailbox: 'Builder', body: 'of the reviewer' },
  ]);
});

test('--since and --agent bring their part, and a later export the rest', async () => {
  await toReviewer({ body: 'old' });
  rig.clock.advance(60_000);
  await toReviewer({ body: 'new' });
  await send(rig.root, { to: 'Builder', body: 'other' });
  const since = rig.clock.now() - 1000;
  await exportTo(rig.root, file, { since, agent: 'Reviewer' });
  const bodies = () => rows(file, 'SELECT body FROM messages ORDER BY body').map(({ body }) => body);
  expect(bodies()).toEqual(['new']);
  expect(rows(file, 'SELECT count(*) AS n FROM events')).toEqual([{ n: 1 }]);
  await exportTo(rig.root, file, { since });
  expect(bodies()).toEqual(['new', 'other']);
  await added();
  expect(bodies()).toEqual(['new', 'old', 'other']);
  const anew = join(dir, 'anew.db');
  await exportTo(rig.root, anew);
  expect(contents(file)).toEqual(contents(anew));
  await expectRefusal(exportTo(rig.root, file, { agent: 'nobody' }), 'AGENT_NOT_FOUND');
});

const texts = [
  'a\0b release',
  '\ud800 half',
  "'; DROP TABLE messages; --",
  '"quoted", and\r\nlines',
  '𝄞 ü \u2028',
  '',
  ' ',
  '[1]',
  '=1+1',
];

test('bodies that hold anything are kept whole, found, and leave the file sound', async () => {
  for (const body of texts)
    await toReviewer({ body, allowEmpty: true, subject: 'odd', tags: ['t'] }).catch(() => undefined);
  const kept = (await exportTo(rig.root, file))?.rows.messages;
  expect(kept).toBeGreaterThanOrEqual(texts.length - 2);
  const bodies = rows(file, 'SELECT CAST(body AS BLOB) AS body FROM messages').map(({ body }) =>
    Buffer.from(body as Uint8Array).toString(),
  );
  for (const body of texts.filter((text) => text !== '' && !text.startsWith('\ud800'))) expect(bodies).toContain(body);
  expect(rows(file, "SELECT count(*) AS n FROM search WHERE search MATCH 'release'")).toEqual([{ n: 1 }]);
  expect(rows(file, "SELECT count(*) AS n FROM search WHERE search MATCH 'odd'")).toEqual([{ n: kept }]);
  expect(faults(file)).toEqual([]);
});

test('what is read anew to be changed is not cut off at a NUL', async () => {
  await toReviewer();
  await done('nack');
  rig.clock.advance(600_000);
  const { receipt } = must(await readNext(rig.root, 'reviewer'));
  await nack(rig.root, receipt, { reason: 'x\0y', dead: true });
  await added();
  const reason = () =>
    Buffer.from(rows(file, 'SELECT CAST(reason AS BLOB) AS r FROM deliveries')[0]?.['r'] as Uint8Array).toString();
  const first = reason();
  await purgeDead(rig.root, 'reviewer', 'all', { force: true });
  await added();
  expect(reason()).toBe(first);
  expect(rows(file, 'SELECT state FROM deliveries')).toEqual([{ state: 'purged' }]);
});

test.for([
  ['a text', 'hello'],
  ['a short file', 'SQLite format 3\0'],
])('%s is refused, and left as it was', async ([, text]) => {
  writeFileSync(file, must(text));
  await expectRefusal(exportTo(rig.root, file), 'EXPORT_REFUSED');
  expect(readFileSync(file, 'utf8')).toBe(text);
  expect(readdirSync(dir)).toEqual(['mail.db']);
});

test.for([
  ["another program's", 'PRAGMA application_id = 5'],
  ["a later version's", 'PRAGMA user_version = 99'],
  ["another root's", "UPDATE export SET value = '/elsewhere' WHERE name = 'root'"],
])('%s database is refused, and left as it was', async ([, sql]) => {
  await exportTo(rig.root, file);
  const database = new (await import('node-sqlite3-wasm')).default.Database(file);
  database.exec(must(sql));
  database.close();
  await toReviewer();
  const before = readFileSync(file);
  await expectRefusal(exportTo(rig.root, file), 'EXPORT_REFUSED');
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(readdirSync(dir)).toEqual(['mail.db']);
});

test('one beside which others keep changes is refused', async () => {
  const spaced = join(dir, 'my mail.db');
  await exportTo(rig.root, spaced);
  writeFileSync(`${spaced}-wal`, 'x');
  const { code, hint } = await refusal(exportTo(rig.root, spaced));
  expect(code).toBe('EXPORT_REFUSED');
  expect(hint).toContain(`sqlite3 '${spaced}' 'PRAGMA`);
});

test('a folder, a place in no folder, and one in the root are refused', async () => {
  mkdirSync(file);
  await expectRefusal(exportTo(rig.root, file), 'EXPORT_REFUSED');
  await expectRefusal(exportTo(rig.root, join(dir, 'none', 'mail.db')), 'SOURCE_NOT_FOUND');
  await expectRefusal(exportTo({ ...rig.root, path: dir }, join(dir, 'in.db')), 'USAGE');
  await expectRefusal(exportTo(rig.root, 'mail.db'), 'SOURCE_NOT_FOUND').catch(() => undefined);
});

test('an empty file is taken, and a link is followed', async () => {
  writeFileSync(file, '');
  const link = join(dir, 'link.db');
  symlinkSync(file, link);
  await toReviewer();
  expect(await exportTo(rig.root, link)).toMatchObject({ path: file, rows: { messages: 1 } });
  expect(rows(file, 'SELECT count(*) AS n FROM messages')).toEqual([{ n: 1 }]);
});

test('who is changed in between is exported on what is there by then', async () => {
  await toReviewer();
  await added();
  await toReviewer();
  const { journal } = rig.root.store;
  const { logs } = journal;
  // Another export, as it were, while this one reads.
  let other: Promise<unknown> | undefined;
  journal.logs = async (mailbox) => {
    journal.logs = logs;
    other = exportTo(rig.root, file);
    await other;
    return logs(mailbox);
  };
  expect(await added()).toMatchObject({ messages: 0 });
  expect(rows(file, 'SELECT count(*) AS n FROM messages')).toEqual([{ n: 2 }]);
  expect(readdirSync(dir)).toEqual(['mail.db']);
});

test('a signal leaves the file as it was, and nothing beside it', async () => {
  await toReviewer();
  await added();
  const before = readFileSync(file);
  await toReviewer();
  expect(await exportTo(rig.root, file, { signal: AbortSignal.abort() })).toBeUndefined();
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(readdirSync(dir)).toEqual(['mail.db']);
});

test('one mailbox that the disk does not give is said, and comes whole when it does', async () => {
  await toReviewer();
  await done();
  await send(rig.root, { to: 'Builder', body: 'other' });
  const { look } = rig.root.store;
  const { list } = look;
  look.list = (mailbox, state) => {
    if (mailbox === 'reviewer' && state === 'archived') throw new DreamosError('disk', 'DISK_FAILED', 'No.');
    return list(mailbox, state);
  };
  expect(await added()).toMatchObject({ messages: 1 });
  expect(rig.warnings.join()).toContain('reviewer');
  look.list = list;
  await added();
  const anew = join(dir, 'anew.db');
  await exportTo(rig.root, anew);
  expect(contents(file)).toEqual(contents(anew));
});

test('JSON Lines have a line for each row, and leave out what is not there', async () => {
  const id = await toReviewer({ data: { big: 1 }, tags: ['t'] });
  const path = join(dir, 'mail.jsonl');
  await exportTo(rig.root, path, { format: 'jsonl' });
  const lines = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ table }) => table)).toEqual(['messages', 'deliveries', 'events', 'tags']);
  expect(lines[0]).toMatchObject({ id, data: { big: 1 }, recipients: ['reviewer'] });
  expect(lines[0]).not.toHaveProperty('topic');
  await expectRefusal(exportTo(rig.root, path, { format: 'jsonl' }), 'ALREADY_EXISTS');
});

test('CSV is a folder with a file for each table, or one file, and texts come back whole', async () => {
  for (const body of ['a "b", c\r\nd', '=x']) await toReviewer({ body });
  const folder = join(dir, 'csv');
  expect(await exportTo(rig.root, folder, { format: 'csv' })).toMatchObject({ path: folder, rows: { messages: 2 } });
  expect(readdirSync(folder).sort()).toEqual(['deliveries.csv', 'events.csv', 'messages.csv', 'tags.csv', 'tasks.csv']);
  const text = readFileSync(join(folder, 'messages.csv'), 'utf8');
  expect(text).toMatch(/^id,sender,recipients,.*\r\n/);
  expect(text).toContain(',"a ""b"", c\r\nd",');
  expect(text).toContain('"[""reviewer""]"');
  await expectRefusal(exportTo(rig.root, folder, { format: 'csv' }), 'ALREADY_EXISTS');
  const one = join(dir, 'tags.csv');
  await exportTo(rig.root, one, { format: 'csv', table: 'tags' });
  expect(readFileSync(one, 'utf8')).toBe('message,tag\r\n');
  await expectRefusal(exportTo(rig.root, join(dir, 'x'), { format: 'csv', table: 'tag' as 'tags' }), 'USAGE');
  expect(existsSync(join(dir, 'x'))).toBe(false);
});
