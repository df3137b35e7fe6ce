import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('who tells of each that is there its state, process, what it holds and what waits; and how many more there are', async () => {
  expect((await rig.dreamos('who')).err).toContain('None of 2 agents has said that they are there');
  const start = await rig.dreamos(`agent start reviewer --note warming --pid ${process.pid}`);
  expect(start.out).toBe(`reviewer is ready as process ${process.pid}; its mailbox has nothing unread\n`);
  const held = await rig.sent();
  await rig.dreamos('read reviewer --lease 10m');
  await rig.sent();
  rig.time.nowMs += 4 * 60_000;
  const { out, err, code } = await rig.dreamos('who');
  const lines = out.trimEnd().split('\n');
  expect(lines[0]?.split(/ {2,}/)).toEqual(['agent', 'state', 'for', 'process', 'holds', 'unread', 'errors', 'note']);
  expect(lines[1]?.split(/ {2,}/)).toEqual([
    'reviewer',
    'busy',
    '4m',
    String(process.pid),
    '1, 6m left',
    '1, 4m',
    'warming',
  ]);
  expect(lines).toHaveLength(2);
  expect(err).toContain('1 more has not said that they are there: dreamos who --all');
  expect(code).toBe(0);
  expect((await rig.dreamos('who reviewer')).err).toContain(`reviewer: reviewer holds ${held}, 6m left`);
  expect((await rig.dreamos('who --all')).out).toMatch(/\nplanner +unseen/);
});

test('who at a terminal of 80 columns is no wider', async () => {
  await rig.dreamos([
    'agent',
    'start',
    'reviewer',
    '--note',
    'words and words '.repeat(8).trim(),
    '--pid',
    String(process.pid),
  ]);
  const { out } = await rig.dreamos('who', { terminal: true, env: { NO_COLOR: '1' } });
  expect(out).toMatch(/reviewer +ready/);
  for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('late and gone follow from the interval of the agent, which is a setting', async () => {
  await rig.dreamos('agent start reviewer --set heartbeat=1m');
  const state = async () => (await rig.dreamos('who reviewer --json')).json[0]?.['presence'];
  rig.time.nowMs += 3 * 60_000;
  expect(await state()).toMatchObject({ state: 'late' });
  expect((await rig.dreamos('agent list', { terminal: true, env: { NO_COLOR: '1' } })).out).toMatch(
    /reviewer +late for 1m/,
  );
  rig.time.nowMs += 3 * 60_000;
  expect(await state()).toMatchObject({ state: 'gone' });
  await rig.dreamos('read reviewer');
  expect(await state()).toMatchObject({ state: 'ready' });
});

test.each([
  ['who nobody', 4],
  ['who ../x', 6],
])('%s is refused with %i', async (line, code) => {
  expect(await rig.dreamos(line)).toMatchObject({ code, out: '' });
});
