/**
 * Renames that are killed in the middle, while others send to both names, publish, read and ack. Whatever the moment: the
 * same command again ends it, and in the end each message that was acknowledged is in the one mailbox there is, once.
 */
import { expect, vi } from 'vitest';
import { pause, test } from '../../e2e/rig.ts';
import { isForLong } from '../../projects.ts';

// A killed one's lock is waited for.
vi.setConfig({ testTimeout: 240_000 });
const rounds = isForLong ? 10 : 4;
const mostRounds = 30;

test('kill -9 of a rename, again and again, loses and doubles nothing that others send and ack', async ({
  bare: rig,
}) => {
  expect(await rig.dreamos('init planner builder')).toMatchObject({ code: 0 });
  expect(await rig.dreamos('subscribe build.done --as builder')).toMatchObject({ code: 0 });
  const names = ['builder', 'worker'];
  const started = performance.now();
  await rig.dreamos('agent rename builder worker');
  const wholeMs = performance.now() - started;
  const input = { root: rig.root, names, topic: 'build.done' };
  const working = (from: string, more: object) => rig.worker('send-to-renamed.mjs', { ...input, from, ...more });
  const senders = ['ann', 'bob'].map((from) => working(from, { reads: false }));
  const reader = working('cy', { reads: true });

  let [from = '', to = ''] = ['worker', 'builder'];
  let killed = 0;
  for (let round = 0; round < rounds || (killed === 0 && round < mostRounds); round++) {
    const renaming = rig.start(['agent', 'rename', from, to]);
    await pause(wholeMs * (0.3 + Math.random() * 0.8));
    if ((await renaming.kill('SIGKILL')).signal === 'SIGKILL') killed++;
    expect(await rig.dreamos(['agent', 'rename', from, to])).toMatchObject({ code: 0, err: '' });
    [from, to] = [to, from];
  }
  const ended = await Promise.all([...senders, reader].map((one) => one.kill('SIGTERM')));
  expect(killed, 'some were killed before their end').toBeGreaterThan(0);

  const said = ended.flatMap(({ out }) => out.split('\n').slice(0, -1));
  expect(said.filter((line) => line.includes(':'))).toEqual([]);
  expect(said.length).toBeGreaterThan(10 * rounds);
  expect((await rig.dreamos('agent list --json')).json.map((one) => one['name'])).toEqual([from, 'planner'].sort());
  const found = (await rig.dreamos(['list', from, '--state', 'all', '--limit', '1000000', '--json'])).json.map(
    ({ id }) => id,
  );
  expect(new Set(found).size, 'each once').toBe(found.length);
  const there = new Set(found);
  expect(said.filter((id) => !there.has(id))).toEqual([]);
  expect((await rig.dreamos('doctor --json')).code).toBe(0);
});
