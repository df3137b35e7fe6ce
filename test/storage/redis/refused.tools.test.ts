import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/model/clock.ts';
import type { DreamosError } from '../../../src/model/errors.ts';
import { createIds } from '../../../src/model/id.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { Link } from '../../../src/storage/redis/link/link.ts';
import { openRedisStore } from '../../../src/storage/redis/open.ts';
import { missing, said, skips } from '../../lack.ts';
import { leaseMs, policy } from '../contract/rig.ts';
import { newToken } from '../contract/ways.ts';
import { startProxy } from './proxy.ts';
import { mail, makeRoot, useServers } from './rig.ts';
import { durable, typed } from './server.ts';

const lack = await missing('redis-server');

describe.skipIf(skips(lack))(said('a Redis server that refuses', lack), () => {
  const { started, serve, root } = useServers(lack);
  const send = async (store: Store, fields: Parameters<typeof mail>[0] = {}) => {
    const message = mail(fields);
    const [sent] = await store.mail.send([{ message, mailboxes: ['bob'] }], { durability: 'full' });
    return sent as DreamosError;
  };
  /** The same, whether it was told as a result or thrown. */
  const toldOf = (call: Promise<unknown>) => call.catch((error: unknown) => error);

  test('a user who may not tell what happens changes nothing, and nobody else is kept from it', async () => {
    const server = await serve();
    const { open } = await root(server.address);
    const store = await open();
    // The rights of Redis 7, which gives no channel by itself.
    await typed(server, 'ACL SETUSER mute on >word ~* resetchannels +@all');
    const mute = await open({ username: 'mute', password: 'word' });
    const refused = { code: 'ENGINE_UNREACHABLE', kind: 'unreachable', message: expect.stringContaining('refuses') };
    const size = await typed(server, 'DBSIZE');
    expect(await toldOf(send(mute, { dedupeKey: 'key' }))).toMatchObject(refused);
    expect(await toldOf(mute.documents.put('settings', {}, undefined))).toMatchObject(refused);
    expect(await typed(server, 'DBSIZE')).toBe(size);
    expect(await store.look.counts('bob')).toMatchObject({ ready: 0 });
    expect(await mute.look.counts('bob')).toMatchObject({ ready: 0 });
    expect(await send(store, { dedupeKey: 'key' })).toMatchObject({ state: 'ready' });
    expect(await store.look.counts('bob')).toMatchObject({ ready: 1 });
  });

  test('a user who may not call all that is called changes nothing, and goes on when he may', async () => {
    const server = await serve();
    const { open } = await root(server.address);
    await typed(server, 'ACL SETUSER some on >word ~* &* +@all -zadd');
    const some = await open({ username: 'some', password: 'word' });
    const refused = { code: 'ENGINE_UNREACHABLE', message: expect.stringContaining('may not call ZADD') };
    const size = await typed(server, 'DBSIZE');
    expect(await toldOf(send(some))).toMatchObject(refused);
    expect(await typed(server, 'DBSIZE')).toBe(size);
    expect(await some.look.find(mail().id)).toEqual([]);
    await typed(server, 'ACL SETUSER some +zadd');
    expect(await send(some)).toMatchObject({ state: 'ready' });
  });

  describe('what was done, and is refused behind it, may have been done', () => {
    test('by a server that does not wait for replicas', async () => {
      const server = await serve();
      const { open } = await root(server.address);
      const store = await open({ replicas: 1 });
      await typed(server, 'ACL SETUSER default -wait');
      expect(await toldOf(send(store))).toMatchObject({ code: 'SEND_UNCERTAIN' });
      expect((await store.look.counts('bob')).ready).toBe(1);
      const put = await toldOf(store.documents.put('settings', {}, undefined));
      expect(put).toMatchObject({
        code: 'ENGINE_UNREACHABLE',
        message: expect.stringContaining('may have been done'),
      });
    });

    test.each([
      ['has no memory left', 'CONFIG SET maxmemory 1'],
      ['takes a right away', 'ACL SETUSER default -evalsha -eval'],
      ['was flushed', 'FLUSHALL'],
    ])('when its answer got lost and the server then %s', async (_, command) => {
      const server = await serve();
      const proxy = await startProxy(server.socket, `${server.socket}.proxy`);
      started.push(proxy);
      const { open } = await root(server.address);
      const store = await open({ address: proxy.address });
      // So that the server has the script.
      await send(store);
      proxy.cut({ at: 1, side: 'before its answer', meanwhile: () => typed(server, command) });
      expect(await toldOf(send(store))).toMatchObject({ code: 'SEND_UNCERTAIN' });
    });
  });

  test.each([false, true])(
    'a batch of which a part is refused says of each message what came of it (%s)',
    async (untilFull) => {
      const server = await serve([...durable, '--maxmemory', '6mb']);
      const { open } = await root(server.address);
      const store = await open();
      const body = 'x'.repeat(20_000);
      const batch = Array.from({ length: 500 }, () => ({ message: mail({ body }), mailboxes: ['bob'] }));
      const results = await store.mail.send(batch, { durability: 'full', untilFull });
      expect(results).toHaveLength(500);
      const sent = results.filter((one) => !(one instanceof Error));
      expect(sent.length).toBeGreaterThan(50);
      expect(results[0]).toMatchObject({ state: 'ready' });
      expect(results.at(-1)).toMatchObject({ code: 'DISK_FAILED' });
      expect((await store.look.counts('bob')).ready).toBe(sent.length);
    },
  );

  test('of messages that are sent in their order, none behind an uncertain one is tried', async () => {
    const server = await serve();
    const proxy = await startProxy(server.socket, `${server.socket}.proxy`);
    started.push(proxy);
    const { open } = await root(server.address);
    const store = await open({ address: proxy.address, patienceMs: 0 });
    await send(store);
    proxy.cut({ at: 1, side: 'before its answer' });
    const batch = Array.from({ length: 250 }, () => ({ message: mail(), mailboxes: ['bob'] }));
    const results = await store.mail.send(batch, { durability: 'full', untilFull: true });
    const codes = results.map((one) => (one as DreamosError).code);
    expect(codes.filter((code) => code === 'SEND_UNCERTAIN')).toHaveLength(100);
    expect(codes.filter((code) => code === 'ENGINE_UNREACHABLE')).toHaveLength(150);
    expect((await store.look.counts('bob')).ready).toBe(101);
  });

  test('when it has too many clients a call waits for its turn, and says so in the end', async () => {
    const server = await serve([...durable, '--requirepass', 'word']);
    const { open, close } = await root(server.address, { password: 'word' });
    await typed(server, 'AUTH word', 'CONFIG SET maxclients 1');
    const error = await toldOf(open({ patienceMs: 300 }));
    // Its words only come where they are read before the connection that it ends breaks; see the next test.
    expect(error).toMatchObject({ code: 'ENGINE_UNREACHABLE' });
    const waiting = open({ patienceMs: 10_000 });
    await sleep(300);
    await close();
    expect(await (await waiting).isThere?.()).toBe(true);
  });

  test('without a password nobody gets in, and is told so, however long the first command is', async () => {
    const server = await serve([...durable, '--requirepass', 'word']);
    const denied = { kind: 'denied', code: 'UNAUTHENTICATED', hint: expect.stringContaining('user and password') };
    expect(await toldOf(makeRoot(server.address))).toMatchObject(denied);
    const { address } = server;
    const { id } = await root(address, { password: 'word' });
    const deps = { clock: systemClock, ids: createIds(), warn: () => undefined, patienceMs: 2000, isGivenTime: false };
    expect(await toldOf(openRedisStore({ address, id }, deps))).toMatchObject(denied);
    // More than ten words, and one that is longer than 16 KiB.
    for (const words of ['x '.repeat(11).trim().split(' '), ['x'.repeat(20_000)]]) {
      const link = new Link({ address, id, replicas: 0, ...deps });
      const error = await toldOf(link.command('ECHO', ...words));
      expect(error).toMatchObject({ ...denied, message: expect.stringContaining('NOAUTH Authentication required') });
      link.close();
    }
  });

  test('one that lets nobody in, or knows a command not, is told of in its words', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dreamos-redis-'));
    let words = 'DENIED Redis is running in protected mode';
    const guarded = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(`-${words}\r\n`);
    });
    guarded.listen(join(folder, 's'));
    await once(guarded, 'listening');
    started.push({
      close: async () => {
        guarded.close();
        await rm(folder, { recursive: true });
      },
    });
    const hints = { [words]: 'Let in who comes from here', 'ERR max number of clients reached': 'maxclients' };
    for (const [refusal, hint] of Object.entries(hints)) {
      words = refusal;
      const denied = await toldOf(makeRoot(`redis+unix://${folder}/s`, { password: 'word', durability: 'relaxed' }));
      expect(denied).toMatchObject({ code: 'ENGINE_UNREACHABLE', message: expect.stringContaining(refusal) });
      expect(denied).toMatchObject({ hint: expect.stringContaining(hint) });
    }

    const server = await serve([...durable, '--rename-command', 'EVALSHA', '']);
    expect(await toldOf(makeRoot(`${server.address}?db=99`))).toMatchObject({
      code: 'ENGINE_UNREACHABLE',
      message: expect.stringContaining('refuses: ERR DB index is out of range'),
      hint: expect.stringContaining('Name a database that it has'),
    });
    const unknown = await toldOf(makeRoot(server.address));
    expect(unknown).toMatchObject({
      code: 'ENGINE_UNREACHABLE',
      kind: 'unreachable',
      message: expect.stringContaining("unknown command 'EVALSHA'"),
    });
  });

  test('the first look is asked together with the login', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dreamos-redis-'));
    // It answers nothing before all is there.
    let came = '';
    const slow = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        came += String(data);
        if (came.includes('EVALSHA')) socket.end('+OK\r\n+OK\r\n-DREAMOSLOST there is no such root here\r\n');
      });
    });
    slow.listen(join(folder, 's'));
    await once(slow, 'listening');
    started.push({
      close: async () => {
        slow.close();
        await rm(folder, { recursive: true });
      },
    });
    const place = { address: `redis+unix://${folder}/s?db=1`, id: 'id', password: 'word' };
    const deps = { clock: systemClock, ids: createIds(), warn: () => undefined, patienceMs: 2000 };
    expect(await toldOf(openRedisStore(place, deps))).toMatchObject({ code: 'ENGINE_LOST' });
    expect(came.match(/AUTH|SELECT|EVALSHA/g)).toEqual(['AUTH', 'SELECT', 'EVALSHA']);
  });

  test('one that knows no AUTH says no password again', async () => {
    const server = await serve([...durable, '--rename-command', 'AUTH', '']);
    const error = await toldOf(makeRoot(server.address, { password: 'very-secret' }));
    expect(error).toMatchObject({
      code: 'ENGINE_UNREACHABLE',
      message: expect.stringContaining("unknown command 'AUTH'"),
    });
    expect((error as Error).message).not.toContain('very-secret');
  });

  test('a notice of a death that nobody can tell takes nothing with it, and is not tried for ever', async () => {
    const server = await serve();
    const { open, id, warnings } = await root(server.address);
    const store = await open();
    const die = async () => {
      const message = mail({ notify: true });
      await store.mail.send([{ message, mailboxes: ['bob'] }], { durability: 'full' });
      const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
      return {
        message,
        dead: () => store.mail.nack(delivery?.receipt ?? '', { policy, dead: true, reason: 'broken' }),
      };
    };
    const { message, dead } = await die();
    await typed(server, `HSET {dreamos:${id}}:b ${message.id} garbage`);
    expect(await toldOf(dead())).toMatchObject({ state: 'dead' });
    expect(warnings).toEqual([expect.stringContaining(message.id)]);
    expect(await typed(server, `EXISTS {dreamos:${id}}:np`)).toBe(':0\r\n');

    const another = await die();
    // What is asked who is to be told.
    await typed(server, 'ACL SETUSER default -hscan');
    expect(await toldOf(another.dead())).toMatchObject({ state: 'dead' });
    expect(warnings).toHaveLength(2);
  });

  test('whoever may not listen leaves no connection behind', async () => {
    const server = await serve();
    const { open } = await root(server.address);
    await typed(server, 'ACL SETUSER mute on >word ~* resetchannels +@all');
    const mute = await open({ username: 'mute', password: 'word' });
    for (let i = 0; i < 3; i++)
      expect(await toldOf(mute.journal.watch(['bob'], () => undefined))).toMatchObject({ code: 'ENGINE_UNREACHABLE' });
    await expect.poll(async () => (await typed(server, 'CLIENT LIST')).match(/user=mute/g)?.length).toBe(1);
  });

  test('who stops to listen while the bell comes back, and listens again, is heard once', async () => {
    const server = await serve();
    const proxy = await startProxy(server.socket, `${server.socket}.proxy`);
    started.push(proxy);
    const { open, id } = await root(server.address);
    const store = await open({ address: proxy.address });
    let rung = 0;
    let second: { close(): Promise<void> } | undefined;
    const first = await store.journal.watch(['bob'], () => {
      // In the middle of its way back.
      if (rung++ === 0)
        setImmediate(() => {
          void first
            .close()
            .then(() => store.journal.watch(['bob'], () => undefined))
            .then((one) => (second = one));
        });
    });
    proxy.dropAll();
    await expect.poll(() => second).toBeDefined();
    await sleep(1000);
    const listening = () => typed(server, `PUBSUB NUMSUB {dreamos:${id}}:bell`);
    expect(await listening()).toContain(':1\r\n');
    await second?.close();
    await expect.poll(listening).toContain(':0\r\n');
  });
});
