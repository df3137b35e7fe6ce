import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AgentCard } from '../../../../src/model/agent.ts';
import type { DocumentName } from '../../../../src/storage/port/documents.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { changeAgentIn, changeIn, documentIn } from '../../contract/ways.ts';
import { watchedDisk } from '../disks.ts';
import { inspected, makeRoom, type Room } from '../room.ts';

// Who holds a lock and is stopped for too long loses it to another, and does not know. So no lock is taken here at all.

/** A store whose process stops in front of its n-th call of the disk from `arm` on, until it is told to go on. */
async function stoppedAt(room: Room, n: number) {
  let calls = -Infinity;
  let goOn = (): void => undefined;
  const going = new Promise<void>((resolve) => (goOn = resolve));
  let stop = (): void => undefined;
  const stopped = new Promise<'stopped'>((resolve) => (stop = () => resolve('stopped')));
  const disk = watchedDisk(async () => {
    if (++calls !== n) return;
    stop();
    await going;
  });
  const store = await room.open(disk);
  calls = 0;
  return { store, stopped, goOn };
}

const mark = (name: string) => (value: unknown) => ({ ...(value as object), [name]: [] }) as never;
const changes: readonly [DocumentName, (store: Store, name: string) => Promise<unknown>][] = [
  ['settings', (store, name) => changeIn(store, 'settings', (value) => ({ ...(value as object), [name]: '7m' }))],
  ['subscriptions', (store, name) => changeIn(store, 'subscriptions', mark(name))],
  ['schedules', (store, name) => changeIn(store, 'schedules', mark(name))],
  ['agents/bob', (store, name) => changeAgentIn(store, 'bob', (card) => ({ ...(card as AgentCard), [name]: 'y' }))],
];

/** Of each document two fields that two processes set. */
const fields = (name: DocumentName): readonly [string, string] =>
  name === 'settings' ? ['lease', 'topicRetention'] : name === 'agents/bob' ? ['description', 'role'] : ['ann', 'bob'];

describe.for(changes)('%s', ([name, change]) => {
  const [mine, theirs] = fields(name);

  test.for(['the first', 'a later'])(
    'has what others have confirmed, wherever who makes %s version of it is stopped meanwhile',
    async (which) => {
      for (let n = 1, over = false; !over; n++) {
        const room = makeRoom();
        if (which === 'a later') await change(await room.open(), mine);
        const { store, stopped, goOn } = await stoppedAt(room, n);
        const changed = change(store, mine);
        over = (await Promise.race([stopped, changed])) !== 'stopped';
        await change(await room.open(), theirs);
        goOn();
        await changed;
        const at = `stopped in front of call ${n}`;
        for (const reader of [store, await room.open()])
          expect(Object.keys((await documentIn(reader, name)) as object), at).toEqual(
            expect.arrayContaining([mine, theirs]),
          );
        expect(await inspected(await room.open(), false), at).toEqual([]);
        expect(over || n < 100).toBe(true);
      }
    },
  );

  test('has what two have confirmed, wherever both are stopped', async () => {
    for (let n = 1, over = false; !over; n++) {
      for (let m = 1, both = false; !both; m++) {
        const room = makeRoom();
        const [one, other] = [await stoppedAt(room, n), await stoppedAt(room, m)];
        const first = change(one.store, mine);
        over = (await Promise.race([one.stopped, first])) !== 'stopped';
        const second = change(other.store, theirs);
        both = (await Promise.race([other.stopped, second])) !== 'stopped';
        one.goOn();
        await first;
        other.goOn();
        await second;
        expect(
          Object.keys((await documentIn(await room.open(), name)) as object),
          `stopped in front of call ${n}, and call ${m}`,
        ).toEqual(expect.arrayContaining([mine, theirs]));
      }
    }
  });
});

test('of two names that differ in case alone one becomes an agent, wherever its registration is stopped', async () => {
  for (let n = 1, over = false; !over; n++) {
    const room = makeRoom([]);
    const { store, stopped, goOn } = await stoppedAt(room, n);
    const card = (name: string) => ({ name, createdAt: '2026-11-20T09:00:00.000Z' });
    const registered = changeAgentIn(store, 'Eve', (known) => known ?? card('Eve'));
    over = (await Promise.race([stopped, registered])) !== 'stopped';
    await changeAgentIn(await room.open(), 'eve', (known) => known ?? card('eve'));
    goOn();
    await registered;
    expect(readdirSync(room.layout.mailboxes), `stopped in front of call ${n}`).toHaveLength(1);
  }
});

test('a card that doctor found spoilt and another has put right meanwhile stays', async () => {
  for (let n = 1, over = false; !over; n++) {
    const room = makeRoom();
    const path = room.at('bob').card;
    const other = await room.open();
    const { store, stopped, goOn } = await stoppedAt(room, n);
    writeFileSync(path, '{"na', { mode: 0o600 });
    const mended = inspected(store, true);
    over = (await Promise.race([stopped, mended])) !== 'stopped';
    await changeAgentIn(other, 'bob', (known) => ({ ...(known as AgentCard), description: 'here' }));
    goOn();
    await mended;
    expect(JSON.parse(readFileSync(path, 'utf8')), `stopped in front of call ${n}`).toMatchObject({
      description: 'here',
    });
    const kept = readdirSync(join(room.at('bob').dir, 'corrupt'));
    expect(kept.every((name) => readFileSync(join(room.at('bob').dir, 'corrupt', name), 'utf8') === '{"na')).toBe(true);
  }
});
