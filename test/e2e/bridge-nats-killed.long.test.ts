import { join } from 'node:path';
import { expect } from 'vitest';
import { brokersIn } from '../../src/carriers/brokers.ts';
import { natsCarrier } from '../../src/carriers/nats/nats.ts';
import { loadNats } from '../../src/carriers/nats/package.ts';
import { CarrierDown } from '../../src/carriers/port.ts';
import { createIds } from '../../src/model/id.ts';
import { freePort } from '../free-port.ts';
import { demand, missing, said, skips } from '../lack.ts';
import { expectOnce, idsIn, sentMany, twoRoots } from './bridging.ts';
import { byPassword, natsServer, type NatsServer, natsWay } from './nats.ts';
import { type Running, test } from './rig.ts';

const lack = await missing('nats-server');
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));

test.skipIf(skips(lack))(
  said('400 messages are there once, while both bridges and the NATS server are killed', lack),
  { timeout: 120_000 },
  async ({ bare: rig }) => {
    demand(lack);
    const server = await natsServer(join(rig.dir, 'nats'));
    const roots = await twoRoots(rig);
    const way = natsWay(rig, roots, server);
    let isOver = false;
    const running: { a?: Running; b?: Running } = {};
    const keep = async (from: 'a' | 'b'): Promise<void> => {
      while (!isOver) {
        running[from] = way.start(from);
        const ended = await running[from].ended;
        if (ended.signal !== 'SIGKILL') expect(ended).toMatchObject({ code: 0 });
      }
    };
    const failures: unknown[] = [];
    // The broker is away at first.
    const keeping = (['a', 'b'] as const).map((from) => keep(from).catch((error: unknown) => failures.push(error)));
    const sent: string[] = [];
    try {
      for (let i = 0; i < 4; i++) {
        sent.push(...(await sentMany(rig, roots.a, 100)));
        if (i === 0) await server.begin();
        else if (i === 2) {
          await server.kill();
          await server.begin();
        } else running[i === 1 ? 'a' : 'b']?.child.kill('SIGKILL');
        await soon();
      }
      const there = (): Promise<string[]> => idsIn(rig, roots.b, 'bob', 'ready');
      while (
        failures.length === 0 &&
        ((await there()).length < sent.length || (await idsIn(rig, roots.a, 'bob', 'archived')).length < sent.length)
      )
        await soon();
      // What the broker still has for somebody comes again. Of what was acked before it was killed its stream may keep some: 2.9.10 was
      // seen to keep 63 that no consumer waits for.
      const isLeft = async (): Promise<boolean> => {
        const all = await server.look((jsm) => jsm.consumers.list(way.stream).next());
        return all.some(({ num_pending, num_ack_pending }) => num_pending + num_ack_pending > 0);
      };
      while (failures.length === 0 && (await isLeft())) await soon();
      isOver = true;
      for (const one of [running.a, running.b]) one?.child.kill('SIGTERM');
      await Promise.all(keeping);
      expect(failures).toEqual([]);
      await expectOnce(rig, roots, sent);
    } finally {
      isOver = true;
      for (const one of [running.a, running.b]) one?.child.kill('SIGKILL');
      await server.kill();
    }
  },
);

test.skipIf(skips(lack))(
  said('of a cluster of three one is killed, and what it has confirmed is there', lack),
  { timeout: 120_000 },
  async ({ bare: rig }) => {
    demand(lack);
    const free = new Set<number>();
    while (free.size < 6) free.add(await freePort());
    const ports = [...free].slice(0, 3);
    const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(', ');
    const servers: NatsServer[] = [];
    for (const [i, port] of ports.entries()) {
      const cluster = `cluster { name: c, listen: "127.0.0.1:${port}", routes: [${routes}] }`;
      const lines = [`server_name: n${i}`, cluster, ...byPassword.lines];
      servers.push(await natsServer(join(rig.dir, `n${i}`), { ...byPassword, lines }, [...free][3 + i]));
    }
    try {
      await Promise.all(servers.map((one) => one.begin()));
      const [{ password } = { password: '' }] = servers;
      const urls = brokersIn(`nats://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`) ?? [];
      const nats = await loadNats();
      const carrierOf = (peer: string, own: string) =>
        natsCarrier(nats, {
          ...{ urls, login: { user: 'mail', password }, stream: 'team', peer, own, ackWaitMs: 1000 },
          warn: () => undefined,
        });
      const ids = createIds();
      const near = carrierOf('b', 'a');
      const stored: string[] = [];
      const publishAll = async (count: number): Promise<void> => {
        const connection = await near.connect(new AbortController().signal);
        try {
          for (let i = 0; i < count; i++) {
            const parcel = { id: ids.next(Date.now()), to: 'bob', hops: 1, bytes: Buffer.from('{}') };
            const { is } = await connection.publish(parcel);
            if (is === 'later') throw new CarrierDown('it takes nothing now');
            expect(is).toBe('stored');
            stored.push(parcel.id);
          }
        } finally {
          await connection.close();
        }
      };
      /** While it has no leader, a broker takes nothing. */
      const again = async <T>(what: () => Promise<T>): Promise<T> => {
        for (;;) {
          try {
            return await what();
          } catch (error) {
            if (
              !(error instanceof CarrierDown) &&
              !(error instanceof Error && /JetStream|timeout/i.test(error.message))
            )
              throw error;
            await soon();
          }
        }
      };
      await again(() => publishAll(10));
      await servers[0]?.kill();
      await again(() => publishAll(10));
      const took = new Set<string>();
      await again(async () => {
        const far = await carrierOf('a', 'b').connect(new AbortController().signal);
        await far.consume?.({
          parcels: async (some) => {
            for (const { id } of some) took.add(id);
            return some.map(() => ({ is: 'stored' }));
          },
          returned: async () => false,
        });
        await far.drained?.();
        await far.close();
        if (took.size < stored.length) throw new CarrierDown('there is more');
      });
      expect([...took].filter((id) => stored.includes(id))).toEqual(stored);
    } finally {
      await Promise.all(servers.map((one) => one.kill()));
    }
  },
);
