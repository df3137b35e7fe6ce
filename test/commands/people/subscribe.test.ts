import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const lines = (text: string): string[] => text.split('\n').filter(Boolean);

test('subscribe and unsubscribe tell each change, and agent show what there is', async () => {
  const first = await rig.dreamos('subscribe build.> Deploy.* build.> --as reviewer');
  expect(lines(first.out)).toEqual([
    'reviewer is subscribed to build.>',
    'reviewer is subscribed to deploy.*',
    'reviewer was subscribed to build.> already',
  ]);
  expect((await rig.dreamos('agent show reviewer')).out).toContain('["build.>","deploy.*"]');
  expect((await rig.dreamos('agent show planner --json')).json).toMatchObject([{ subscriptions: [] }]);
  const ended = await rig.dreamos('unsubscribe build.* build.> --as reviewer --json');
  expect(ended.code).toBe(4);
  expect(ended.json).toEqual([{ agent: 'reviewer', pattern: 'build.>', subscribed: false, changed: true }]);
  expect(JSON.parse(ended.err)).toMatchObject({
    error: { code: 'SUBSCRIPTION_NOT_FOUND', hint: 'Did you mean "build.>"?' },
  });
  expect(await rig.dreamos('subscribe a.>.b --as reviewer')).toMatchObject({ code: 6 });
  expect(await rig.dreamos('subscribe x')).toMatchObject({ code: 2 });
});
