import { expect, test } from 'vitest';
import type { Message } from '../../../src/model/message.ts';
import { accepted, Bench, expectRefusal, leaseMs, type MakeStore, policy } from './bench.ts';
import type { Delivery } from '../../../src/storage/port/mail.ts';
import { newToken } from './ways.ts';

export function orderingRules(makeStore: MakeStore): void {
  const bench = new Bench(makeStore);

  /** One message a letter, the letter being its key. */
  async function sendEach(letters: string, more: Partial<Message> = {}): Promise<void> {
    for (const [i, orderingKey] of letters.split('').entries()) {
      await bench.send({ orderingKey, body: `${orderingKey}${i}`, ...more });
    }
  }

  async function claimed(): Promise<string | undefined> {
    return (await bench.claim())?.message.body;
  }

  async function nack(delivery: Delivery, delayMs: number): Promise<void> {
    await bench.store.mail.nack(delivery.receipt, { policy, delayMs });
  }

  test('of one key one message is out at a time, in order, and the next follows its ack', async () => {
    await sendEach('kkk');
    const first = await bench.mustClaim();
    expect(first.message).toMatchObject({ body: 'k0', orderingKey: 'k' });
    expect(await bench.claim()).toBeUndefined();
    expect(await bench.claim({}, await bench.another())).toBeUndefined();
    await bench.store.mail.ack(first.receipt, {});
    const second = await bench.mustClaim({}, await bench.another());
    expect(second.message.body).toBe('k1');
    expect(await bench.claim()).toBeUndefined();
    await bench.store.mail.ack(second.receipt, {});
    expect(await bench.drain()).toEqual(['k2']);
  });

  test('other keys, and messages without one, go on past a busy key', async () => {
    await sendEach('kkl');
    await bench.send({ body: 'free' });
    await sendEach('km');
    expect(await claimed()).toBe('k0');
    expect([await claimed(), await claimed(), await claimed(), await claimed()]).toEqual([
      'l2',
      'free',
      'm1',
      undefined,
    ]);
  });

  test('a null is no key', async () => {
    await sendEach('xx', { orderingKey: null });
    expect([await claimed(), await claimed()]).toEqual(['x0', 'x1']);
  });

  test('keys are held in each mailbox by itself', async () => {
    const outgoing = () => bench.outgoing({ orderingKey: 'k', to: ['ann', 'bob'] });
    accepted(await bench.store.mail.send([outgoing()], { durability: 'relaxed' }));
    accepted(await bench.store.mail.send([outgoing()], { durability: 'relaxed' }));
    for (const mailbox of ['ann', 'bob']) {
      expect(await bench.store.mail.claim(mailbox, { token: newToken(), leaseMs, policy })).toBeDefined();
      expect(await bench.store.mail.claim(mailbox, { token: newToken(), leaseMs, policy })).toBeUndefined();
    }
  });

  test('one that was given back holds its key while it rests, and comes first again', async () => {
    await sendEach('kkl');
    await nack(await bench.mustClaim(), 5000);
    expect([await claimed(), await claimed()]).toEqual(['l2', undefined]);
    bench.clock.advance(5001);
    const again = await bench.mustClaim();
    expect(again).toMatchObject({ attempt: 2, message: { body: 'k0' } });
    await bench.store.mail.ack(again.receipt, {});
    expect(await claimed()).toBe('k1');
  });

  test('one that was given back at once is the next of its key', async () => {
    await sendEach('kk');
    await nack(await bench.mustClaim(), 0);
    expect(await bench.drain()).toEqual(['k0', 'k1']);
  });

  test('one that was given back without using up an attempt holds its key all the same', async () => {
    await sendEach('kk');
    for (let round = 0; round < 3; round++) {
      const { receipt } = await bench.mustClaim();
      await bench.store.mail.nack(receipt, { policy, free: true, delayMs: 1000 });
      expect(await bench.claim()).toBeUndefined();
      bench.clock.advance(1001);
    }
    expect(await bench.drain()).toEqual(['k0', 'k1']);
  });

  test('a consumer that dies delays its key for its lease, and no longer', async () => {
    await sendEach('kk');
    await bench.mustClaim();
    bench.clock.advance(leaseMs - 1000);
    expect(await bench.claim()).toBeUndefined();
    bench.clock.advance(2000);
    const again = await bench.mustClaim();
    expect(again).toMatchObject({ attempt: 2, message: { body: 'k0' } });
    expect(await bench.claim()).toBeUndefined();
    await bench.store.mail.ack(again.receipt, {});
    expect(await claimed()).toBe('k1');
  });

  test('a renewed claim goes on holding its key', async () => {
    await sendEach('kk');
    const { receipt } = await bench.mustClaim();
    bench.clock.advance(leaseMs - 1000);
    const renewed = await bench.store.mail.renew(receipt, { leaseMs });
    bench.clock.advance(5000);
    expect(await bench.claim()).toBeUndefined();
    await bench.store.mail.ack(renewed.receipt, {});
    expect(await claimed()).toBe('k1');
  });

  test('a late ack of a claim that was taken back frees nothing', async () => {
    await sendEach('kk');
    const late = await bench.mustClaim();
    bench.clock.advance(leaseMs + 1000);
    const holder = await bench.mustClaim();
    await expectRefusal(bench.store.mail.ack(late.receipt, {}), 'LEASE_LOST');
    expect(await bench.claim()).toBeUndefined();
    await bench.store.mail.ack(holder.receipt, {});
    expect(await claimed()).toBe('k1');
  });

  test('what is dead does not hold its key, whoever gave it up', async () => {
    await sendEach('kkk');
    const rejected = await bench.mustClaim();
    await bench.store.mail.nack(rejected.receipt, { policy, dead: true });
    await bench.store.mail.claim('bob', { token: newToken(), leaseMs, policy });
    bench.clock.advance(leaseMs + 1000);
    await bench.store.mail.recover('bob', { ...policy, maxAttempts: 1 });
    expect(await bench.entries('dead')).toHaveLength(2);
    expect(await bench.drain()).toEqual(['k2']);
  });

  test('what outlives its time-to-live while it rests frees its key', async () => {
    await bench.send({ orderingKey: 'k', expiresAt: new Date(bench.clock.now() + 3000).toISOString() });
    await sendEach('k');
    await nack(await bench.mustClaim(), 5000);
    bench.clock.advance(4000);
    expect(await bench.claim()).toBeUndefined();
    bench.clock.advance(2000);
    expect(await bench.drain()).toEqual(['k0']);
    expect(await bench.entries('dead')).toHaveLength(1);
  });

  test.for([
    ['ready', 0],
    ['delayed', 5000],
  ] as const)('one that was given back and is cancelled while %s frees its key', async ([state, delayMs]) => {
    await sendEach('kk');
    await nack(await bench.mustClaim(), delayMs);
    const [first] = await bench.entries(state);
    await bench.store.mail.cancel(first as never, {});
    expect(await bench.drain()).toEqual(['k1']);
  });

  test('one that waits for its turn can be cancelled, and the others keep theirs', async () => {
    await sendEach('kkk');
    const holder = await bench.mustClaim();
    const [waiting] = await bench.entries('ready');
    await bench.store.mail.cancel(waiting as never, {});
    expect(await bench.claim()).toBeUndefined();
    await bench.store.mail.ack(holder.receipt, {});
    expect(await bench.drain()).toEqual(['k2']);
  });

  test('a delayed one that was never claimed holds nothing', async () => {
    await bench.send({ orderingKey: 'k', body: 'later' }, { dueAt: bench.clock.now() + 5000 });
    await sendEach('k');
    const now = await bench.mustClaim();
    expect(now.message.body).toBe('k0');
    bench.clock.advance(5001);
    expect(await bench.claim()).toBeUndefined();
    await bench.store.mail.ack(now.receipt, {});
    expect(await bench.drain()).toEqual(['later']);
  });

  test('priority comes first within a key, too, but interrupts nobody', async () => {
    await sendEach('kk');
    await bench.send({ orderingKey: 'k', priority: 'urgent', body: 'pressing' });
    expect((await bench.mustClaim()).message.body).toBe('pressing');
    await bench.send({ orderingKey: 'k', priority: 'urgent', body: 'too late' });
    expect(await bench.claim()).toBeUndefined();
  });

  test('one that comes back behind others of its key is the next one all the same', async () => {
    await sendEach('k');
    const low = await bench.mustClaim();
    await bench.send({ orderingKey: 'k', body: 'urgent', priority: 'urgent' });
    await nack(low, 0);
    const again = await bench.mustClaim();
    expect(again.message.body).toBe('k0');
    // Behind one that was delayed, falls due and so comes before what is new; also where somebody looks past others.
    await bench.send({ orderingKey: 'k', body: 'late' }, { dueAt: bench.clock.now() + 10 });
    bench.clock.advance(20);
    await bench.recover();
    await nack(again, 0);
    const seen = await bench.mustClaim({ filter: { from: 'ann' } });
    expect(seen.message.body).toBe('k0');
    await bench.store.mail.ack(seen.receipt, {});
    expect(await bench.drain()).toEqual(['urgent', 'late']);
  });

  test('what a filter refuses keeps later ones of its key from being taken, and no others', async () => {
    for (const [body, tags] of [
      ['k0', ['first']],
      ['k1', ['later', 'not first']],
      ['l2', ['not first']],
      ['l3', ['later', 'not first']],
    ] as const)
      await bench.send({ orderingKey: body.charAt(0), body, tags: [...tags] });
    expect(await bench.claim({ filter: { tag: 'later' } })).toBeUndefined();
    expect((await bench.mustClaim({ filter: { tag: 'not first' } })).message.body).toBe('l2');
    expect((await bench.mustClaim({ filter: { tag: 'first' } })).message.body).toBe('k0');
    expect(await bench.claim({ filter: { tag: 'later' } })).toBeUndefined();
  });

  test.for([
    ['dead', 'retry'],
    ['archived', 'restore'],
  ] as const)(
    'one that is brought back from being %s waits for its turn, and holds its key anew',
    async ([state, how]) => {
      await sendEach('kkk');
      const first = await bench.mustClaim();
      if (state === 'dead') await bench.store.mail.nack(first.receipt, { policy, dead: true });
      else await bench.store.mail.ack(first.receipt, {});
      const second = await bench.mustClaim();
      await bench.store.mail[how](await bench.only(state), {});
      expect(await bench.claim()).toBeUndefined();
      await bench.store.mail.ack(second.receipt, {});
      const again = await bench.mustClaim();
      expect(again).toMatchObject({ attempt: 1, message: { body: 'k0' } });
      expect(await bench.claim()).toBeUndefined();
      await bench.store.mail.ack(again.receipt, {});
      expect(await bench.drain()).toEqual(['k2']);
    },
  );

  test('a purge of a dead one leaves the key with whoever holds it', async () => {
    await sendEach('kkk');
    await bench.store.mail.nack((await bench.mustClaim()).receipt, { policy, dead: true });
    const holder = await bench.mustClaim();
    await bench.store.mail.purge(await bench.only('dead'), {});
    expect(await bench.claim()).toBeUndefined();
    await bench.store.mail.ack(holder.receipt, {});
    expect(await bench.drain()).toEqual(['k2']);
  });

  test('of several consumers nobody gets a second message of a key that is out, and all come in order', async () => {
    const keys = ['a', 'b', 'c', 'd'];
    const sent = keys.flatMap((orderingKey) =>
      Array.from({ length: 10 }, (_, i) => bench.outgoing({ orderingKey, body: `${orderingKey}${i}` })),
    );
    await bench.store.mail.send(sent, { durability: 'relaxed' });
    const stores = [bench.store, await bench.another(), await bench.another()];
    const out = new Set<string>();
    const came = new Map<string, string[]>(keys.map((key) => [key, []]));
    const consume = async (i: number): Promise<void> => {
      const store = stores[i % stores.length] ?? bench.store;
      for (let idle = 0; idle < 20;) {
        const delivery = await bench.claim({}, store);
        idle = delivery ? 0 : idle + 1;
        if (!delivery) {
          await new Promise(setImmediate);
          continue;
        }
        const { orderingKey, body } = delivery.message;
        const key = orderingKey ?? '';
        expect(out.has(key), `two of ${key} at once`).toBe(false);
        out.add(key);
        await new Promise(setImmediate);
        came.get(key)?.push(body);
        out.delete(key);
        await store.mail.ack(delivery.receipt, {});
      }
    };
    await Promise.all(Array.from({ length: 6 }, (_, i) => consume(i)));
    for (const key of keys) expect(came.get(key)).toEqual(Array.from({ length: 10 }, (_, i) => `${key}${i}`));
  });

  test('a key is part of what a dedupe key stands for', async () => {
    const first = { dedupeKey: 'once', orderingKey: 'k' };
    const { id } = await bench.send(first);
    expect(await bench.send(first)).toMatchObject({ id, duplicate: true });
    const [other] = await bench.store.mail.send([bench.outgoing({ ...first, orderingKey: 'l' })], {
      durability: 'relaxed',
    });
    expect(other).toMatchObject({ code: 'DEDUPE_MISMATCH' });
    await sendEach('k');
    await bench.mustClaim();
    expect(await bench.claim()).toBeUndefined();
  });

  test('what was put straight into a mailbox keeps its key', async () => {
    const now = { at: bench.clock.now() };
    await bench.store.mail.deposit('bob', bench.message({ orderingKey: 'k', body: 'first' }), 'ready', now);
    bench.clock.advance(1);
    await bench.store.mail.deposit('bob', bench.message({ orderingKey: 'k', body: 'second' }), 'ready', now);
    const first = await bench.mustClaim();
    expect(await bench.claim()).toBeUndefined();
    await bench.store.mail.ack(first.receipt, {});
    expect(await bench.drain()).toEqual(['second']);
  });
}
