import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const delayed = () => rig.sent(['send', 'reviewer', 'later', '--as', 'planner', '--delay', '1h']);

test('deliver now makes a delayed message ready', async () => {
  const id = await delayed();
  expect((await rig.dreamos(`deliver ${id} now`)).out).toBe(`${id} ready at reviewer\n`);
  expect((await rig.dreamos('read reviewer --json')).json).toMatchObject([{ message: { id } }]);
});

test('deliver --at delays it until then, and says when that is', async () => {
  const id = await delayed();
  expect((await rig.dreamos(`deliver ${id} --at 2026-11-20T12:00+01:00`)).out).toBe(
    `${id} delayed at reviewer until 2026-11-20T11:00:00.000Z (in 2h)\n`,
  );
  expect((await rig.dreamos(`deliver ${id} --at 2026-11-20T12:00 --json`)).json).toMatchObject([
    { id, mailbox: 'reviewer', state: 'delayed', dueAt: '2026-11-20T12:00:00.000Z' },
  ]);
});

test('a message that rests after a nack is delivered now', async () => {
  await rig.sent();
  const receipt = await rig.claimed();
  await rig.dreamos(`nack ${receipt} --delay 1h`);
  const id = receipt.split(':')[1] ?? '';
  expect((await rig.dreamos(`deliver ${id} now --json`)).json).toMatchObject([{ id, state: 'ready', attempt: 1 }]);
});

test.each([
  ['', 2, 'needs to know when: now, or with --at'],
  ['later', 2, '"later" is not when: it is "now", or --at'],
  ['now --at 2026-11-21T09:00', 2, 'Now and --at are two different things'],
  ['--at soon', 2, '"soon" is not a time for --at'],
  ['--at 2026-11-20T08:00', 2, '2026-11-20T08:00:00.000Z is over: it is 2026-11-20T09:00:00.000Z'],
])('deliver <id> %s ends with exit %d and says: %s', async (words, code, says) => {
  const id = await delayed();
  const { code: ended, err } = await rig.dreamos(`deliver ${id} ${words}`);
  expect(ended).toBe(code);
  expect(err).toContain(says);
  expect(err).toMatch(/Next: /);
});

test('deliver of what is not delayed, of nothing, or of no id is refused', async () => {
  const id = await rig.sent();
  const ready = await rig.dreamos(`deliver ${id} now`);
  expect([ready.code, ready.err]).toEqual([
    5,
    expect.stringContaining('is neither delayed nor resting: it is ready in reviewer'),
  ]);
  expect((await rig.dreamos('deliver 01JD3Y6Q0V8M5T2B7K9XWZ4RCE now')).code).toBe(4);
  expect((await rig.dreamos('deliver soon now')).code).toBe(2);
});
