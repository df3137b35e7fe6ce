import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('publish prints the id, and says when nobody is subscribed', async () => {
  const alone = await rig.dreamos('publish build.done green --as planner');
  expect(alone.code).toBe(0);
  expect(alone.out).toMatch(/^[0-9A-Z]{26}\n$/);
  expect(alone.err).toContain('No agent is subscribed to build.done');
  await rig.dreamos(['subscribe', 'build.*', '--as', 'reviewer']);
  const heard = await rig.dreamos('publish Build.done green --as planner');
  expect(heard.err).toBe('');
  expect((await rig.dreamos('publish build.done green --as planner --json')).json).toMatchObject([
    { topic: 'build.done', mailboxes: ['reviewer'], subscribers: 1, durability: expect.any(String) },
  ]);
  const read = await rig.dreamos('read reviewer');
  expect(read.out).toMatch(/^Topic: +build\.done$/m);
  expect(read.out).not.toMatch(/^To:/m);
});

test('publish takes the content of send, from a pipe, too, and refuses what is no topic before it reads', async () => {
  await rig.dreamos('subscribe > --as reviewer');
  const words = 'publish b --as planner --subject S --type event --priority high --tag t --ttl 1h --dedupe-key k';
  const first = await rig.dreamos(words, { stdin: 'from a pipe' });
  expect(first.code).toBe(0);
  const message = { subject: 'S', type: 'event', priority: 'high', tags: ['t'], body: 'from a pipe', dedupeKey: 'k' };
  expect((await rig.dreamos('peek reviewer --json')).json).toMatchObject([{ message }]);
  const again = await rig.dreamos(words, { stdin: 'from a pipe' });
  expect(again.out).toBe(first.out);
  expect(again.err).toContain('nothing new was published');
  expect(await rig.dreamos('publish b.* x --as planner')).toMatchObject({ code: 6, out: '' });
  expect(await rig.dreamos('publish b --as planner', { terminal: true })).toMatchObject({ code: 2 });
  expect(await rig.dreamos('publish b x')).toMatchObject({ code: 2 });
});
