import { expect, test, vi } from 'vitest';
import { follow, type Followed } from '../../../src/core/follow/follow.ts';
import { lookAgainMs } from '../../../src/core/wait/bell.ts';
import type { WatchedEvent } from '../../../src/model/event.ts';
import { soFar, useStillTime } from '../still-time.ts';

const still = useStillTime();

type Hint = (where?: ReadonlySet<string>) => void;

/** A log whose looks are counted: each in these places, or `everywhere`. @param news how many looks find something */
function counted(news: { left: number }): { followed: Followed<WatchedEvent>; looks: string[]; hint: Hint } {
  const looks: string[] = [];
  let ring: Hint = () => undefined;
  const event: WatchedEvent = { at: '', mailbox: 'bob', event: 'acked', id: '', cursor: 'c' };
  const followed: Followed<WatchedEvent> = {
    cursor: async () => 'c',
    read: async (cursor, _why, among) => {
      looks.push(among === undefined ? 'everywhere' : [...among].join(' '));
      const isNews = news.left-- > 0;
      return { events: isNews ? [event] : [], cursor, more: new Set(news.left > 0 ? ['bob'] : []), warnings: [] };
    },
    watch: async (hint) => {
      ring = hint;
      return { close: async () => undefined };
    },
    tell: async (one) => one,
    rest: async () => ({ ms: lookAgainMs }),
  };
  return { followed, looks, hint: (where) => ring(where) };
}

async function following(
  { followed }: ReturnType<typeof counted>,
  each: () => void = () => undefined,
): Promise<{ done: Promise<void>; stop: AbortController }> {
  const stop = new AbortController();
  const done = (async () => {
    for await (const _ of follow(still.rig.root, followed, { signal: stop.signal })) each();
  })();
  await soFar(done);
  return { done, stop };
}

test('it looks where hints say that something happened, and everywhere when time has passed', async () => {
  const log = counted({ left: 0 });
  const { done, stop } = await following(log);
  log.looks.length = 0;
  log.hint(new Set(['bob']));
  log.hint(new Set(['cy']));
  await soFar(done);
  log.hint(new Set(['bob']));
  log.hint();
  await soFar(done);
  await vi.advanceTimersByTimeAsync(lookAgainMs);
  expect(log.looks).toEqual(['bob cy', 'everywhere', 'everywhere']);
  stop.abort();
  await done;
});

test('a busy place hides no other, whose hint came or was lost', async () => {
  const news = { left: 0 };
  const log = counted(news);
  let told = 0;
  const { done, stop } = await following(log, () => {
    if (told++ === 0) log.hint(new Set(['cy']));
    else vi.advanceTimersByTime(lookAgainMs);
  });
  log.looks.length = 0;
  news.left = 2;
  log.hint(new Set(['bob']));
  await soFar(done);
  expect(log.looks.slice(0, 3)).toEqual(['bob', 'bob cy', 'everywhere']);
  stop.abort();
  await done;
});

test('the last look before its time is over leaves nothing out, for a hint may have been lost', async () => {
  const log = counted({ left: 0 });
  const done = (async () => {
    for await (const _ of follow(still.rig.root, log.followed, { waitMs: 2000 }));
  })();
  await soFar(done);
  log.looks.length = 0;
  await vi.advanceTimersByTimeAsync(2000);
  await done;
  expect(log.looks).toEqual(['everywhere']);
});

test('who follows is told when the root was removed, although hints go on', async () => {
  const log = counted({ left: 0 });
  const session = { ...still.rig.root, store: { ...still.rig.root.store, isThere: async () => false } };
  const failure = (async () => {
    for await (const _ of follow(session, log.followed, {}));
  })().catch((error: unknown) => error);
  for (let passedMs = 0; passedMs < lookAgainMs; passedMs += 1000) {
    await vi.advanceTimersByTimeAsync(1000);
    log.hint();
  }
  expect(await soFar(failure)).toMatchObject({ kind: 'not-found', code: 'ROOT_NOT_FOUND' });
});

test('says once where it begins, when that can be gone on from, and before it tells anything', async () => {
  const log = counted({ left: 1 });
  const said: string[] = [];
  const stop = new AbortController();
  const { signal } = stop;
  const done = (async () => {
    const options = { signal, onBegun: (cursor: string) => said.push(`begun ${cursor}`) };
    for await (const event of follow(still.rig.root, log.followed, options)) said.push(event.event);
  })();
  await soFar(done);
  log.hint();
  await soFar(done);
  expect(said).toEqual(['begun c', 'acked']);
  stop.abort();
  await done;
  const broken = { ...log.followed, read: () => Promise.reject(new Error('no cursor')) };
  const failing = follow(still.rig.root, broken, { since: 'x', onBegun: () => said.push('never') });
  await expect(failing.next()).rejects.toThrow('no cursor');
  expect(said).not.toContain('never');
});
