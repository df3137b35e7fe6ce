import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
  await rig.dreamos('agent register planner --set sendRate=2 --set maxBytes=10MB');
});

const send = (more = '') => rig.dreamos(`send reviewer hello --as planner${more}`);

test('resources show has a line for each of what an agent may use', async () => {
  await send();
  const { out, err } = await rig.dreamos('resources show planner');
  expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['agent', 'what', 'limit', 'used', 'left'],
    ['planner', 'tasks at once', '1', '0', '1'],
    ['', 'messages a minute', '2', '1', '1'],
    ['', 'messages in its mailbox', 'none', '0'],
    ['', 'bytes in its mailbox', '10000000', '0', '10000000'],
    [''],
  ]);
  expect(err).toBe('');
});

test('it says when the next message may go, and what was refused, in 80 columns', async () => {
  for (let i = 0; i < 3; i++) await send();
  rig.time.nowMs += 4000;
  const { out, err } = await rig.dreamos('resources show planner', {
    terminal: true,
    screen: { rows: 24, columns: 80 },
    env: { NO_COLOR: '1' },
  });
  expect(out).toMatch(/messages a minute +2 +2 +the next in 26s\n/);
  expect(err.replaceAll(/\n */g, ' ')).toContain(
    'planner was refused a send in the last 24 h 4s ago: LIMITED: planner',
  );
  for (const line of `${out}\n${err}`.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('with --json it is an object of each agent', async () => {
  for (let i = 0; i < 3; i++) await send();
  const { json } = await rig.dreamos('resources show --json');
  expect(json.map(({ agent }) => agent)).toEqual(['planner', 'reviewer']);
  expect(json[0]).toMatchObject({
    sends: { limit: 2, used: 2, nextAt: '2026-11-20T09:00:30.000Z' },
    refused: { count: 1, code: 'LIMITED' },
  });
  expect(json[1]).toMatchObject({ sends: { limit: null, used: null }, messages: { limit: null, used: 2 } });
});

test('who is not there is not found, and where nobody is that is no error', async () => {
  expect(await rig.dreamos('resources show nobody')).toMatchObject({ code: 4 });
  const empty = await createRig([]);
  expect(await empty.dreamos('resources show')).toMatchObject({ code: 0, out: '' });
});

test('over its limit a send ends with 5, says the command that waits and the one that allows more, and waits with --wait', async () => {
  for (let i = 0; i < 2; i++) expect(await send()).toMatchObject({ code: 0 });
  const { code, err } = await send();
  expect(code).toBe(5);
  expect(err).toContain('Error: planner may send 2 messages a minute and has none left, so this was not sent:');
  expect(err).toContain('the next may go at 2026-11-20T09:00:30.000Z, in 30s.');
  expect(err).toContain('send, reply or publish with --wait 30s');
  expect(err).toContain('dreamos agent register planner --set sendRate=4');
  expect(await send(' --wait 20ms')).toMatchObject({ code: 5 });
  expect(await rig.dreamos('publish news hello --as planner --wait 20ms')).toMatchObject({ code: 5 });
  const { err: told } = await rig.dreamos('status planner');
  expect(told).toContain('planner was refused 3 sends in the last 24 h, the last 0ms ago: LIMITED:');
});

test('what a batch may not send is an error of its line', async () => {
  const lines = ['one', 'two', 'three'].map((body) => JSON.stringify({ to: 'reviewer', body })).join('\n');
  const { code, err } = await rig.dreamos('send --batch --as planner', { stdin: lines });
  expect(code).toBe(5);
  expect(err).toContain('line 3: planner may send 2 messages a minute');
});
