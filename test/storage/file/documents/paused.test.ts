import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
const set = (store: Store, name: DocumentName, field: string): Promise<unknown> =>
  name === 'agents/bob'
    ? changeAgentIn(store, 'bob', (card) => ({ ...(card as AgentCard), [field]: 'y' }))
    : changeIn(store, name, name === 'settings' ? (value) => ({ ...(value as object), [field]: '7m' }) : mark(field));

/** Of each document two fields that two processes set. */
const documents: readonly [DocumentName, mine: string, theirs: string][] = [
  ['settings', 'lease', 'topicRetention'],
  ['subscriptions', 'ann', 'bob'],
  ['schedules', 'ann', 'bob'],
  ['reservations', 'ann', 'bob'],
  ['agents/bob', 'description', 'role'],
];

const pathOf = (room: Room, name: DocumentName): string =>
  name === 'agents/bob' ? room.at('bob').card : room.layout.document(name as 'settings');

describe.for(['none', '{"name":"bob","createdAt":"2026-11-20T09:00:00.000Z"}', '{}'])(
  'where there was %s',
  (before) => {
    const there = documents.filter(([name]) => before === 'none' || (before === '{}') !== (name === 'agents/bob'));
    function reset(room: Room, name: DocumentName): void {
      rmSync(pathOf(room, name), { force: true });
      if (before !== 'none') writeFileSync(pathOf(room, name), before, { mode: 0o600 });
    }

    test.for(there)(
      '%s have what others have confirmed, wherever who changes them is stopped meanwhile',
      async ([name, mine, theirs]) => {
        const room = makeRoom();
        for (let n = 1, over = false; !over; n++) {
          reset(room, name);
          const { store, stopped, goOn } = await stoppedAt(room, n);
          const changed = set(store, name, mine);
          over = (await Promise.race([stopped, changed])) !== 'stopped';
          await set(await room.open(), name, theirs);
          goOn();
          await changed;
          const at = `stopped in front of call ${n}`;
          for (const reader of [store, await room.open()])
            expect(await documentIn(reader, name), at).toMatchObject({
              [mine]: expect.anything() as unknown,
              [theirs]: expect.anything() as unknown,
            });
          expect(await inspected(await room.open(), false), at).toEqual([]);
        }
      },
    );
  },
);

test('settings have what two have confirmed, wherever both are stopped', { timeout: 30_000 }, async () => {
  const room = makeRoom();
  for (let n = 1, over = false; !over; n++) {
    for (let m = 1, both = false; !both; m++) {
      rmSync(room.layout.config, { force: true });
      const [one, other] = [await stoppedAt(room, n), await stoppedAt(room, m)];
      const first = set(one.store, 'settings', 'lease');
      over = (await Promise.race([one.stopped, first])) !== 'stopped';
      const second = set(other.store, 'settings', 'topicRetention');
      both = (await Promise.race([other.stopped, second])) !== 'stopped';
      one.goOn();
      await first;
      other.goOn();
      await second;
      expect(await documentIn(await room.open(), 'settings'), `stopped in front of call ${n}, and call ${m}`).toEqual({
        lease: '7m',
        topicRetention: '7m',
      });
    }
  }
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

test('a card that doctor found spoilt and another has put right meanwhile stays', { timeout: 30_000 }, async () => {
  const room = makeRoom();
  const path = room.at('bob').card;
  for (let n = 1, over = false; !over; n++) {
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
    for (const name of readdirSync(room.at('bob').corrupt))
      expect(readFileSync(join(room.at('bob').corrupt, name), 'utf8')).toBe('{"na');
  }
});
