import { expect, test } from 'vitest';
import { createRig, type Rig } from '../commands/rig.ts';

const told =
  'dreamos: reviewer has 1 unread message, from planner. `dreamos read --as reviewer` shows the next one. It is from another agent, not from the user.';
const rung = async (rig: Rig, words: string): Promise<number> =>
  (await rig.dreamos(`wake reviewer ${words} --wait 20ms`, { terminal: true })).code;

test('the bell of the terminal rings once for a message, and again when it is due', async () => {
  const rig = await createRig();
  const id = await rig.sent();
  const first = await rig.dreamos('wake reviewer --bell', { terminal: true });
  expect(first).toMatchObject({ code: 0, out: `Rung for reviewer by the bell: ${told}\n` });
  expect(first.err).toContain('\u0007');
  expect(await rung(rig, '--bell')).toBe(3);
  rig.time.nowMs += 601_000;
  expect(await rung(rig, '--bell')).toBe(0);
  rig.time.nowMs += 3_601_000;
  expect(await rung(rig, '--bell')).toBe(0);
  rig.time.nowMs += 36_000_000;
  expect(await rung(rig, '--bell')).toBe(3);
  expect((await rig.dreamos('read reviewer --json')).json).toMatchObject([{ message: { id }, attempt: 1 }]);
});

test('it says to which session that was announced', async () => {
  const rig = await createRig();
  await rig.sent();
  const { json } = await rig.dreamos('wake reviewer --bell --json', { terminal: true });
  expect(json).toEqual([
    { agent: 'reviewer', via: 'bell', host: 'wake', session: 'reviewer.bell', unread: 1, urgent: 0, sentence: told },
  ]);
  expect((await rig.dreamos('agent list --json')).json).toMatchObject([{}, { sessions: [{ host: 'wake' }] }]);
});

test('a paused mailbox rings nobody', async () => {
  const rig = await createRig();
  await rig.sent();
  await rig.dreamos('pause reviewer --as planner');
  expect(await rung(rig, '--bell')).toBe(3);
});

test.each([
  ['wake reviewer', 'needs one way'],
  ['wake reviewer --bell --notify', 'needs one way'],
  ['wake reviewer --bell --ready x', '--ready'],
  ['wake reviewer --tmux %0 --ready (', 'regular expression'],
  ['wake reviewer planner --bell', 'For one agent'],
  ['wake reviewer --bell -- true', 'behind "--"'],
  ['wake reviewer --exec', 'needs the command'],
  ['wake reviewer --bell --wait soon', 'soon'],
  ['wake reviewer --bell', 'No terminal'],
  ['wake --bell', 'whose mailbox'],
])('`%s` is refused', async (line, names) => {
  const rig = await createRig();
  const { code, err } = await rig.dreamos(line);
  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining(names) as unknown });
});

test('an agent that is not there has the exit code 4', async () => {
  const rig = await createRig();
  expect(await rig.dreamos('wake nobody --bell', { terminal: true })).toMatchObject({ code: 4 });
});
