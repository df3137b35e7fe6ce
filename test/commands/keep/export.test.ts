import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { scratch } from '../../scratch.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
let dir: string;
beforeEach(async () => {
  rig = await createRig();
  dir = scratch();
});

test('export says what it wrote, and that nothing is new', async () => {
  await rig.sent();
  const file = join(dir, 'mail.db');
  expect(await rig.dreamos(['export', '--sqlite', 'mail.db'], { cwd: dir })).toMatchObject({
    code: 0,
    err: '',
    out: `Wrote ${file}\n  New or changed messages: 1, deliveries: 1, events: 1\n`,
  });
  expect((await rig.dreamos(['export', '--sqlite', file])).out).toBe(`Wrote ${file}\n  Nothing is new.\n`);
  expect((await rig.dreamos(['export', '--sqlite', file, '--json'])).json).toMatchObject([
    { format: 'sqlite', path: file },
  ]);
});

test('an export of a root without mail says that it was made, and the next one that nothing is new', async () => {
  const file = join(dir, 'mail.db');
  const said = async (): Promise<string> => (await rig.dreamos(['export', '--sqlite', file])).out;
  expect(await said()).toBe(`Wrote ${file}\n  It was made, and there is nothing to export.\n`);
  expect(await said()).toBe(`Wrote ${file}\n  Nothing is new.\n`);
});

test.each([
  ['--csv', 'tags.csv', [], 'Name another folder, or write to standard output: dreamos export --csv --table messages'],
  [
    '--csv',
    '',
    ['--table', 'tags'],
    'Name another file, or write to standard output: dreamos export --csv --table tags',
  ],
  ['--jsonl', '', [], 'Name another file, or write to standard output: dreamos export --jsonl'],
])('what is there is not written over by %s, and the hint has the same format', async (as, name, more, hint) => {
  const place = join(dir, 'there');
  if (name !== '') mkdirSync(place);
  writeFileSync(join(place, name), 'mine');
  const { code, out, err } = await rig.dreamos(['export', as, place, ...more]);
  expect({ code, out }).toEqual({ code: 5, out: '' });
  expect(err.trimEnd().endsWith(hint)).toBe(true);
});

test('JSON Lines and one table of CSV go to standard output', async () => {
  const id = await rig.sent();
  const lines = (await rig.dreamos('export --jsonl')).out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(lines).toMatchObject([{ table: 'messages', id }, { table: 'deliveries', message: id }, { table: 'events' }]);
  const { out } = await rig.dreamos('export --csv --table deliveries --agent reviewer');
  expect(out).toMatch(new RegExp(`^message,mailbox,state,.*\r\n${id},reviewer,ready,,0,.*\r\n$`));
  expect((await rig.dreamos('export --jsonl - --table events --since 2026-11-21')).out).toBe('');
});

test.each([
  ['export', 'one of --sqlite, --jsonl and --csv'],
  ['export --jsonl --csv x', 'one of --sqlite, --jsonl and --csv'],
  ['export --csv', 'dreamos export --csv --table messages'],
  ['export --csv --table tags --json', 'dreamos export --jsonl --table tags'],
  ['export --jsonl --table message', 'Did you mean "messages"?'],
  ['export --sqlite x.db --table messages', '--table goes with'],
  ['export --jsonl --since yesterdy', '--since'],
])('%s is refused with what to type', async (line, said) => {
  const { code, out, err } = await rig.dreamos(line);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(said);
});

test('what is not ours ends with 5, and stays as it was', async () => {
  const file = join(dir, 'notes.txt');
  writeFileSync(file, 'mine');
  for (const as of ['--sqlite', '--jsonl'])
    expect(await rig.dreamos(['export', as, file])).toMatchObject({ code: 5, out: '' });
  expect(readFileSync(file, 'utf8')).toBe('mine');
  expect((await rig.dreamos(['export', '--sqlite', join(dir, 'x.db'), '--agent', 'nobody'])).code).toBe(4);
  expect(existsSync(join(dir, 'x.db'))).toBe(false);
});
