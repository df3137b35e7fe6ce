import { beforeEach, expect, test } from 'vitest';
import { publish } from '../../../src/core/topics/publish.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { searchArchive } from '../../../src/core/keep/archive.ts';
import { search } from '../../../src/core/look/search.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { subscribe } from '../../../src/core/topics/subscriptions.ts';
import { thread } from '../../../src/core/look/thread.ts';
import { pruneTopics } from '../../../src/core/topics/topics.ts';
import { trace } from '../../../src/core/look/trace.ts';
import { type CoreRig, createCoreRig, gather, must } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const take = async (mailbox = 'reviewer') => must(await readNext(rig.as(mailbox), mailbox));

test('what was published is traced, found and part of its thread, also with nobody subscribed', async () => {
  const { id: lone } = await publish(rig.root, 'build.done', { body: 'red' });
  await subscribe(rig.as('reviewer'), 'build.*');
  const { id } = await publish(rig.root, 'build.done', { body: 'green', replyTo: lone, thread: lone });
  await ack(rig.root, (await take()).receipt);
  const traced = await trace(rig.root, id);
  expect(traced.cut).toEqual([]);
  expect(traced.entries.map(({ mailbox, state }) => `${mailbox} ${state}`)).toEqual([
    'reviewer archived',
    '#build.done archived',
  ]);
  expect(traced.steps.map(({ mailbox, event }) => `${mailbox} ${event}`).sort()).toEqual([
    '#build.done published',
    'reviewer acked',
    'reviewer claimed',
    'reviewer delivered',
  ]);
  const alone = await trace(rig.root, lone);
  expect(alone).toMatchObject({ cut: [], message: { id: lone }, entries: [{ mailbox: '#build.done' }] });
  expect(alone.steps.map((step) => `${step.mailbox} ${step.id}`)).toContain(`#build.done ${id}`);

  for (const known of [lone, id]) {
    const messages = await thread(rig.root, known);
    expect(messages.map(({ message, entries }) => [message.body, ...entries.map((e) => e.mailbox)])).toEqual([
      ['red', '#build.done'],
      ['green', 'reviewer', '#build.done'],
    ]);
  }
  const places = async (options: object): Promise<string[]> =>
    (await gather(search(rig.root, 'green', options))).map(({ mailbox }) => mailbox);
  expect(await places({})).toEqual(['reviewer', '#build.done']);
  expect(await places({ mailbox: 'reviewer' })).toEqual(['reviewer']);
  expect(await places({ states: ['ready', 'dead'] })).toEqual([]);
  // It cannot be restored out of a topic's log.
  expect(await gather(searchArchive(rig.root, 'green'))).toMatchObject([{ mailbox: 'reviewer' }]);

  rig.clock.advance(10);
  await pruneTopics(rig.root, '>', { olderThanMs: 1 });
  expect(await trace(rig.root, lone)).toMatchObject({ message: null, entries: [] });
});
