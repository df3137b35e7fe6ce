import { expect } from 'vitest';
import { hourMs, minuteMs } from '../../../src/model/basics/limits.ts';
import type { Rig } from './rig.ts';
import { changeAgentIn } from './ways.ts';

export function allowanceRules(rig: Rig): void {
  const { test } = rig;
  const spend = (count = 1, perMinute = 60, store = rig.store) => store.mail.spend('ann', perMinute, count);
  const left = async (perMinute = 60, store = rig.store, mailbox = 'ann'): Promise<number> =>
    (await store.look.allowance(mailbox, perMinute)).left;

  rig.onStillClock('it is full at first, and to look takes nothing', async () => {
    expect(await rig.store.look.allowance('ann', 60)).toEqual({ left: 60, nextAt: rig.now() });
    expect(await spend(0)).toEqual({ spent: 0, left: 60, nextAt: rig.now() });
    expect(await spend()).toEqual({ spent: 1, left: 59, nextAt: rig.now() });
    expect(await left()).toBe(59);
    expect(await left(60, rig.store, 'bob')).toBe(60);
    expect(await rig.events('all')).toEqual([]);
  });

  test('of more than there is all that is left is taken, and it says when the next is there', async () => {
    const begin = rig.now();
    const { spent, left: none, nextAt } = await spend(3, 2);
    expect([spent, none]).toEqual([2, 0]);
    expect(nextAt).toBeGreaterThanOrEqual(begin + minuteMs / 2);
    expect(nextAt).toBeLessThanOrEqual(rig.now() + minuteMs / 2);
    expect(await spend(1, 2)).toMatchObject({ spent: 0, nextAt });
  });

  rig.onStillClock('it fills steadily, and to no more than a minute has', async () => {
    await spend(60);
    await rig.pass(999);
    expect(await spend()).toMatchObject({ spent: 0, nextAt: rig.now() + 1 });
    await rig.pass(1);
    expect(await spend(2)).toMatchObject({ spent: 1, left: 0 });
    await rig.pass(30_000);
    expect(await left()).toBe(30);
    await rig.pass(hourMs);
    expect(await spend(61)).toMatchObject({ spent: 60, left: 0 });
  });

  rig.onStillClock.for([1, 7, 60, 99_999, 100_000])('at %i a minute a whole minute has all of them', async (rate) => {
    for (let minute = 0; minute < 3; minute++) {
      let all = 0;
      for (let part = 0; part < 7; part++) all += (await spend(Math.ceil(rate / 7), rate)).spent;
      expect(all).toBe(rate);
      await rig.pass(minuteMs);
    }
  });

  rig.onStillClock('what is given back is there again, and no bucket is more than full', async () => {
    await spend(60);
    await spend(-2);
    expect(await left()).toBe(2);
    await spend(-0.5);
    await rig.pass(500);
    expect(await left()).toBe(3);
    await spend(-100);
    expect(await left()).toBe(60);
  });

  test('every process takes of the same', async () => {
    const stores = [rig.store, await rig.another(), await rig.another()];
    const all = await Promise.all(Array.from({ length: 30 }, (_, i) => spend(1, 5, stores[i % 3])));
    expect(all.filter(({ spent }) => spent === 1)).toHaveLength(5);
    expect(await Promise.all(stores.map((store) => left(5, store)))).toEqual([0, 0, 0]);
    await spend(-1, 5, stores[1]);
    expect(await spend(1, 5, stores[2])).toMatchObject({ spent: 1 });
    expect(await spend(1, 5)).toMatchObject({ spent: 0 });
  });

  rig.onStillClock('another rate finds it as full as it was', async () => {
    await spend(30);
    expect(await left(10)).toBe(5);
    expect(await left(600)).toBe(300);
  });

  test('it goes with another name, and a new agent of the old one has its own', async () => {
    await spend(2, 2);
    await rig.store.documents.rename('ann', 'anna');
    await changeAgentIn(rig.store, 'ann', (card) => card ?? { name: 'ann', createdAt: new Date().toISOString() });
    expect(await left(2, rig.store, 'anna')).toBe(0);
    expect(await spend(1, 2)).toMatchObject({ spent: 1 });
  });

  rig.onStillClock('a clock that was ahead, and is right again, keeps nobody from sending', async () => {
    await rig.pass(hourMs);
    await spend(60);
    await rig.pass(-hourMs);
    expect(await spend()).toMatchObject({ spent: 1, left: 59 });
  });
}
