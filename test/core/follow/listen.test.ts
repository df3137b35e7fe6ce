import { expect, test, vi } from 'vitest';
import { listen, listenOnce } from '../../../src/core/follow/listen.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { send } from '../../../src/core/send/send.ts';
import { pruneTopic } from '../../../src/core/topics/topics.ts';
import { expectRefusal, gather, must } from '../rig.ts';
import { soFar, useStillTime } from '../still-time.ts';
import type { Heard } from '../../../src/contract/look.ts';

const still = useStillTime();
const say = async (topic: string, body: string): Promise<string> => (await publish(still.rig.root, topic, { body })).id;

function follow(heard: AsyncGenerator<Heard>): { heard: Heard[]; words(): string[]; done: Promise<'ended'> } {
  const all: Heard[] = [];
  const done = (async () => {
    for await (const one of heard) all.push(one);
    return 'ended' as const;
  })();
  return { heard: all, words: () => all.map(({ topic, message }) => `${topic} ${message.body}`), done };
}

test('a listener hears what is published to matching topics from now on, also to new ones, and nothing else', async () => {
  await say('build.old', 'before');
  const controller = new AbortController();
  const listener = follow(listen(still.rig.root, ['build.*', 'x'], { signal: controller.signal }));
  expect(await soFar(listener.done)).toBe('waiting');
  const id = await say('build.old', 'one');
  await say('BUILD.new', 'two');
  await say('build.new.deep', 'not this');
  await say('test', 'nor this');
  await say('x', 'three');
  await send(still.rig.root, { to: 'reviewer', body: 'mail' });
  expect(await soFar(listener.done)).toBe('waiting');
  expect(listener.words()).toEqual(['build.old one', 'build.new two', 'x three']);
  const at = new Date(still.rig.root.clock.now()).toISOString();
  expect(listener.heard[0]).toMatchObject({ at, topic: 'build.old', message: { id, topic: 'build.old', to: [] } });
  controller.abort();
  expect(await soFar(listener.done)).toBe('ended');
});

test('who listens twice hears everything twice, and takes nothing from anybody', async () => {
  const two = [1, 2].map(() => follow(listen(still.rig.root, '>', { count: 1 })));
  for (const { done } of two) expect(await soFar(done)).toBe('waiting');
  await say('x', 'one');
  for (const { done, words } of two) {
    expect(await soFar(done)).toBe('ended');
    expect(words()).toEqual(['x one']);
  }
});

test('a listener that was stopped goes on behind its cursor without gap or repeat', async () => {
  for (const [i, topic] of ['a', 'b', 'a', 'c'].entries()) await say(topic, `${i}`);
  const first = await gather(listen(still.rig.root, '*', { since: 'start', count: 2 }));
  await say('d', '4');
  const rest = follow(listen(still.rig.root, '*', { since: must(first.at(-1)).cursor, waitMs: 100 }));
  await vi.advanceTimersByTimeAsync(100);
  expect(await soFar(rest.done)).toBe('ended');
  expect([...first, ...rest.heard].map(({ message }) => message.body)).toEqual(['0', '1', '2', '3', '4']);
});

test('what was published before a moment is left out', async () => {
  await say('x', 'old');
  await vi.advanceTimersByTimeAsync(60_000);
  const from = still.rig.root.clock.now();
  await say('x', 'young');
  const [heard] = await gather(listen(still.rig.root, 'x', { since: 'start', from, count: 1 }));
  expect(heard?.message.body).toBe('young');
});

test('what was pruned is passed over with one warning', async () => {
  for (const body of ['gone', 'too']) await say('x', body);
  await vi.advanceTimersByTimeAsync(60_000);
  await pruneTopic(still.rig.root, 'x', { olderThanMs: 1000 });
  await say('x', 'there');
  const warnings: string[] = [];
  const onWarning = (warning: string): void => void warnings.push(warning);
  const [heard] = await gather(listen(still.rig.root, 'x', { since: 'start', count: 1, onWarning }));
  expect(heard?.message.body).toBe('there');
  expect(warnings).toEqual(['2 messages published to x are not there any more and are passed over.']);
});

test('a wait is for the next message, not for all of them', async () => {
  const listener = follow(listen(still.rig.root, 'x', { waitMs: 1000 }));
  for (let i = 0; i < 3; i++) {
    expect(await soFar(listener.done)).toBe('waiting');
    await vi.advanceTimersByTimeAsync(900);
    await say('x', `${i}`);
  }
  expect(await soFar(listener.done)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(1000);
  expect(await soFar(listener.done)).toBe('ended');
  expect(listener.heard).toHaveLength(3);
});

test('nonsense is refused', async () => {
  await expectRefusal(gather(listen(still.rig.root, 'a.>.b')), 'TOPIC_INVALID');
  await expectRefusal(gather(listen(still.rig.root, 'a', { since: 'nonsense' })), 'CURSOR_INVALID');
});

test('a page ends when its time is over, behind what was looked at, and says that there is more', async () => {
  for (const body of ['one', 'two', 'three']) await say('x', body);
  const { journal } = still.rig.root.store;
  const readEvents = journal.readEvents.bind(journal);
  const slow = vi.spyOn(journal, 'readEvents').mockImplementation(async (...args) => {
    vi.advanceTimersByTime(700);
    const { events, ...batch } = await readEvents(...args);
    const [first, ...others] = events;
    const more = new Set(others.length > 0 ? ['#x'] : []);
    return { ...batch, more, events: first ? [first] : [], cursor: first?.cursor ?? batch.cursor };
  });
  const page = (since: string, from: number) => listenOnce(still.rig.root, ['x'], { since, from, isFull: () => false });
  await say('x', 'four');
  // What is passed over takes its time, too.
  const none = await page('start', Infinity);
  expect(none).toMatchObject({ heard: [], more: true });
  expect(slow).toHaveBeenCalledTimes(3);
  const rest = await page(none.cursor, -Infinity);
  expect(rest).toMatchObject({ heard: [{ message: { body: 'four' } }], more: false });
  slow.mockRestore();
});
