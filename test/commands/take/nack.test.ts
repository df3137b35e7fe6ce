import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('nack gives back with a delay and a reason', async () => {
  const id = await rig.sent();
  const receipt = await rig.claimed();
  const { json } = await rig.dreamos(['nack', receipt, '--delay', '5m', '--reason', 'build is red', '--json']);
  expect(json).toEqual([{ id, mailbox: 'reviewer', state: 'delayed', receipt, dueAt: '2026-11-20T09:05:00.000Z' }]);
  expect(await rig.root.store.look.find(id)).toMatchObject([{ dueAt: Date.parse('2026-11-20T09:05:00.000Z') }]);
});

test('nack says until when a message rests, and nothing of the kind where it comes back at once', async () => {
  const id = await rig.sent();
  expect((await rig.dreamos(`nack ${await rig.claimed()} --delay 90s`)).out).toBe(
    `${id} delayed until 2026-11-20T09:01:30.000Z (in 1m)\n`,
  );
  await rig.dreamos(`deliver ${id} now`);
  expect((await rig.dreamos(`nack ${await rig.claimed()}`)).out).toMatch(/ delayed until 2026-\S+Z \(in \S+\)\n$/);
  await rig.dreamos(`deliver ${id} now`);
  expect((await rig.dreamos(`nack ${await rig.claimed()} --delay 0s`)).out).toBe(`${id} ready\n`);
});

test('nack --dead goes to the dead-letter queue', async () => {
  const id = await rig.sent();
  expect((await rig.dreamos(`nack ${await rig.claimed()} --dead`)).out).toBe(`${id} dead\n`);
});
