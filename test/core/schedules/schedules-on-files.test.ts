import { expect, test } from 'vitest';
import { fireDue } from '../../../src/core/schedules/fire-due.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { addSchedule, listSchedules, removeSchedule } from '../../../src/core/schedules/schedules.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { diskOnTime, Killed, killedAt } from '../../storage/file/disks.ts';
import { drain, makeRoom, recoverAll, type Room } from '../../storage/file/room.ts';
import { rootOver } from '../../../src/core/open-root.ts';

const day = 86_400_000;

function rootOn(room: Room, store: Store): Session {
  const warn = (warning: string): void => void room.warnings.push(warning);
  const { root: path, clock, ids } = room;
  return rootOver(store, { path, clock, ids }, { as: 'ann', warn });
}

const daily = { name: 'daily', cron: '0 3 * * *', message: { to: 'bob', body: 'daily' } };

test('a process that is killed at any moment while it sends leaves an occurrence that is sent once', async () => {
  let kills = 0;
  for (let n = 1, living = false; !living; n++) {
    const room = makeRoom();
    await addSchedule(rootOn(room, await room.open()), daily);
    room.clock.advance(day);
    const { disk, killed } = killedAt(n);
    try {
      await fireDue(rootOn(room, await room.open(disk)));
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
    living = !killed();
    if (!living) kills++;
    const root = rootOn(room, await room.open());
    await fireDue(root);
    await recoverAll(room, root.store);
    expect(await drain(root.store), `killed in front of change ${n}`).toEqual(['daily']);
    const [schedule] = await listSchedules(root);
    expect(schedule?.lastAt, `killed in front of change ${n}`).toMatch(/T03:00:00\.000Z$/);
    expect((await fireDue(root)).fired).toEqual([]);
  }
  // Otherwise nothing was killed, and nothing shown.
  expect(kills).toBeGreaterThan(5);
});

test('of several processes that look at once one sends, day after day', async () => {
  const room = makeRoom();
  const roots = await Promise.all([1, 2, 3, 4].map(async () => rootOn(room, await room.open(diskOnTime(room.clock)))));
  await addSchedule(roots[0] as Session, daily);
  await addSchedule(roots[1] as Session, { ...daily, name: 'other', message: { to: 'bob', body: 'other' } });
  for (let i = 0; i < 3; i++) {
    room.clock.advance(day);
    const fired = (await Promise.all(roots.map((root) => fireDue(root)))).flatMap((due) => due.fired);
    expect(fired.map(({ schedule }) => schedule).sort()).toEqual(['daily', 'other']);
    const bodies = await drain((roots[0] as Session).store);
    expect(bodies.sort()).toEqual(['daily', 'other']);
  }
  for (const root of roots) await root.close();
});

test('who is killed while he adds or removes a schedule leaves the old ones or the new ones', async () => {
  for (const [act, names] of [
    [(root: Session) => addSchedule(root, { ...daily, name: 'other' }), ['daily', 'other']],
    [(root: Session) => removeSchedule(root, 'daily'), []],
  ] as const) {
    const seen = new Set<string>();
    for (let n = 1, living = false; !living; n++) {
      const room = makeRoom();
      await addSchedule(rootOn(room, await room.open()), daily);
      const { disk, killed } = killedAt(n);
      await act(rootOn(room, await room.open(disk))).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
      living = !killed();
      seen.add((await listSchedules(rootOn(room, await room.open()))).map(({ name }) => name).join());
    }
    expect(seen).toEqual(new Set(['daily', names.join()]));
  }
});
