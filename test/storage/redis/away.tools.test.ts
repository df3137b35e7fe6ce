import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/model/clock.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { createIds } from '../../../src/model/id.ts';
import { parseAddress } from '../../../src/storage/engine/address.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { Connection } from '../../../src/storage/redis/link/connection.ts';
import { openRedisStore } from '../../../src/storage/redis/open.ts';
import { freePort } from '../../free-port.ts';
import { missing, said, skips } from '../../lack.ts';
import { leaseMs, policy } from '../contract/rig.ts';
import { newToken } from '../contract/ways.ts';
import { mail, makeRoot, useServers } from './rig.ts';
import { durable, typed } from './server.ts';

const lack = await missing('redis-server');

/** Thrown, or of a send its result. */
const refusalOf = (call: Promise<unknown>): Promise<DreamosError> =>
  call.then(
    (value) => (value instanceof DreamosError ? value : expect.fail('It should have been refused.')),
    (error: unknown) => error as DreamosError,
  );

describe.skipIf(skips(lack))(said('a Redis server that is away, or not as it should be', lack), () => {
  const { serve, root } = useServers(lack);
  const send = async (store: Store, fields: Parameters<typeof mail>[0] = {}) => {
    const message = mail(fields);
    const [sent] = await store.mail.send([{ message, mailboxes: ['bob'] }], { durability: 'full' });
    return sent as DreamosError & { durability: string };
  };
  const claim = (store: Store) => store.mail.claim('bob', { token: newToken(), leaseMs, policy });

  test('a root that was flushed away is lost to every call, and never empty', async () => {
    const server = await serve();
    const { open } = await root(server.address);
    const store = await open();
    await send(store);
    await typed(server, 'FLUSHALL');
    const calls: (() => Promise<unknown>)[] = [
      () => send(store),
      () => claim(store),
      () => store.mail.recover('bob', policy),
      () => store.look.counts('bob'),
      () => store.look.list('bob', 'ready')[Symbol.asyncIterator]().next(),
      () => store.look.find(mail().id),
      () => store.documents.get('settings'),
      () => store.documents.listAgents(),
      () => store.documents.put('settings', {}, undefined),
      () => store.journal.readEvents(undefined, 'r0'),
      () => store.reach.sessions(),
      () => store.audit.days(),
      () => store.rollups.days('bob'),
      () => open(),
    ];
    for (const call of calls)
      expect(await refusalOf(call())).toMatchObject({ code: 'ENGINE_LOST', kind: 'unreachable' });
    expect(await store.isThere?.()).toBe(false);
    expect(await typed(server, 'DBSIZE')).toBe(':0\r\n');
  });

  test('a host that is cut off holds nobody up where the next one is the master, and keeps no connection', async () => {
    const port = await freePort();
    await serve([...durable, '--port', String(port), '--bind', '127.0.0.1']);
    const { id } = await root(`redis://127.0.0.1:${port}`);
    const cutOff = createServer().listen(0, '127.0.0.1');
    let connected = 0;
    cutOff.on('connection', (socket) => {
      connected++;
      socket.on('error', () => undefined).on('close', () => connected--);
      socket.resume();
    });
    await once(cutOff, 'listening');
    const silent = (cutOff.address() as AddressInfo).port;
    const address = `redis://127.0.0.1:${silent},127.0.0.1:${port}/0`;
    // Without the next one it would take that long.
    const deps = { clock: systemClock, ids: createIds(), warn: () => undefined, patienceMs: 120_000 };
    const store = await openRedisStore({ address, id }, deps);
    expect(await send(store)).toMatchObject({ durability: 'full' });
    await expect.poll(() => connected).toBe(0);
    await store.close();
    await new Promise((resolve) => cutOff.close(resolve));
  });

  test('a call tries for its time, and says that nothing was done; when the server is there again it goes on', async () => {
    const server = await serve();
    const { open } = await root(server.address);
    const store = await open({ patienceMs: 700 });
    await server.kill('SIGKILL');
    const before = Date.now();
    const error = await refusalOf(store.look.counts('bob'));
    expect(error).toMatchObject({ code: 'ENGINE_UNREACHABLE', kind: 'unreachable' });
    expect(error.message).not.toContain('may have been done');
    expect(Date.now() - before).toBeLessThan(15_000);
    const waiting = (await open().catch(() => undefined)) ?? store;
    await server.start();
    expect((await waiting.look.counts('bob')).ready).toBe(0);
    expect(await send(waiting)).toMatchObject({ state: 'ready', durability: 'full' });
  });

  test('one that answers nothing ends the call, as one that may have been done', async () => {
    const server = await serve();
    const { open } = await root(server.address);
    const store = await open({ patienceMs: 200 });
    await server.kill('SIGSTOP');
    expect(await send(store)).toMatchObject({ code: 'SEND_UNCERTAIN' });
    await server.kill('SIGCONT');
    expect(await send(store)).toMatchObject({ state: 'ready' });
  });

  test('each command has its own time, whatever was asked before it and is asked behind it', async () => {
    const server = await serve();
    const open = () => Connection.open(parseAddress(server.address), { path: server.socket }, {}, 5000);
    const [early, late] = [await open(), await open()];
    // Answered, and its time is still running when the next one goes unanswered.
    expect(await late.command('PING', [], 1500)).toEqual(Buffer.from('PONG'));
    await setTimeout(200);
    await server.kill('SIGSTOP');
    const askedAt = systemClock.uptime();
    const asked = [late.command('PING', [], 1500), early.command('PING', [], 600_000), early.command('PING', [], 200)];
    const ended = await Promise.allSettled(asked);
    expect(systemClock.uptime() - askedAt).toBeGreaterThan(1499);
    const why = ['no answer came in 1.5 s', 'no answer came in 0.2 s', 'no answer came in 0.2 s'];
    expect(ended.map((one) => one.status === 'rejected' && (one.reason as Error).message)).toEqual(why);
    await server.kill('SIGCONT');
  });

  test('that somebody is there is noted by the way, and warns of nothing: what he does meets the same, and says it, in tenths of seconds', async () => {
    const server = await serve();
    const { open, warnings } = await root(server.address);
    const store = await open({ patienceMs: 234 });
    await server.kill('SIGSTOP');
    await store.presence.seen('bob');
    expect(warnings).toEqual([]);
    expect((await refusalOf(store.look.counts('bob'))).message).toMatch(/in \d+(?:\.\d)? s\./);
    await server.kill('SIGCONT');
  });

  test('when memory is full a send is refused and nothing is there; what is there can be ended', async () => {
    const server = await serve([...durable, '--maxmemory', '4mb']);
    const { open } = await root(server.address);
    const store = await open();
    const body = 'x'.repeat(20_000);
    let sent = 0;
    let refused: DreamosError | undefined;
    for (; refused === undefined && sent < 1000; sent++) {
      const result = await send(store, { body });
      if (result instanceof DreamosError) refused = result;
    }
    sent--;
    expect(refused).toMatchObject({ code: 'DISK_FAILED', kind: 'disk' });
    expect((await store.look.counts('bob')).ready).toBe(sent);
    for (let i = 0; i < sent; i++) {
      const delivery = await claim(store);
      expect((await store.mail.ack(delivery?.receipt ?? '', {})).state).toBe('archived');
    }
    expect(await store.look.counts('bob')).toMatchObject({ ready: 0, archived: sent });
  });

  test('what does not keep what it answers makes no root that promises it, and one that says so', async () => {
    for (const [options, why] of [
      [['--appendonly', 'no'], 'appendonly is no'],
      [['--appendonly', 'yes', '--appendfsync', 'everysec'], 'appendfsync is everysec'],
      [[...durable, '--maxmemory-policy', 'allkeys-lru'], 'maxmemory-policy is allkeys-lru'],
      [[...durable, '--no-appendfsync-on-rewrite', 'yes'], 'no-appendfsync-on-rewrite is yes'],
    ] as const) {
      const server = await serve(options);
      const error = await refusalOf(makeRoot(server.address));
      expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(why) });
      expect(await typed(server, 'DBSIZE')).toBe(':0\r\n');
      const { open } = await root(server.address, { durability: 'relaxed' });
      expect(await send(await open())).toMatchObject({ durability: 'relaxed' });
    }
  });

  test('a replica is passed over for its master, and alone it is read-only', async () => {
    const [port, other] = [await freePort(), await freePort()];
    const listen = (at: number) => [...durable, '--port', String(at), '--bind', '127.0.0.1'];
    await serve(listen(port));
    const replica = await serve([...listen(other), '--replicaof', `127.0.0.1 ${port}`]);
    const { open, id } = await root(`redis://127.0.0.1:${other},127.0.0.1:${port}/0`);
    const store = await open();
    expect(await send(store)).toMatchObject({ state: 'ready' });
    await expect.poll(() => typed(replica, `EXISTS {dreamos:${id}}:root`), { timeout: 10_000 }).toBe(':1\r\n');
    const alone = await open({ address: replica.address, patienceMs: 300 });
    const error = await refusalOf(send(alone));
    expect(error).toMatchObject({ code: 'ENGINE_UNREACHABLE', message: expect.stringContaining('read only') });
  });

  test('what is to be on replicas, too, waits for them, and is uncertain without', async () => {
    const [port, other] = [await freePort(), await freePort()];
    const listen = (at: number) => [...durable, '--port', String(at), '--bind', '127.0.0.1'];
    const master = await serve(listen(port));
    const replica = await serve([...listen(other), '--replicaof', `127.0.0.1 ${port}`]);
    await expect.poll(() => typed(master, 'WAIT 1 100'), { timeout: 20_000 }).toBe(':1\r\n');
    const { open } = await root(master.address, { replicas: 1 });
    const store = await open();
    expect(await send(store)).toMatchObject({ state: 'ready' });
    await replica.kill('SIGKILL');
    const message = mail();
    const uncertain = await store.mail.send([{ message, mailboxes: ['bob'] }], { durability: 'full' });
    expect(uncertain).toMatchObject([{ code: 'SEND_UNCERTAIN' }]);
    await replica.start();
    const again = () => store.mail.send([{ message, mailboxes: ['bob'] }], { durability: 'full' });
    await expect.poll(async () => (await again())[0], { timeout: 20_000 }).toMatchObject({ state: 'ready' });
    expect((await store.look.counts('bob')).ready).toBe(2);
  });

  test('who waits for replicas holds up nobody who does not, and has what he waits for when they are back', async () => {
    const port = await freePort();
    const listening = ['--port', String(port), '--bind', '127.0.0.1', '--repl-diskless-sync-delay', '0'];
    const master = await serve([...durable, ...listening]);
    const replica = await serve([...durable, '--replicaof', `127.0.0.1 ${port}`]);
    const { open } = await root(master.address, { replicas: 1 });
    const store = await open({ patienceMs: 30_000 });
    await replica.kill('SIGSTOP');
    let settled = 0;
    const sends = Array.from({ length: 12 }, async () => {
      const [sent] = await store.mail.send([{ message: mail(), mailboxes: ['bob'] }], { durability: 'full' });
      settled++;
      return sent;
    });
    await expect.poll(async () => (await store.look.counts('bob')).ready, { timeout: 20_000 }).toBe(12);
    expect(settled).toBe(0);
    await replica.kill('SIGCONT');
    for (const sent of await Promise.all(sends)) expect(sent).toMatchObject({ state: 'ready', durability: 'full' });
  });

  test('a server that is busy, or wants a password, is told of as such', async () => {
    const server = await serve([...durable, '--busy-reply-threshold', '50', '--requirepass', 'secret']);
    const denied = { code: 'UNAUTHENTICATED', kind: 'denied', message: expect.stringContaining('refuses') };
    expect(await refusalOf(makeRoot(server.address))).toMatchObject(denied);
    const wrong = await refusalOf(makeRoot(server.address, { password: 'other' }));
    expect(wrong).toMatchObject({ ...denied, message: expect.not.stringContaining('other') });
    const { open } = await root(server.address, { password: 'secret' });
    const told = { ...denied, message: expect.stringContaining('WRONGPASS') };
    expect(await refusalOf(open({ password: 'other' }))).toMatchObject(told);
    const store = await open({ patienceMs: 300 });
    const loop = typed(server, 'AUTH secret', 'EVAL "while true do end" 0').catch(() => '');
    await expect
      .poll(async () => (await refusalOf(store.look.counts('bob')).catch(() => undefined))?.message, {
        timeout: 10_000,
      })
      .toContain('BUSY');
    await typed(server, 'AUTH secret', 'SCRIPT KILL');
    await loop;
    expect((await store.look.counts('bob')).ready).toBe(0);
  });
});
