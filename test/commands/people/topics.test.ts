import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

const lines = (text: string): string[] => text.split('\n').filter(Boolean);

test('agent register puts an agent into groups, and empties them again', async () => {
  await rig.dreamos('agent register reviewer --group Team --group reviewers');
  await rig.dreamos('agent register planner --group team');
  expect((await rig.dreamos('agent list')).out).toContain('Team, reviewers');
  expect((await rig.dreamos('send @team hello --as planner --json')).json).toMatchObject([{ to: ['reviewer'] }]);
  await rig.dreamos(['agent', 'register', 'reviewer', '--group', '']);
  expect((await rig.dreamos('agent show reviewer --json')).json).toMatchObject([{ groups: [] }]);
  expect(await rig.dreamos(['agent', 'register', 'reviewer', '--group', 'a b'])).toMatchObject({ code: 6 });
  expect(await rig.dreamos('agent register reviewer --group all')).toMatchObject({ code: 6 });
});

test('a group that nobody is in is exit 4 with the nearest one, and nothing is sent', async () => {
  await rig.dreamos('agent register reviewer --group reviewers');
  const { code, out, err } = await rig.dreamos('send planner,@reviewer hello --as planner');
  expect({ code, out }).toEqual({ code: 4, out: '' });
  expect(err).toContain('Did you mean "@reviewers"?');
  expect((await rig.dreamos('peek planner')).code).toBe(3);
});

test('send --dry-run says who would get it and why, checks everything, and sends nothing', async () => {
  await rig.dreamos('agent register reviewer --group reviewers');
  const words = 'send @reviewers,planner,@all hello --as planner --dry-run';
  const { code, out, err } = await rig.dreamos(words);
  expect({ code, out: lines(out) }).toEqual({ code: 0, out: ['reviewer  @reviewers, @all', 'planner  named, @all'] });
  expect(err).toContain('Nothing was sent');
  expect((await rig.dreamos(`${words} --json`)).json).toEqual([
    { mailbox: 'reviewer', reasons: ['@reviewers', '@all'] },
    { mailbox: 'planner', reasons: ['named', '@all'] },
  ]);
  expect((await rig.dreamos('peek reviewer')).code).toBe(3);
  expect((await rig.dreamos('send @all --as planner --dry-run')).code).toBe(6);
  expect((await rig.dreamos('send --batch --dry-run --as planner')).code).toBe(2);
});

test('a line of --batch goes to groups and names, too', async () => {
  await rig.dreamos('agent register reviewer --group r');
  const stdin = '{"to":"@r","body":"a"}\n{"to":["@all","planner"],"body":"b"}\n{"to":"@x","body":"c"}\n';
  const { code, json, err } = await rig.dreamos('send --batch --as planner --json', { stdin });
  expect(code).toBe(4);
  expect(json.map((line) => line['to'])).toEqual([['reviewer'], ['planner', 'reviewer']]);
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'AGENT_NOT_FOUND', line: 3 } });
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

test('topics list, show and prune', async () => {
  expect(await rig.dreamos('topics list')).toMatchObject({ code: 0, out: '' });
  await rig.dreamos('subscribe b.> --as reviewer');
  await rig.dreamos('publish b.c one --as planner');
  rig.time.nowMs += 2 * 86_400_000;
  await rig.dreamos(['publish', 'b.c', 'two\u0007', '--as', 'planner']);
  const listed = await rig.dreamos('topics list');
  expect(lines(listed.out)[1]).toMatch(/^b\.c +2 +2026-11-22T09:00:00\.000Z +reviewer$/);
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

test('show says in which topic a message is', async () => {
  const id = (await rig.dreamos('publish b.c one --as planner')).out.trim();
  expect((await rig.dreamos(`show ${id}`)).out).toMatch(/^In the topic: +b\.c, since 2026-11-20T09:00:00\.000Z$/m);
  expect((await rig.dreamos(`show ${id} --json`)).json).toMatchObject([{ entries: [{ mailbox: '#b.c' }] }]);
});

test('a log is nobody to write to, to read from or to watch', async () => {
  await rig.dreamos('publish b one --as planner');
  for (const line of ['send #b x --as planner', 'read #b', 'status #b', 'watch #b', 'list #b']) {
    expect(await rig.dreamos(line), line).toMatchObject({ code: 6 });
  }
  expect((await rig.dreamos('status --json')).json.map((line) => line['mailbox'])).toEqual(['planner', 'reviewer']);
});
