import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const lines = (text: string): string[] => text.split('\n').filter(Boolean);

test('topics list, show and prune', async () => {
  expect(await rig.dreamos('topics list')).toMatchObject({ code: 0, out: '' });
  await rig.dreamos('subscribe b.> --as reviewer');
  await rig.dreamos('publish b.c one --as planner');
  rig.time.nowMs += 2 * 86_400_000;
  await rig.dreamos(['publish', 'b.c', 'two\u0007', '--as', 'planner']);
  const listed = await rig.dreamos('topics list');
  expect(lines(listed.out)[1]).toMatch(/^b\.c +2 +2026-11-22T09:00:00\.000Z +reviewer$/);
  rig.time.nowMs += 3_600_000;
  const seen = await rig.dreamos('topics list', { terminal: true, env: { NO_COLOR: '1' } });
  expect(lines(seen.out)[1]).toMatch(/^b\.c +2 +1h ago +reviewer$/);
  const shown = await rig.dreamos('topics show b.c -n 1');
  expect(shown.out).toMatch(/^Subscribers: +reviewer \(b\.>\)$/m);
  expect(shown.out).toContain('from planner: two\\x07');
  expect(shown.out).not.toContain('one');
  expect(await rig.dreamos('topics show b.x')).toMatchObject({ code: 4 });

  const dry = await rig.dreamos('topics prune b.* --older-than 1d --dry-run');
  expect(dry.out).toMatch(/^b\.c {2}1 message, \d+ bytes\n$/);
  expect((await rig.dreamos('topics prune b.* --older-than 1d --json')).json).toEqual([
    { topic: 'b.c', messages: 1, bytes: expect.any(Number), dryRun: false },
  ]);
  expect((await rig.dreamos('topics list --json')).json).toMatchObject([{ topic: 'b.c', messages: 1 }]);
  expect(await rig.dreamos('topics prune none --older-than 1d')).toMatchObject({ code: 4 });
});

test('of topics that a policy hides it is said that they are there, and who listens to one is refused', async () => {
  await rig.dreamos('publish build.done one --as planner');
  const roles = { all: { allow: { '*': ['*'] } }, test: { allow: { subscribe: ['#test.>'] } } };
  const policy = JSON.stringify({ roles, everyone: ['test'], agents: { planner: ['all'] } });
  await rig.dreamos('policy set p.json --as planner', { files: { 'p.json': policy } });
  const check = 'dreamos policy check listen build.done --as reviewer';
  expect(await rig.dreamos('topics list --as reviewer')).toMatchObject({
    code: 0,
    err: `There is 1 topic that reviewer may not see: ${check}\n`,
  });
  for (const line of ['listen build.done --since start --wait 1s', 'topics show build.done'])
    expect(await rig.dreamos(`${line} --as reviewer`), line).toMatchObject({ code: 9 });
  expect((await rig.dreamos('listen build.done --wait 1s --as reviewer')).err).toContain(`Next: ${check}\n`);
  expect((await rig.dreamos(check.replace('dreamos ', ''))).code).toBe(9);
  expect((await rig.dreamos('policy check listen > --as reviewer')).code).toBe(0);
});

test('a log is nobody to write to, to read from or to watch', async () => {
  await rig.dreamos('publish b one --as planner');
  for (const line of ['send #b x --as planner', 'read #b', 'status #b', 'watch #b', 'list #b']) {
    expect(await rig.dreamos(line), line).toMatchObject({ code: 6 });
  }
  expect((await rig.dreamos('status --json')).json.map((line) => line['mailbox'])).toEqual(['planner', 'reviewer']);
});
