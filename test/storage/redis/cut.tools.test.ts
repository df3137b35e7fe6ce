import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../../src/storage/port/store.ts';
import { demand, missing, said, skips } from '../../lack.ts';
import { leaseMs, policy } from '../contract/rig.ts';
import { changeAgentIn, newToken } from '../contract/ways.ts';
import { must } from '../../core/rig.ts';
import { type Cut, type Proxy, startProxy } from './proxy.ts';
import { kindsIn, mail, makeRoot } from './rig.ts';
import { startServer, type TestServer } from './server.ts';

const lack = await missing('redis-server');

describe.skipIf(skips(lack))(said('a connection to Redis that is cut', lack), () => {
  let server: TestServer;
  let proxy: Proxy;
  beforeAll(async () => {
    demand(lack);
    server = await startServer();
    proxy = await startProxy(server.socket, `${server.socket}.proxy`);
  });
  afterAll(async () => {
    await proxy.close();
    await server.close();
  });

  const claim = (store: Store, inbox?: string) =>
    store.mail.claim('bob', { token: newToken(), leaseMs, policy, by: 'bob', inbox });

  /** What a mailbox goes through: each call once, and what came of it. */
  async function live(store: Store): Promise<string[]> {
    const done: string[] = [];
    const names = new Map<string, string>();
    const send = async (name: string, fields: Parameters<typeof mail>[0] = {}) => {
      const message = mail({ body: name, ...fields });
      names.set(message.id, name);
      const [sent] = await store.mail.send([{ message, mailboxes: message.to }], { durability: 'full' });
      const told = JSON.stringify(sent).replaceAll(/[0-7][0-9A-HJKMNP-TV-Z]{25}/g, 'ID');
      done.push(`send ${name} ${told}`);
    };
    await send('a');
    await send('b', { to: ['ann', 'bob'], dedupeKey: 'key' });
    await send('b again', { to: ['ann', 'bob'], dedupeKey: 'key', body: 'b' });
    await send('c', { orderingKey: 'o' });
    await send('d', { orderingKey: 'o' });
    for (const how of ['ack', 'nack', 'reject', 'ack'] as const) {
      const delivery = await claim(store);
      const { receipt = '', message } = delivery ?? {};
      done.push(`claim ${message?.body} ${delivery?.attempt}`);
      done.push(`renew ${(await store.mail.renew(receipt, { leaseMs })).state}`);
      const settled =
        how === 'ack'
          ? await store.mail.ack(receipt, { by: 'bob' })
          : await store.mail.nack(receipt, { policy, delayMs: how === 'nack' ? 3_600_000 : 0, dead: how === 'reject' });
      done.push(`${how} ${settled.state}`);
    }
    for await (const entry of store.look.list('bob', 'dead')) {
      done.push(`retry ${(await store.mail.retry(entry, {})).state}`);
    }
    for await (const entry of store.look.list('bob', 'delayed')) {
      done.push(
        `hand over ${await store.mail.handOver(entry, 'ann', {}).then(
          ({ mailbox, state }) => `${mailbox} ${state}`,
          (error: Error & { code?: string }) => error.code,
        )}`,
      );
    }
    for await (const entry of store.look.list('bob', 'ready'))
      done.push(`cancel ${(await store.mail.cancel(entry, {})).state}`);
    for (const name of ['e', 'f', 'g']) await send(name);
    const tokens = Array.from({ length: 2 }, newToken);
    const taken = await store.mail.claimMany('bob', { tokens, leaseMs, policy, by: 'bob' });
    done.push(`claim ${taken.map(({ message, attempt }) => `${message.body} ${attempt}`).join(', ')}`);
    const acked = await store.mail.ackMany([...taken.map(({ receipt }) => receipt), 'bob:none'], {
      forwardedTo: 'far',
    });
    done.push(`ack ${acked.map((one) => ('state' in one ? one.state : one.name)).join(', ')}`);
    done.push(`rename ${await store.documents.rename('ann', 'eve')}`);
    for (const mailbox of ['eve', 'bob'])
      for (const kind of await kindsIn(store, mailbox)) {
        const [event = '', id = ''] = kind.split(' ');
        done.push(`${mailbox}: ${event} ${names.get(id)}`);
      }
    return done;
  }

  async function livedWith(cut: Cut | undefined): Promise<{ done: string[]; commands: number }> {
    const root = await makeRoot(server.address);
    proxy.cut(cut);
    const store = await root.open({ address: proxy.address });
    try {
      return { done: await live(store), commands: proxy.commands() };
    } finally {
      await root.close();
    }
  }

  test.each(['before the command', 'before its answer'] as const)(
    'at every place %s changes nothing of what comes of a life of mail',
    async (side) => {
      const { done, commands } = await livedWith(undefined);
      expect(commands).toBeGreaterThan(25);
      expect(done.filter((one) => one.startsWith('bob: acked'))).toHaveLength(4);
      for (let at = 1; at <= commands; at++) {
        const { done: again } = await livedWith({ at, side });
        expect({ at, done: again }).toEqual({ at, done });
      }
    },
    120_000,
  );

  test('sends nothing a second time that somebody has handed over before it is repeated', async () => {
    const root = await makeRoot(server.address);
    const [store, other] = [await root.open({ address: proxy.address }), await root.open()];
    const handOver = async (): Promise<void> => {
      for await (const entry of other.look.list('bob', 'ready')) await other.mail.handOver(entry, 'ann', {});
    };
    const message = mail();
    const send = () => store.mail.send([{ message, mailboxes: ['bob'] }], { durability: 'full' });
    // It is let in, and then each call is one command.
    await store.documents.getAgent('bob');
    proxy.cut({ at: 1, side: 'before its answer', meanwhile: handOver });
    expect((await send())[0]).not.toBeInstanceOf(Error);
    expect(await other.look.find(message.id)).toMatchObject([{ mailbox: 'ann', state: 'ready' }]);
    // Nor by who sends it again under its id.
    expect((await send())[0]).not.toBeInstanceOf(Error);
    expect(await other.look.find(message.id)).toMatchObject([{ mailbox: 'ann', state: 'ready' }]);
    await root.close();
  });

  test('is no end of a rename, also where the card was changed before it is repeated', async () => {
    const root = await makeRoot(server.address);
    const [store, other] = [await root.open({ address: proxy.address }), await root.open()];
    const change = () => changeAgentIn(other, 'eve', (card) => ({ ...must(card), description: 'new' }));
    expect(await store.documents.rename('ann', 'anna')).toBe('renamed');
    // First it reads the card.
    proxy.cut({ at: 2, side: 'before its answer', meanwhile: change });
    expect(await store.documents.rename('anna', 'eve')).toBe('renamed');
    expect(await other.documents.getAgent('eve')).toMatchObject({ description: 'new' });
    expect(await store.documents.rename('bob', 'eve')).toBe('taken');
    await root.close();
  });

  test('is the end of every call that is under way, in time, and each says that it may have been done', async () => {
    const root = await makeRoot(server.address);
    const store = await root.open({ address: proxy.address, patienceMs: 0 });
    proxy.cut({ at: 1, side: 'before its answer' });
    const messages = Array.from({ length: 5 }, () => mail());
    const sends = messages.map((message) => store.mail.send([{ message, mailboxes: ['bob'] }], { durability: 'full' }));
    const results = (await Promise.all(sends)).flat();
    for (const [i, result] of results.entries())
      expect(result).toMatchObject({ code: 'SEND_UNCERTAIN', message: expect.stringContaining(messages[i]?.id ?? '') });
    // To send it again under the same id is safe.
    const again = messages.map((message) => ({ message, mailboxes: ['bob'] }));
    await store.mail.send(again, { durability: 'full' });
    expect((await store.look.counts('bob')).ready).toBe(5);
    expect((await kindsIn(store)).filter((kind) => kind.startsWith('delivered'))).toHaveLength(5);
    await root.close();
  });

  test('rings who listens when it breaks, and when it is there again, from when on it hears what happens', async () => {
    const root = await makeRoot(server.address);
    const store = await root.open({ address: proxy.address });
    const heard: (ReadonlySet<string> | undefined)[] = [];
    await store.journal.watch(['bob'], (where) => void heard.push(where));
    proxy.dropAll();
    await expect.poll(() => heard.length).toBe(2);
    expect(heard).toEqual([undefined, undefined]);
    const other = await root.open();
    await other.mail.send([{ message: mail(), mailboxes: ['bob'] }], { durability: 'full' });
    await expect.poll(() => heard.some((where) => where?.has('bob'))).toBe(true);
    await root.close();
  });

  test('is no end of waiting for a lock, nor of what was done under one', async () => {
    const root = await makeRoot(server.address);
    const [store, holder] = [await root.open({ address: proxy.address }), await root.open()];
    let release = (): void => undefined;
    const isHeld = new Promise<void>((held) => {
      void holder.documents.withLock('import', () => {
        held();
        return new Promise<void>((resolve) => (release = resolve));
      });
    });
    await isHeld;
    const order: string[] = [];
    const waiting = store.documents.withLock('import', async () => order.push('mine'));
    for (const side of ['before the command', 'before its answer'] as const) {
      proxy.cut({ at: 2, side });
      await expect.poll(() => proxy.commands()).toBeGreaterThan(3);
    }
    order.push('released');
    release();
    await waiting;
    expect(order).toEqual(['released', 'mine']);

    const impatient = await root.open({ address: proxy.address, patienceMs: 0 });
    const done = impatient.documents.withLock('import', async () => {
      proxy.cut({ at: 1, side: 'before its answer' });
      return 'done';
    });
    expect(await done).toBe('done');
    await root.close();
  });
});
