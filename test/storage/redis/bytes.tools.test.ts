import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/model/clock.ts';
import { createIds } from '../../../src/model/id.ts';
import { differing, Tally } from '../../../src/storage/port/dump/tally.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { expectRefusal, must } from '../../core/rig.ts';
import { missing, said, skips } from '../../lack.ts';
import { leaseMs, policy } from '../contract/rig.ts';
import { newToken } from '../contract/ways.ts';
import { loadAll, placeFor, recordsOf, useRedis } from '../dump/engines.ts';
import { mail, useServers } from './rig.ts';
import { type TestServer, typed } from './server.ts';

const lack = await missing('redis-server');

describe.skipIf(skips(lack))(said('the bytes of messages in Redis', lack), () => {
  const { serve, root, started } = useServers(lack);
  const send = async (store: Store, message = mail()): Promise<string> => {
    const [sent] = await store.mail.send([{ message, mailboxes: ['bob'] }], { durability: 'full' });
    expect(sent).not.toBeInstanceOf(Error);
    return message.id;
  };
  /** Of what is in bob's mailbox. */
  const spoil = async (server: TestServer, rootId: string, id: string): Promise<void> => {
    const [, box] = (await typed(server, `HGET {dreamos:${rootId}}:names bob`)).split('\r\n');
    await typed(server, `HSET {dreamos:${rootId}}:b ${id} "${box}\\ngarbage"`);
  };

  test('that cannot be read keep back nothing of what is claimed with them', async () => {
    const server = await serve();
    const { open, id: rootId, warnings } = await root(server.address);
    const store = await open();
    const ids = [await send(store), await send(store), await send(store)];
    await spoil(server, rootId, ids[1]!);
    const tokens = ids.map(newToken);
    const claimMany = (repeat: boolean) => store.mail.claimMany('bob', { tokens, leaseMs, policy, repeat });
    for (const repeat of [false, true])
      expect((await claimMany(repeat)).map(({ message: { id } }) => id)).toEqual([ids[0], ids[2]]);
    expect(warnings).toHaveLength(2);
    for (const warning of warnings) expect(warning).toContain(`${ids[1]} in bob`);
    // As behind a single claim.
    expect(await store.look.find(ids[1]!)).toMatchObject([{ state: 'inflight', attempt: 1 }]);
  });

  test.each(['garbage', ''])('that are spoilt as a whole, to %j, are told as such, wherever they go', async (bytes) => {
    const server = await serve();
    const { open, id: rootId } = await root(server.address);
    const store = await open();
    const id = await send(store);
    await typed(server, `HSET {dreamos:${rootId}}:b ${id} "${bytes}"`);
    const [entry] = await store.look.find(id);
    expect(entry).toMatchObject({ mailbox: 'bob', state: 'ready' });
    await expectRefusal(store.look.read(must(entry)), 'CORRUPT');
    // Wherever it goes from there.
    await store.mail.handOver(must(entry), 'ann', {});
    const [there] = await store.look.find(id);
    expect(there).toMatchObject({ mailbox: 'ann', state: 'ready' });
    await expectRefusal(store.look.read(must(there)), 'CORRUPT');
  });

  test('go with the last mailbox that has them, also where their send was repeated after they were handed over', async () => {
    const server = await serve();
    const { open, id: rootId } = await root(server.address);
    const store = await open();
    const outgoing = {
      message: mail(),
      mailboxes: ['bob'],
      limits: new Map([['bob', { maxMessages: 1, maxBytes: Infinity }]]),
    };
    const { id } = outgoing.message;
    const sendIt = async () => (await store.mail.send([outgoing], { durability: 'full' }))[0];
    expect(await sendIt()).toMatchObject({ id });
    for await (const entry of store.look.list('bob', 'ready')) await store.mail.handOver(entry, 'ann', {});
    expect(await sendIt()).toMatchObject({ id });
    // Nor is there no room for what is no longer to come.
    await send(store);
    expect(await sendIt()).toMatchObject({ id });
    const { receipt } = must(await store.mail.claim('ann', { token: newToken(), leaseMs, policy }));
    await store.mail.nack(receipt, { policy, dead: true });
    for await (const entry of store.look.list('ann', 'dead')) await store.mail.purge(entry, {});
    expect(await typed(server, `HEXISTS {dreamos:${rootId}}:b ${id}`)).toBe(':0\r\n');
  });

  test.each(['files', 'redis'] as const)('that cannot be read are dumped as bytes, and load into %s', async (to) => {
    const server = await serve();
    const { open, id: rootId, warnings } = await root(server.address);
    const store = await open();
    const [spoilt, gone, another, sound] = [
      await send(store, mail({ dedupeKey: 'a key' })),
      await send(store),
      await send(store),
      await send(store),
    ];
    await store.documents.put('schedules', {}, undefined);
    await spoil(server, rootId, spoilt);
    const within = `{dreamos:${rootId}}`;
    await typed(server, `HSET ${within}:b ${gone} ""`);
    const copy = "redis.call('HSET', KEYS[1], ARGV[1], redis.call('HGET', KEYS[1], ARGV[2]))";
    await typed(server, `EVAL "${copy}" 1 ${within}:b ${another} ${sound}`);
    await typed(server, `HSET ${within}:docs schedules garbage`);
    const records = await recordsOf(store);
    expect(records.filter(({ kind }) => kind === 'corrupt')).toMatchObject([
      { mailbox: 'bob', name: spoilt, body: { text: 'garbage' } },
      { mailbox: 'bob', name: gone, body: { text: gone } },
      { mailbox: 'bob', name: another },
    ]);
    expect(warnings.map((one) => one.split(' ', 1)[0])).toEqual([spoilt, gone, another]);
    const schedules = { kind: 'document', name: 'schedules', text: 'garbage' } as const;
    expect(records).toContainEqual(schedules);
    useRedis(server.address);
    const place = await placeFor(to, { clock: systemClock, ids: createIds() });
    started.push({ close: () => place.remove() });
    // Of a document that is no JSON a Redis has no use.
    const loaded = await loadAll(
      place,
      records.filter((one) => to !== 'redis' || !('name' in one) || one.name !== 'schedules'),
    );
    const there: string[] = [];
    for await (const { id } of loaded.look.list('bob', 'ready')) there.push(id);
    expect(there).toEqual([sound]);
    const [before, after] = [records, await recordsOf(loaded)].map((all) => {
      const tally = new Tally();
      for (const record of all) tally.add(record);
      return tally.mailboxes();
    });
    expect(differing(must(before), must(after))).toEqual([]);
  });

  test('of which none can be read are an error, as that of one is', async () => {
    const server = await serve();
    const { open, id: rootId } = await root(server.address);
    const store = await open();
    for (const id of [await send(store), await send(store), await send(store)]) await spoil(server, rootId, id);
    await expectRefusal(store.mail.claim('bob', { token: newToken(), leaseMs, policy }), 'CORRUPT');
    const tokens = [newToken(), newToken()];
    await expectRefusal(store.mail.claimMany('bob', { tokens, leaseMs, policy }), 'CORRUPT');
  });

  test('of a document that was put there by hand are read as they are, or told as what is no JSON', async () => {
    const server = await serve();
    const { open, id: rootId } = await root(server.address);
    const put = (field: string, bytes: string) => typed(server, `HSET {dreamos:${rootId}}:${field} "${bytes}"`);
    const names = ['settings', 'schedules'] as const;
    for (const name of names) await put(`docs ${name}`, '{}');
    const { documents } = await open();
    for (const name of names) {
      const { value, version } = must(await documents.get(name));
      expect(value).toEqual({});
      expect(await documents.put(name, {}, version)).toBe(true);
      await put(`docs ${name}`, 'garbage');
    }
    await expect(documents.get('schedules')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/keeps schedules as what is no JSON: "garbage"/) as string,
    });
    await expect((await open()).documents.get('settings')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/the settings .*"garbage"/) as string,
    });
    const [, box] = (await typed(server, `HGET {dreamos:${rootId}}:names bob`)).split('\r\n');
    await put(`cards ${box}`, 'garbage');
    await expect(open()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/a card .*"garbage"/) as string,
    });
  });
});
