import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DreamosError } from '../../../src/model/errors.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { demand, missing, said, skips } from '../../lack.ts';
import { policy } from '../contract/rig.ts';
import { newToken } from '../contract/ways.ts';
import { kindsIn, mail, makeRoot } from './rig.ts';
import { startServer, type TestServer } from './server.ts';

const lack = await missing('redis-server');
/** So often the server is killed, and stopped. */
const times = Number(process.env['DREAMOS_KILLS'] ?? 6);

describe.skipIf(skips(lack))(said('a Redis server that is killed and stopped under way', lack), () => {
  let server: TestServer;
  beforeAll(async () => {
    demand(lack);
    server = await startServer();
  });
  afterAll(() => server.close());

  test('loses nothing that it has confirmed, and delivers nothing twice that was acked', async () => {
    const root = await makeRoot(server.address);
    let isOver = false;
    const confirmed = new Set<string>();
    const resent = new Set<string>();
    /** Times that a message was acked, as its consumer was told; and may have been. */
    const acked = new Map<string, number>();
    const trouble = async (error: unknown): Promise<void> => {
      const isAway = error instanceof DreamosError && ['ENGINE_UNREACHABLE', 'SEND_UNCERTAIN'].includes(error.code);
      if (!isAway) throw error;
      await sleep(20);
    };

    const sender = async (store: Store): Promise<void> => {
      while (!isOver) {
        const message = mail();
        for (;;) {
          const outgoing = { message, mailboxes: ['bob'] };
          const [result] = await store.mail.send([outgoing], { durability: 'full' }).catch((error: unknown) => [error]);
          if (!(result instanceof Error)) break;
          resent.add(message.id);
          await trouble(result);
        }
        confirmed.add(message.id);
      }
    };
    const consumer = async (store: Store, isDone: () => boolean): Promise<void> => {
      while (!isDone()) {
        try {
          const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs: 60_000, policy });
          if (!delivery) {
            await sleep(2);
            continue;
          }
          await settle(store, delivery.receipt);
          acked.set(delivery.message.id, (acked.get(delivery.message.id) ?? 0) + 1);
        } catch (error) {
          await trouble(error);
        }
      }
    };
    // As a consumer does that does not know whether it was done: once more.
    const settle = async (store: Store, receipt: string): Promise<void> => {
      for (let isAgain = false; ; isAgain = true) {
        try {
          await store.mail.ack(receipt, {});
          return;
        } catch (error) {
          if (isAgain && error instanceof DreamosError && error.code === 'ALREADY_SETTLED') return;
          await trouble(error);
        }
      }
    };

    const stores = await Promise.all(Array.from({ length: 5 }, () => root.open({ patienceMs: 100 })));
    const [one, two, ...senders] = stores as [Store, Store, ...Store[]];
    const sending = senders.map(sender);
    const consuming = [one, two].map((store) => consumer(store, () => isOver));
    for (let i = 0; i < times; i++) {
      await sleep(150 + Math.random() * 200);
      await server.kill('SIGKILL');
      await sleep(Math.random() * 300);
      await server.start();
      if (i % 3 > 0) continue;
      await sleep(150);
      await server.kill('SIGSTOP');
      await sleep(1500);
      await server.kill('SIGCONT');
    }
    isOver = true;
    await Promise.all([...sending, ...consuming]);
    const fresh = await root.open();
    // A claim whose answer never came holds until its lease ends: it is in flight.
    const counts = await fresh.look.counts('bob');
    for (let delivery; (delivery = await fresh.mail.claim('bob', { token: newToken(), leaseMs: 60_000, policy }));) {
      await fresh.mail.ack(delivery.receipt, {});
      acked.set(delivery.message.id, (acked.get(delivery.message.id) ?? 0) + 1);
    }
    expect(confirmed.size).toBeGreaterThan(100);
    const there = new Set<string>();
    for (const state of ['archived', 'inflight'] as const)
      for await (const { id } of fresh.look.list('bob', state)) there.add(id);
    expect([...confirmed].filter((id) => !there.has(id))).toEqual([]);
    expect([...acked].filter(([, count]) => count > 1)).toEqual([]);
    const kinds = await kindsIn(fresh);
    for (const kind of ['delivered', 'acked']) {
      const told = kinds.filter((each) => each.startsWith(kind));
      expect(told.length).toBe(new Set(told).size);
    }
    expect(kinds.filter((kind) => kind.startsWith('delivered')).length).toBe(there.size);
    expect(counts.inflight).toBeLessThan(2 * 2 * times);
    console.log(`${confirmed.size} confirmed, ${resent.size} of them resent, in ${times} kills`);
    await root.close();
  }, 120_000);
});
