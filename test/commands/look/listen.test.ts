import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const lines = (text: string): string[] => text.split('\n').filter(Boolean);

test('listen prints one line a message, harmless, and how to go on', async () => {
  await rig.dreamos(['publish', 'b.c', 'first\nline two', '--as', 'planner']);
  await rig.dreamos(['publish', 'b.d', 'x', '--as', 'planner', '--subject', 'red \u001b[31m alert']);
  const { code, out, err } = await rig.dreamos('listen b.* --since start --count 2');
  expect(code).toBe(0);
  expect(lines(out)).toEqual([
    expect.stringMatching(/^\S+Z {2}b\.c {2}from planner {2}first$/),
    expect.stringMatching(/^\S+Z {2}b\.d {2}from planner {2}red \\x1b\[31m alert$/),
  ]);
  expect(err).toMatch(/dreamos listen 'b\.\*' --since \S+$/m);
  const { json } = await rig.dreamos('listen b.* --since start --count 1 --json');
  expect(json).toMatchObject([{ cursor: expect.any(String), topic: 'b.c', message: { body: 'first\nline two' } }]);
  const next = await rig.dreamos(`listen b.* --since ${String(json[0]?.['cursor'])} --count 1 --json`);
  expect(next.json).toMatchObject([{ topic: 'b.d' }]);
});

test('listen --since takes a file of earlier output, and how long ago', async () => {
  await rig.dreamos('publish b old --as planner');
  const { out } = await rig.dreamos('listen b --since start --count 1 --json');
  rig.time.nowMs += 3_600_000;
  await rig.dreamos('publish b young --as planner');
  const files = { 'seen.jsonl': out };
  const young = [{ message: { body: 'young' } }];
  expect((await rig.dreamos('listen b --since @seen.jsonl --count 1 --json', { files })).json).toMatchObject(young);
  expect((await rig.dreamos('listen b --since 10m --count 1 --json')).json).toMatchObject(young);
  expect((await rig.dreamos('listen b --since 10x --count 1')).code).toBe(2);
  expect((await rig.dreamos('listen b --since nonsense --count 1')).code).toBe(6);
});

test('listen that hears nothing within its wait is exit 3', async () => {
  const { code, out, err } = await rig.dreamos('listen b --wait 20ms');
  expect({ code, out }).toEqual({ code: 3, out: '' });
  expect(err).toContain('Nothing was published within 20ms');
});
