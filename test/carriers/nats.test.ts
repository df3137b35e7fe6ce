import type { JetStreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { windowFor } from '../../src/carriers/nats/consume.ts';
import { loadNats } from '../../src/carriers/nats/package.ts';
import { ensureStream, namesOf, returnsOf } from '../../src/carriers/nats/stream.ts';

test('the subjects of a root are the same however its name is cased', () => {
  expect(namesOf('team', 'Host-A', 'HOST-B')).toEqual(namesOf('team', 'host-a', 'host-b'));
  expect(namesOf('team', 'Host-A', 'b').own).toBe(namesOf('team', 'b', 'hOST-a').out);
  expect(namesOf('team', 'a', 'b').returns).toBe(returnsOf('team', 'A', 'B'));
});

test('no two roots have one subject or consumer, whatever letters their names have', () => {
  const names = ['a', 'a.b', 'a_b', 'a_d', 'a._', 'a_.', 'a_by_b', 'b', 'a-b', 'b_', 'a_'];
  const all = names.flatMap((own) => names.map((peer) => namesOf('team', own, peer)));
  for (const part of ['returns', 'returnsConsumer'] as const)
    expect(new Set(all.map((one) => one[part])).size).toBe(all.length);
  expect(new Set(all.map(({ own }) => own)).size).toBe(names.length);
  expect(new Set(all.flatMap((one) => [one.ownConsumer, one.returnsConsumer])).size).toBe(all.length + names.length);
  for (const { own, returns, ownConsumer, returnsConsumer } of all) {
    expect([own, returns].map((subject) => subject.split('.').length)).toEqual([3, 4]);
    for (const consumer of [ownConsumer, returnsConsumer]) expect(consumer).toMatch(/^[\w-]+$/);
  }
});

test('without the packages it is said how to get them', async () => {
  const missing = loadNats(() =>
    Promise.reject(new Error("Cannot find package '@nats-io/jetstream' from x\nRequire: y")),
  );
  await expect(missing).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining("Cannot find package '@nats-io/jetstream' from x."),
    hint: expect.stringContaining('npm install @nats-io/transport-node@3 @nats-io/jetstream@3'),
  });
});

test.each([
  ['persist_mode async', { persist_mode: 'async' }],
  ['sealed', { sealed: true }],
  ['subject_transform', { subject_transform: { src: 'team.>', dest: 'other.>' } }],
])('a stream that would lose mail by %s is not used', async (why, more) => {
  const good = {
    name: 'team',
    subjects: ['team.>'],
    storage: 'file',
    retention: 'workqueue',
    discard: 'new',
    max_age: 0,
  };
  const streamOf = async (config: object) => {
    const jsm = { streams: { info: async () => ({ config }) } } as unknown as JetStreamManager;
    return ensureStream(await loadNats(), jsm, 'team', 1);
  };
  expect((await streamOf({ ...good, persist_mode: 'default' })).config.name).toBe('team');
  await expect(streamOf({ ...good, ...more })).rejects.toThrow(`the stream team is not one for mail: ${why}`);
});

test('fewer are brought together by a broker that takes larger ones, and one in any case', () => {
  expect([undefined, 1024, 1024 ** 2, 8 * 1024 ** 2, 64 * 1024 ** 2, 1024 ** 3].map(windowFor)).toEqual([
    256, 256, 256, 32, 4, 1,
  ]);
});
