/** A bridge and who listens for it by ZeroMQ, as processes. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { bytesIn, idsIn } from './bridging.ts';
import { test } from './rig.ts';
import { listening, rest, rootsWithKeys } from './zeromq.ts';

test('a message goes to who listens, byte for byte, and what he refuses is a dead letter', async ({ bare: rig }) => {
  const { a, b } = await rootsWithKeys(rig);
  const id = await rig.sent(['send', 'bob', 'ready? ä', '--as', 'ann', '--data', '{"n":1.0}'], { cwd: a });
  const before = bytesIn(a, 'bob', 'ready');
  const { far, at } = await listening(rig, b);
  const way = ['bridge', 'b', '--via', at, '--key', 'keys', '--once', '--json'];
  const there = await rig.dreamos(way, { cwd: a });
  expect(there).toMatchObject({ code: 0, err: '' });
  expect(there.json).toEqual([
    { event: 'up', peer: 'b' },
    { event: 'forwarded', id, mailbox: 'bob', peer: 'b' },
  ]);
  expect(bytesIn(b, 'bob', 'ready')).toBe(before);
  await rig.dreamos('agent retire bob', { cwd: b });
  const late = await rig.sent('send bob late --as ann', { cwd: a });
  const refused = await rig.dreamos(way, { cwd: a });
  expect(refused.json.at(-1)).toMatchObject({ event: 'refused', id: late, code: 'AGENT_RETIRED' });
  expect(await far.kill('SIGTERM')).toMatchObject({ code: 0, out: '' });
  const away = await rig.dreamos(way, { cwd: a });
  expect(away).toMatchObject({ code: 8 });
  expect(away.err).toContain('nobody listens there');
});

test('who listens says where it cannot, and ends with an error when its root is moved', async ({ bare: rig }) => {
  const { a, b } = await rootsWithKeys(rig);
  const { far, at } = await listening(rig, b);
  const taken = await rig.dreamos(['receive', '--listen', at, '--key', 'keys'], { cwd: b });
  expect(taken).toMatchObject({ code: 5 });
  expect(taken.err).toContain('something else listens there');
  const running = rig.start(['bridge', 'b', '--via', at, '--key', 'keys', '--json'], { cwd: a });
  const forwarded = async (count: number): Promise<void> => {
    while (running.lines().filter((line) => line.includes('forwarded')).length < count) await rest();
  };
  await rig.sent('send bob before --as ann', { cwd: a });
  await forwarded(1);
  const moved = await rig.dreamos(['move', '--to', `file:${join(rig.dir, 'elsewhere')}`], { cwd: b });
  expect(moved).toMatchObject({ code: 0 });
  await rig.sent('send bob behind --as ann', { cwd: a });
  const ended = await far.ended;
  expect(ended).toMatchObject({ code: 5 });
  expect(ended.err).toContain('was moved to file:');
  await listening(rig, b, at);
  await forwarded(2);
  await running.kill('SIGTERM');
  expect(await idsIn(rig, a, 'bob', 'dead')).toEqual([]);
  expect(await idsIn(rig, b, 'bob', 'ready')).toHaveLength(2);
});
