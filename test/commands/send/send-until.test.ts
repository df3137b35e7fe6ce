import { beforeEach, expect, test, vi } from 'vitest';
import type { Session } from '../../../src/core/root/root.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { meanwhile, type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('send --until prints the id first, then waits', async () => {
  let seen = '';
  const terms = { onOutput: (text: string) => void (seen = text) };
  const { code, out } = await meanwhile(
    rig,
    'send reviewer hello --as planner --until claimed --wait 20s',
    async () => {
      await vi.waitUntil(() => /^\w{26}\n$/.test(seen), 20_000);
      await rig.claimed();
    },
    terms,
  );
  expect({ code, out }).toEqual({ code: 0, out: seen });
});

test('send --until that is not met in time is exit 3 and names who is open', async () => {
  const { code, out, err } = await rig.dreamos('send reviewer,planner hello --as planner --until acked --wait 20ms');
  expect(code).toBe(3);
  expect(out).toMatch(/^\w{26}\n$/);
  expect(err).toBe(`${out.trim()} is sent, but within 20ms it was not acked in: reviewer, planner.\n`);
});

test('send --until acked of what dies is exit 5 with the reason', async () => {
  const { code, err } = await meanwhile(rig, 'send reviewer hello --as planner --until acked --wait 20s', async () =>
    rig.dreamos(['nack', await rig.claimed(), '--dead', '--reason', 'no good']),
  );
  expect(code).toBe(5);
  expect(err).toMatch(/dead-letter queue of reviewer: no good\.\n {2}Next: dreamos dlq show reviewer \w{26}\n$/);
});

test.each([
  ['send reviewer hello --as planner --until read', '"read" is not a --until'],
  ['send reviewer --batch --as planner --until acked', '--until waits for one message'],
])('%s is a usage error', async (line, words) => {
  const { code, err } = await rig.dreamos(line);
  expect(code).toBe(2);
  expect(err).toContain(words);
});

test('send --until whose root is moved meanwhile says that it is sent, and not to send it again', async () => {
  const moved = new DreamosError('conflict', 'ROOT_MOVED', 'The root was moved.', { hint: 'Run it again' });
  const terms = {
    onRoot: ({ store }: Session) => void vi.spyOn(store.journal, 'readEvents').mockRejectedValue(moved),
  };
  const { code, out, err } = await rig.dreamos('send reviewer hello --as planner --until acked --wait 20s', terms);
  expect(code).toBe(5);
  expect(err).toBe(
    `Error: ${out.trim()} is sent, but whether it is acked cannot be waited for any longer: The root was moved.\n` +
      `  Next: Do not send it again; what has become of it: dreamos trace ${out.trim()}\n`,
  );
});
