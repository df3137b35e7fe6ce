import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig(['planner']);
});

test('init tells what it made, what was there, and the two commands to type next', async () => {
  const { code, out, err } = await rig.dreamos('init planner reviewer');
  expect(code).toBe(0);
  expect(out).toBe(
    'The root /root was there already.\nThe agent planner was there already.\nMade the agent reviewer\n',
  );
  expect(err).toBe('Next:\n  dreamos send reviewer "hello" --as planner\n  dreamos read reviewer\n');
});

test('init with --json is one object', async () => {
  const { json, err } = await rig.dreamos('init reviewer --json');
  expect(json).toEqual([{ root: '/root', created: false, agents: [{ name: 'reviewer', created: true }] }]);
  expect(err).toBe('');
});
