import { expect, test, vi } from 'vitest';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { watch } from '../../../src/core/follow/watch.ts';
import type { WatchedEvent } from '../../../src/model/event.ts';
import { must } from '../rig.ts';
import { soFar, useStillTime } from '../still-time.ts';

const still = useStillTime();

/** Collects what a watcher sees, in the background. */
function follow(events: AsyncGenerator<WatchedEvent>): {
  seen: WatchedEvent[];
  names(): string[];
  done: Promise<'ended'>;
} {
  const seen: WatchedEvent[] = [];
  const done = (async () => {
    for await (const event of events) seen.push(event);
    return 'ended' as const;
  })();
  return { seen, names: () => seen.map(({ event }) => event), done };
}

test('a watcher sees each event as it happens, from now on', async () => {
  await send(still.rig.root, { to: 'reviewer', body: 'before' });
  const controller = new AbortController();
  const { seen, names, done } = follow(watch(still.rig.root, { signal: controller.signal }));
  expect(await soFar(done)).toBe('waiting');
  const { id } = await send(still.rig.root, { to: ['reviewer', 'Builder'], body: 'x', subject: 'S' });
  expect(await soFar(done)).toBe('waiting');
  expect(seen).toMatchObject([
    { event: 'delivered', id, mailbox: 'reviewer', from: 'planner', subject: 'S' },
    { event: 'delivered', id, mailbox: 'Builder' },
  ]);
  await readNext(still.rig.as('reviewer'), 'reviewer');
  expect(await soFar(done)).toBe('waiting');
  expect(names()).toEqual(['delivered', 'delivered', 'claimed']);
  controller.abort();
  expect(await soFar(done)).toBe('ended');
});

test('a watcher that was stopped goes on from the last cursor without gap or repeat', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 6; i++) ids.push((await send(still.rig.root, { to: 'reviewer', body: `${i}` })).id);
  const first = follow(watch(still.rig.root, { since: 'start', count: 2 }));
  expect(await soFar(first.done)).toBe('ended');
  const second = follow(watch(still.rig.root, { since: must(first.seen.at(-1)).cursor, waitMs: 100 }));
  await vi.advanceTimersByTimeAsync(100);
  expect(await soFar(second.done)).toBe('ended');
  expect([...first.seen, ...second.seen].map(({ id }) => id)).toEqual(ids);
});

test('a watcher of one mailbox sees no other', async () => {
  const { seen, done } = follow(watch(still.rig.root, { mailboxes: ['builder'], waitMs: 100 }));
  await soFar(done);
  await send(still.rig.root, { to: 'reviewer', body: 'x' });
  await send(still.rig.root, { to: 'Builder', body: 'y' });
  await vi.advanceTimersByTimeAsync(100);
  expect(await soFar(done)).toBe('ended');
  expect(seen.map(({ mailbox }) => mailbox)).toEqual(['Builder']);
});

test('a watcher brings what falls due, and sees it', async () => {
  await send(still.rig.root, { to: 'reviewer', body: 'held' });
  await readNext(still.rig.root, 'reviewer', { leaseMs: 3000 });
  const controller = new AbortController();
  const { names, done } = follow(watch(still.rig.root, { signal: controller.signal }));
  await soFar(done);
  await send(still.rig.root, { to: 'Builder', body: 'later', delayMs: 1000 });
  await vi.advanceTimersByTimeAsync(1010);
  expect(names()).toEqual(['scheduled', 'delivered']);
  await vi.advanceTimersByTimeAsync(2000);
  expect(names()).toEqual(['scheduled', 'delivered', 'lease_expired']);
  controller.abort();
  await done;
});

test('a watcher looks for handed-in files when it is woken without an event', async () => {
  let hint = (): void => undefined;
  vi.spyOn(still.rig.root.store.journal, 'watch').mockImplementation(async (_mailboxes, ring) => {
    hint = ring;
    return { close: async () => undefined };
  });
  const controller = new AbortController();
  const { done } = follow(watch(still.rig.root, { mailboxes: ['reviewer'], signal: controller.signal }));
  await soFar(done);
  const recover = vi.spyOn(still.rig.root.store.mail, 'recover');
  hint();
  await soFar(done);
  expect(recover).toHaveBeenCalledTimes(1);
  controller.abort();
  await done;
});

test('a burst of events means few looks for what is due', async () => {
  const controller = new AbortController();
  const { seen, done } = follow(watch(still.rig.root, { mailboxes: ['reviewer'], signal: controller.signal }));
  await soFar(done);
  const recover = vi.spyOn(still.rig.root.store.mail, 'recover');
  for (let i = 0; i < 100; i++) {
    await send(still.rig.root, { to: 'reviewer', body: 'x' });
    await vi.advanceTimersByTimeAsync(1);
  }
  await vi.advanceTimersByTimeAsync(1000);
  expect(seen).toHaveLength(100);
  expect(recover.mock.calls.length).toBeLessThanOrEqual(3);
  controller.abort();
  await done;
});

test('an idle watcher rests', async () => {
  const controller = new AbortController();
  const { done } = follow(watch(still.rig.root, { signal: controller.signal }));
  await soFar(done);
  const calls = [vi.spyOn(still.rig.root.store.mail, 'recover'), vi.spyOn(still.rig.root.store.journal, 'readEvents')];
  await vi.advanceTimersByTimeAsync(60_000);
  for (const call of calls) expect(call.mock.calls.length).toBeLessThanOrEqual(12);
  controller.abort();
  await done;
});

test('the time of a watcher is the longest time without an event', async () => {
  const { seen, done } = follow(watch(still.rig.root, { waitMs: 1000 }));
  await vi.advanceTimersByTimeAsync(900);
  await send(still.rig.root, { to: 'reviewer', body: 'x' });
  await vi.advanceTimersByTimeAsync(900);
  expect(await soFar(done)).toBe('waiting');
  await vi.advanceTimersByTimeAsync(100);
  expect(await soFar(done)).toBe('ended');
  expect(seen).toHaveLength(1);
});

test('nonsense for a cursor and unknown mailboxes are refused at once', async () => {
  await expect(watch(still.rig.root, { since: 'nonsense' }).next()).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  await expect(watch(still.rig.root, { mailboxes: ['nobody'] }).next()).rejects.toMatchObject({
    code: 'AGENT_NOT_FOUND',
  });
});

test('warnings of the log reach whoever watches', async () => {
  const { store } = still.rig.root;
  const readEvents = store.journal.readEvents.bind(store);
  vi.spyOn(store.journal, 'readEvents').mockImplementation(async (...args) => ({
    ...(await readEvents(...args)),
    warnings: ['restarted'],
  }));
  const warned: string[] = [];
  const { done } = follow(watch(still.rig.root, { waitMs: 10, onWarning: (warning) => warned.push(warning) }));
  await vi.advanceTimersByTimeAsync(10);
  await done;
  expect(warned).toContain('restarted');
});

test('a file that is handed in is looked at soon, also when its hint came together with an event elsewhere', async () => {
  const { journal, mail } = still.rig.root.store;
  let hint: (where?: ReadonlySet<string>) => void = () => undefined;
  vi.spyOn(journal, 'watch').mockImplementation(async (_, ring) => {
    hint = ring;
    return { close: async () => undefined };
  });
  const stop = new AbortController();
  const { done } = follow(watch(still.rig.root, { signal: stop.signal }));
  await soFar(done);
  const recover = vi.spyOn(mail, 'recover');
  await send(still.rig.root, { to: 'reviewer', body: 'x' });
  hint(new Set(['reviewer', 'Builder']));
  await soFar(done);
  await vi.advanceTimersByTimeAsync(500);
  expect(recover.mock.calls.map(([mailbox]) => mailbox)).toContain('Builder');
  stop.abort();
  await done;
});

test('a watcher that is ended while it tells opens no watches and moves nothing', async () => {
  const { journal, mail } = still.rig.root.store;
  await send(still.rig.root, { to: 'reviewer', body: 'x' });
  const opened = vi.spyOn(journal, 'watch');
  const recover = vi.spyOn(mail, 'recover');
  const stop = new AbortController();
  for await (const _ of watch(still.rig.root, { since: 'start', signal: stop.signal })) stop.abort();
  expect([opened, recover].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
});

test('many who watch look no more often than one for what no hint tells of', async () => {
  const recover = vi.spyOn(still.rig.root.store.mail, 'recover');
  const controller = new AbortController();
  const watched = (): Promise<'ended'> => follow(watch(still.rig.root, { signal: controller.signal })).done;
  const all = [watched()];
  await soFar(all[0] as Promise<'ended'>);
  const { length: agents } = recover.mock.calls;
  expect(agents).toBe(3);
  for (let i = 0; i < 9; i++) all.push(watched());
  await vi.advanceTimersByTimeAsync(60_000);
  expect(recover.mock.calls.length).toBe(5 * agents);
  controller.abort();
  await Promise.all(all);
});

test('who came later also brings what falls due, when the one who knew of it has gone', async () => {
  await send(still.rig.root, { to: 'Builder', body: 'later', delayMs: 9000 });
  const [first, second] = [new AbortController(), new AbortController()];
  const one = follow(watch(still.rig.root, { signal: first.signal }));
  await soFar(one.done);
  const other = follow(watch(still.rig.root, { signal: second.signal }));
  await soFar(other.done);
  first.abort();
  await vi.advanceTimersByTimeAsync(9010);
  expect(other.names()).toEqual(['delivered']);
  second.abort();
  await Promise.all([one.done, other.done]);
});
