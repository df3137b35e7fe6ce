import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commandsToType } from '../../e2e/commands-to-type.ts';
import { type Rig, closedPipe, createRig } from '../rig.ts';

let rig: Rig;
let old: string;
beforeEach(async () => {
  rig = await createRig(['planner']);
  old = await mkdtemp(join(tmpdir(), 'dreamos-import-'));
  await mkdir(join(old, 'planner', 'inbox'), { recursive: true });
  const letter = {
    message_id: 'm1',
    sender_agent_id: 'tester',
    recipient_agent_id: 'planner',
    subject: 'S',
    body: 'old words',
  };
  await writeFile(join(old, 'planner', 'inbox', 'one.json'), JSON.stringify(letter));
  await writeFile(join(old, 'planner', 'inbox', 'two.json'), '{{ not json');
});
afterEach(() => rm(old, { recursive: true }));

test('import tells a result for each file and sums up on stderr', async () => {
  const { code, json } = await rig.dreamos(['import', old, '--json']);
  expect(code).toBe(0);
  expect(json).toMatchObject([
    { file: 'planner/inbox/one.json', result: 'imported', mailbox: 'planner', id: expect.any(String) },
    { file: 'planner/inbox/two.json', result: 'unreadable', why: expect.any(String) },
  ]);
  const again = await rig.dreamos(['import', old]);
  expect(again.out).toMatch(/^skipped +planner\/inbox\/one\.json/);
  expect(again.err).toContain('0 imported, 1 skipped, 1 unreadable');
});

test('import says how what came is looked at, which is not where new mail is', async () => {
  const { err } = await rig.dreamos(['import', old]);
  const [line = ''] = commandsToType(err);
  expect(line).toBe('dreamos list planner --state all');
  expect((await rig.dreamos(line.replace('dreamos ', ''))).out).toMatch(/^archived .*from tester: S\n$/);
  expect(commandsToType((await rig.dreamos(['import', old])).err)).toEqual([]);
});

test('import --dry-run changes nothing', async () => {
  const { err } = await rig.dreamos(['import', old, '--dry-run']);
  expect(commandsToType(err)).toEqual([]);
  expect(err).toContain('A dry run, nothing was changed: 1 imported');
  expect((await rig.dreamos('archive list planner --json')).json).toEqual([]);
});

test('import whose reader has gone says that it is not complete', async () => {
  const { code, err } = await rig.dreamos(['import', old], { stdout: closedPipe() });
  expect(code).toBe(7);
  expect(err).toContain('The import ended at planner/inbox/one.json');
});

test('of a dry run a reader who has gone has seen enough', async () => {
  expect(await rig.dreamos(['import', old, '--dry-run'], { stdout: closedPipe() })).toMatchObject({ code: 0, err: '' });
});

test.each([
  ['import /nowhere', 4],
  ['import . --map Agent3', 2],
  ['import . --format unknown', 2],
])('%s is refused with %i', async (line, code) => {
  expect(await rig.dreamos(line)).toMatchObject({ code, out: '' });
});
