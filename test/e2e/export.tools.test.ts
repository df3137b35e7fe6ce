/** What `dreamos help tables` says one can ask, asked with SQLite's own program and with Datasette. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { demand, missing, noTool, said, skips } from '../lack.ts';
import { loadTopic } from '../../src/cli/help/texts.ts';
import { type Rig, test } from './rig.ts';

const run = promisify(execFile);
const lack = await missing('sqlite3');
beforeAll(() => demand(lack));

async function exported(rig: Rig): Promise<void> {
  await rig.dreamos('init builder --quiet');
  await rig.dreamos(['send', 'reviewer', 'The release is ready', '--as', 'planner', '--subject', 'Release 1.0']);
  await rig.dreamos(['send', 'reviewer', 'second', '--as', 'planner']);
  await rig.dreamos(['send', 'builder', 'third', '--as', 'planner']);
  await rig.shell('dreamos ack "$(dreamos read reviewer --json | sed \'s/.*"receipt":"\\([^"]*\\)".*/\\1/\')"');
  await rig.shell(
    'dreamos nack "$(dreamos read reviewer --json | sed \'s/.*"receipt":"\\([^"]*\\)".*/\\1/\')" --dead --reason ETIMEDOUT',
  );
  expect(await rig.dreamos('export --sqlite mail.db')).toMatchObject({ code: 0 });
}

/** The command lines of the page that begin so. */
async function linesOf(program: string): Promise<string[]> {
  const blocks = (await loadTopic('tables'))
    .split('```sh\n')
    .slice(1)
    .map((block) => block.split('```')[0] ?? '');
  return blocks
    .filter((block) => block.startsWith(program))
    .flatMap((block) => (block.includes('\n  ') ? [block] : block.trim().split('\n')));
}

describe.skipIf(skips(lack))(said('an exported database', lack), () => {
  test('is sound, and found to be what it is, by SQLite itself', async ({ rig }) => {
    await exported(rig);
    const { out } = await rig.shell(
      "sqlite3 mail.db 'PRAGMA integrity_check; PRAGMA application_id; PRAGMA foreign_key_check'",
    );
    expect(out).toBe('ok\n1685220723\n');
  });

  test('answers the five questions of the page', async ({ rig }) => {
    await exported(rig);
    const lines = await linesOf('sqlite3');
    expect(lines).toHaveLength(5);
    const expected = [
      /│ reviewer +│ 1 /,
      /│ reviewer +│ ETIMEDOUT +│ 1 /,
      /│ planner +│ Release 1\.0 /,
      /│ builder +│ ready +│ 1 /,
      /│ 3 +│ 1 +│ 0 /,
    ];
    for (const [i, line] of lines.entries()) {
      const { code, out, err } = await rig.shell(line);
      expect({ code, err }, line).toEqual({ code: 0, err: '' });
      expect(out).toMatch(expected[i] ?? /never/);
    }
  });

  test('goes on with the tables, views and indexes that somebody has added', async ({ rig }) => {
    await exported(rig);
    await rig.shell(
      "sqlite3 mail.db 'CREATE VIEW mine AS SELECT count(*) AS n FROM messages; CREATE INDEX by_type ON messages (type)'",
    );
    await rig.sent('send builder more --as planner');
    expect((await rig.dreamos('export --sqlite mail.db')).code).toBe(0);
    expect((await rig.shell("sqlite3 mail.db 'SELECT n FROM mine; PRAGMA integrity_check'")).out).toBe('4\nok\n');
  });

  test('is left alone while a program keeps its changes beside it, and taken when they are in it', async ({ rig }) => {
    await exported(rig);
    await rig.shell("sqlite3 mail.db 'PRAGMA journal_mode = WAL' >/dev/null");
    await rig.sent('send builder more --as planner');
    const { code, err } = await rig.dreamos('export --sqlite mail.db');
    expect({ code, err }).toMatchObject({
      code: 5,
      err: expect.stringContaining('PRAGMA journal_mode = DELETE') as string,
    });
    const line = /sqlite3 \S+ 'PRAGMA journal_mode = DELETE'/.exec(err)?.[0] ?? '';
    expect((await rig.shell(line)).code).toBe(0);
    expect((await rig.dreamos('export --sqlite mail.db')).code).toBe(0);
  });

  test('is the same mail as the JSON Lines and the CSV, which SQLite reads', async ({ rig }) => {
    await exported(rig);
    await rig.shell('dreamos export --csv csv');
    await rig.shell('dreamos export --jsonl > mail.jsonl');
    for (const table of ['messages', 'deliveries', 'events', 'tags', 'tasks']) {
      const [inDatabase, inCsv, inLines] = await Promise.all([
        rig.shell(`sqlite3 mail.db 'SELECT count(*) FROM ${table}'`),
        rig.shell(`sqlite3 :memory: '.import --csv csv/${table}.csv t' 'SELECT count(*) FROM t'`),
        rig.shell(`grep -c '^{"table":"${table}"' mail.jsonl || true`),
      ]);
      expect([inCsv.out, inLines.out], table).toEqual([inDatabase.out, inDatabase.out]);
    }
  });

  test('that goes through a pipe whose reader has gone ends in silence', async ({ rig }) => {
    await exported(rig);
    const { out, err } = await rig.shell('dreamos export --jsonl | head -1; echo ${PIPESTATUS[0]}');
    expect(out.split('\n')).toHaveLength(3);
    expect(err).toBe('');
  });
});

const venv = mkdtempSync(join(tmpdir(), 'dreamos-datasette-'));
afterAll(() => rmSync(venv, { recursive: true, force: true }));

/** @returns the folder of the program */
async function datasette(): Promise<string | undefined> {
  try {
    await run('python3', ['-m', 'venv', venv]);
    await run(join(venv, 'bin/pip'), ['install', '--quiet', 'datasette==0.65.5']);
    return join(venv, 'bin');
  } catch {
    return undefined;
  }
}

const bin = skips(lack) ? undefined : await datasette();
const noDatasette = bin === undefined ? noTool('Datasette cannot be installed') : lack;

describe.skipIf(skips(noDatasette))(said('Datasette', noDatasette), () => {
  test('answers the SQL of the page, and knows where to search', async ({ rig }) => {
    demand(noDatasette);
    await exported(rig);
    const [, line = ''] = await linesOf('datasette');
    const { out, err, code } = await rig.shell(`PATH="${bin}:$PATH" ${line}`);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toContainEqual(expect.objectContaining({ mailbox: 'reviewer', deliveries: 2 }));
    const found = await rig.shell(
      `PATH="${bin}:$PATH" datasette mail.db --get '/mail/messages.json?_search=release&_shape=array'`,
    );
    expect(JSON.parse(found.out)).toMatchObject([{ subject: 'Release 1.0' }]);
  });
});
