import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/model/clock.ts';
import { createIds } from '../../../src/model/id.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { initRedisStore, moveToRedis, openRedisStore } from '../../../src/storage/redis/open.ts';
import { freePort } from '../../free-port.ts';
import { missing, said, skips } from '../../lack.ts';
import { mail, useServers } from './rig.ts';
import { durable, typed } from './server.ts';

const lack = await missing('redis-server');
const ids = createIds();
const deps = { clock: systemClock, ids, warn: () => undefined, patienceMs: 2000 };

describe.skipIf(skips(lack))(said('what a root in Redis was made to promise', lack), () => {
  const { started, serve, root } = useServers(lack);
  const pair = async () => {
    const [port, other] = [await freePort(), await freePort()];
    const listen = (at: number) => [...durable, '--port', String(at), '--bind', '127.0.0.1'];
    const master = await serve([...listen(port), '--repl-diskless-sync-delay', '0']);
    return { master, replica: () => serve([...listen(other), '--replicaof', `127.0.0.1 ${port}`]) };
  };
  const send = async (store: Store) =>
    (await store.mail.send([{ message: mail(), mailboxes: ['bob'] }], { durability: 'full' }))[0];
  /** By its address alone, as who has no folder that says more. */
  const openBare = async (address: string, id: string) => {
    const store = await openRedisStore({ address, id }, deps);
    started.push(store);
    return store;
  };

  test('holds also for who has only its address: replicas', { timeout: 60_000 }, async () => {
    const { master, replica } = await pair();
    const second = await replica();
    const { id } = await root(master.address, { replicas: 1 });
    const store = await openBare(master.address, id);
    expect(await send(store)).toMatchObject({ state: 'ready' });
    await second.kill('SIGKILL');
    expect(await send(store)).toMatchObject({ code: 'SEND_UNCERTAIN' });
  });

  test('holds also for who has only its address: a relaxed one never says `full`', async () => {
    const server = await serve(['--appendonly', 'no']);
    const { id } = await root(server.address, { durability: 'relaxed' });
    const store = await openBare(server.address, id);
    expect(store.capabilities.durability).toBe('relaxed');
    expect(await send(store)).toMatchObject({ durability: 'relaxed' });
  });

  test('goes along with one that is moved there', async () => {
    const server = await serve(['--appendonly', 'no']);
    const place = { address: server.address, id: ids.next(Date.now()), durability: 'relaxed' } as const;
    const how = { durability: 'relaxed' } as const;
    const target = await moveToRedis(place, deps, { to: `${place.address}#${place.id}`, how, descriptor: {} });
    started.push({ close: async () => target.close?.() });
    await target.takeOver?.();
    const loading = await target.load();
    await loading.finish();
    await target.settled?.();
    expect((await openBare(place.address, place.id)).capabilities.durability).toBe('relaxed');
  });

  test('is promised once its replicas are there, for which it is waited', { timeout: 60_000 }, async () => {
    const { master, replica } = await pair();
    const making = root(master.address, { replicas: 1 });
    // It has looked, and there was none.
    await expect.poll(() => typed(master, 'CLIENT LIST'), { timeout: 20_000 }).toContain('cmd=wait');
    expect(await typed(master, 'KEYS *:root')).toBe('*0\r\n');
    await replica();
    const { open } = await making;
    expect(await send(await open())).toMatchObject({ state: 'ready' });
  });

  test('is refused where they do not come, and nothing is made', async () => {
    const server = await serve();
    let at = 0;
    const hurried = { ...systemClock, uptime: () => (at += 4000) };
    const place = { address: server.address, id: ids.next(Date.now()), replicas: 2 };
    await expect(initRedisStore(place, { ...deps, clock: hurried, patienceMs: 600_000 })).rejects.toMatchObject({
      code: 'ENGINE_UNREACHABLE',
      message: expect.stringContaining('0 of the 2 replicas'),
    });
    expect(await typed(server, 'DBSIZE')).toBe(':0\r\n');
  });
});
