import { expect } from 'vitest';
import type { HostSession } from '../../../src/storage/port/reach.ts';
import type { Rig } from './rig.ts';

const key = { host: 'claude', session: 'a1' };
const other = { host: 'codex', session: 'a1' };

export function reachRules(rig: Rig): void {
  const { test } = rig;
  const session = (fields: Partial<HostSession> = {}): HostSession => ({
    ...key,
    state: 'idle',
    since: rig.now(),
    interactive: true,
    ...fields,
  });

  test('a session is what was said of it last, also to another handle', async () => {
    expect(await rig.store.reach.getSession(key)).toBeUndefined();
    await rig.store.reach.putSession(session({ agent: 'bob', bound: true, cwd: '/a b', lastPromptAt: 7000 }));
    const last = session({ agent: 'ann', state: 'busy', pid: process.pid, heldUp: 2, delegates: true });
    const again = await rig.another();
    await again.reach.putSession(last);
    await again.reach.putSession(session(other));
    expect(await rig.store.reach.getSession(key)).toEqual(last);
    expect((await rig.store.reach.sessions()).map(({ host }) => host).sort()).toEqual(['claude', 'codex']);
    expect(await rig.store.reach.isRunning(key)).toBe(true);
  });

  test('a session that was removed is gone with what was announced to it, and no other is', async () => {
    for (const one of [key, other]) {
      await rig.store.reach.putSession(session({ ...one, agent: 'bob' }));
      await rig.store.reach.takePlace(one, 'mine');
      await rig.store.reach.announce('bob', one, [{ id: rig.ids.next(rig.now()), time: 1 }]);
    }
    await rig.store.reach.removeSession(key);
    expect(await rig.store.reach.getSession(key)).toBeUndefined();
    expect(await rig.store.reach.hasPlace(key, 'mine')).toBe(false);
    expect(await rig.store.reach.announcements('bob', key)).toEqual([]);
    expect(await rig.store.reach.announcements('bob', other)).toHaveLength(1);
    expect(await rig.store.reach.hasPlace(other, 'mine')).toBe(true);
    await rig.store.reach.removeSession(key);
  });

  test('of those who wait for a session the last one has its place', async () => {
    const again = await rig.another();
    await rig.store.reach.takePlace(key, 'first');
    expect(await again.reach.hasPlace(key, 'first')).toBe(true);
    await again.reach.takePlace(key, 'second');
    expect(await rig.store.reach.hasPlace(key, 'first')).toBe(false);
    expect(await rig.store.reach.hasPlace(key, 'second')).toBe(true);
    expect(await rig.store.reach.hasPlace(other, 'second')).toBe(false);
  });

  test('of many that announce the same to one session each message is of one alone, and is told once', async () => {
    const again = await rig.another();
    const ids = Array.from({ length: 20 }, () => rig.ids.next(rig.now()));
    const wanted = ids.map((id) => ({ id, time: 1 }));
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? rig.store : again).reach.announce('bob', key, wanted)),
    );
    expect(
      all
        .flat()
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...ids].sort());
    const known = await rig.store.reach.announcements('bob', key);
    expect(known.map(({ id }) => id).sort()).toEqual([...ids].sort());
    for (const { at, time } of known)
      expect({ isNow: Math.abs(at - rig.now()) < 5000, time }).toEqual({ isNow: true, time: 1 });
    const told = (await rig.events()).filter(({ event }) => event === 'announced');
    expect(told.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(told[0]).toMatchObject({ by: 'bob', via: 'claude', session: 'a1', mailbox: 'bob' });
  });

  test('another session, another mailbox and the next time are announced for themselves', async () => {
    const id = rig.ids.next(rig.now());
    const first = { id, time: 1 };
    const { reach } = rig.store;
    expect(await reach.announce('bob', key, [first])).toEqual([first]);
    expect(await reach.announce('bob', key, [first])).toEqual([]);
    expect(await reach.announce('bob', other, [first])).toEqual([first]);
    expect(await reach.announce('ann', key, [first])).toEqual([first]);
    expect(await reach.announce('bob', key, [{ id, time: 2 }])).toEqual([{ id, time: 2 }]);
    expect((await reach.announcements('bob', key)).map(({ time }) => time).toSorted((a, b) => a - b)).toEqual([1, 2]);
    expect([...(await reach.announcedIn('bob'))]).toEqual([id]);
    expect([...(await reach.announcedIn('Cy'))]).toEqual([]);
  });

  test('what is forgotten can be announced again', async () => {
    const { reach } = rig.store;
    const [a, b] = [rig.ids.next(rig.now()), rig.ids.next(rig.now())];
    const both = [a, b].map((id) => ({ id, time: 1 }));
    await reach.announce('bob', key, both);
    await reach.forget(
      'bob',
      key,
      (await reach.announcements('bob', key)).filter(({ id }) => id === a),
    );
    expect(await reach.announce('bob', key, both)).toEqual([{ id: a, time: 1 }]);
    await reach.forget('bob', key);
    expect(await reach.announce('bob', key, both)).toEqual(both);
    await reach.forget('ann', key);
  });

  test('what was announced follows its mailbox to another name', async () => {
    const id = rig.ids.next(rig.now());
    await rig.store.reach.announce('bob', key, [{ id, time: 1 }]);
    await rig.store.documents.rename('bob', 'bert');
    expect([...(await rig.store.reach.announcedIn('bert'))]).toEqual([id]);
  });
}
