import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/model/clock.ts';
import { createIds } from '../../../src/model/id.ts';
import type { Scope } from '../../../src/storage/port/journal.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { redisStore } from '../../../src/storage/redis/store.ts';
import { freePort } from '../../free-port.ts';
import { missing, said, skips } from '../../lack.ts';
import { mail, useServers } from './rig.ts';
import { durable, type TestServer, typed } from './server.ts';

const lack = await missing('redis-server');
const ids = createIds();
type Sure = 'full' | 'relaxed';

describe.skipIf(skips(lack))(said('events in Redis, followed over a failover', lack), { timeout: 60_000 }, () => {
  const { started, serve, root } = useServers(lack);

  /** A root on the first one, of which the others have what was told by then, and no more. */
  const split = async (replicas: number) => {
    const port = await freePort();
    const master = await serve([
      ...[...durable, '--port', String(port), '--bind', '127.0.0.1'],
      ...['--repl-diskless-sync-delay', '0'],
    ]);
    const others: TestServer[] = [];
    for (let i = 0; i < replicas; i++) others.push(await serve([...durable, '--replicaof', `127.0.0.1 ${port}`]));
    const { open, id } = await root(master.address, { replicas });
    const store = await open();
    await send(store, 3, 'bob', 'full');
    return { store, id, others };
  };
  /** Its clock as it is set, for what is decided by it. */
  const openAt = async (address: string, id: string, aheadMs: number): Promise<Store> => {
    const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
    const deps = { clock, ids, warn: () => undefined, patienceMs: 2000, isGivenTime: true };
    const store = await redisStore({ address, id }, deps);
    started.push(store);
    return store;
  };
  const send = async (store: Store, count: number, mailbox = 'bob', how: Sure = 'relaxed'): Promise<string[]> => {
    const sent: string[] = [];
    for (let i = 0; i < count; i++) {
      const message = mail();
      // Until all replicas have it, if they are asked for.
      const again = async () => (await store.mail.send([{ message, mailboxes: [mailbox] }], { durability: how }))[0];
      await expect.poll(again, { timeout: 20_000 }).not.toBeInstanceOf(Error);
      sent.push(message.id);
    }
    return sent;
  };
  /** What is told behind the cursor, and the cursor behind it. */
  const follow = async (store: Store, from: string, of?: Scope) => {
    const told: string[] = [];
    const cursors: string[] = [];
    for (let cursor = from; ;) {
      const batch = await store.journal.readEvents(of, cursor);
      told.push(...batch.events.map(({ id }) => id));
      cursors.push(...batch.events.map((event) => event.cursor));
      cursor = batch.cursor;
      if (batch.events.length === 0) return { told, cursors, cursor };
    }
  };

  test.each([
    ['mailboxes', undefined, 'bob'],
    ['topics', { topics: ['*'] }, '#news'],
  ] as const)(
    'all that the new master tells is heard, by who had heard more of the lost one: %s',
    async (_, of, box) => {
      const { store, id, others } = await split(1);
      await send(store, 1, box, 'full');
      const [replica] = others;
      await typed(replica as TestServer, 'REPLICAOF NO ONE');
      // Not replicated, and so not confirmed: but told.
      const lost = mail();
      const uncertain = await store.mail.send([{ message: lost, mailboxes: [box] }], { durability: 'full' });
      expect(uncertain).toMatchObject([{ code: 'SEND_UNCERTAIN' }]);
      const before = await follow(store, 'r0', of);
      expect(before.told.at(-1)).toBe(lost.id);
      const second = await openAt((replica as TestServer).address, id, 0);
      // It has told nothing yet, and who looks now misses nothing.
      const between = await follow(second, before.cursor, of);
      expect(between.told).toEqual([]);
      const sent = await send(second, 5, box);
      for (const { cursor } of [before, between]) {
        const after = await follow(second, cursor, of);
        expect(after.told).toEqual(sent);
        expect((await follow(second, after.cursor, of)).told).toEqual([]);
      }
    },
  );

  test.each([0, -10_000])(
    'so it is after two failovers in a row; the second one with its clock %d ms ahead',
    async (aheadMs) => {
      const { id, others } = await split(2);
      const [one, two] = others;
      for (const replica of others) await typed(replica, 'REPLICAOF NO ONE');
      const second = await openAt((one as TestServer).address, id, 0);
      const gone = await follow(second, 'r0');
      await send(second, 5);
      const before = await follow(second, gone.cursor);
      const third = await openAt((two as TestServer).address, id, aheadMs);
      const sent = await send(third, 7);
      const after = await follow(third, before.cursor);
      expect(after.told).toEqual(sent);
      expect(after.cursors.filter((cursor) => before.cursors.includes(cursor))).toEqual([]);
      expect((await follow(third, 'r0')).told.slice(-sent.length)).toEqual(sent);
    },
  );

  test('a cursor of another root is refused, and one without its mark goes on working', async () => {
    const server = await serve();
    const [one, other] = [await root(server.address), await root(server.address)];
    const store = await one.open();
    const sent = await send(store, 3);
    const { cursors } = await follow(store, 'r0');
    const [first = ''] = cursors;
    expect((await follow(store, first.replace(/\..*/, ''))).told).toEqual(sent.slice(1));
    const another = await other.open();
    for (const cursor of [first, await store.journal.cursor(undefined, 'start')])
      await expect(another.journal.readEvents(undefined, cursor)).rejects.toMatchObject({
        code: 'CURSOR_INVALID',
        message: expect.stringContaining('of another root') as string,
      });
  });

  test('a server that was started anew tells all once, and in order', async () => {
    const server = await serve();
    const { open } = await root(server.address);
    const store = await open();
    await send(store, 3);
    const { cursor } = await follow(store, 'r0');
    const earlier = await send(store, 2);
    await server.kill('SIGKILL');
    await server.start();
    const later = await send(store, 2);
    expect((await follow(store, cursor)).told).toEqual([...earlier, ...later]);
    let logged = 0;
    for (const day of (await store.journal.logs('bob')).keys())
      for await (const { events } of store.journal.readLog('bob', day)) logged += events.length;
    expect(logged).toBe(7);
  });
});
