import { expect } from 'vitest';
import type { Message } from '../../../src/model/message.ts';
import { accepted, briefMs, expectRefusal, leaseMs, policy, type Rig } from './rig.ts';
import type { Delivery } from '../../../src/storage/port/mail.ts';
import { newToken } from './ways.ts';

export function orderingRules(rig: Rig): void {
  const { test } = rig;

  /** One message a letter, the letter being its key. */
  async function sendEach(letters: string, more: Partial<Message> = {}): Promise<void> {
    for (const [i, orderingKey] of letters.split('').entries()) {
      await rig.send({ orderingKey, body: `${orderingKey}${i}`, ...more });
    }
  }

  async function claimed(): Promise<string | undefined> {
    return (await rig.claim())?.message.body;
  }

  async function nack(delivery: Delivery, delayMs: number): Promise<void> {
    await rig.store.mail.nack(delivery.receipt, { policy, delayMs });
  }

  test('of one key one message is out at a time, in order, and the next follows its ack', async () => {
    await sendEach('kkk');
    const first = await rig.mustClaim();
    expect(first.message).toMatchObject({ body: 'k0', orderingKey: 'k' });
    expect(await rig.claim()).toBeUndefined();
    expect(await rig.claim({}, await rig.another())).toBeUndefined();
    await rig.store.mail.ack(first.receipt, {});
    const second = await rig.mustClaim({}, await rig.another());
    expect(second.message.body).toBe('k1');
    expect(await rig.claim()).toBeUndefined();
    await rig.store.mail.ack(second.receipt, {});
    expect(await rig.drain()).toEqual(['k2']);
  });

  test('other keys, and messages without one, go on past a busy key', async () => {
    await sendEach('kkl');
    await rig.send({ body: 'free' });
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
    const outgoing = () => rig.outgoing({ orderingKey: 'k', to: ['ann', 'bob'] });
    accepted(await rig.store.mail.send([outgoing()], { durability: 'relaxed' }));
    accepted(await rig.store.mail.send([outgoing()], { durability: 'relaxed' }));
    for (const mailbox of ['ann', 'bob']) {
      expect(await rig.store.mail.claim(mailbox, { token: newToken(), leaseMs, policy })).toBeDefined();
      expect(await rig.store.mail.claim(mailbox, { token: newToken(), leaseMs, policy })).toBeUndefined();
    }
  });

  test('one that was given back holds its key while it rests, and comes first again', async () => {
    await sendEach('kkl');
    await nack(await rig.mustClaim(), 3 * briefMs);
    expect([await claimed(), await claimed()]).toEqual(['l2', undefined]);
    await rig.pass(3 * briefMs + 1);
    const again = await rig.mustClaim();
    expect(again).toMatchObject({ attempt: 2, message: { body: 'k0' } });
    await rig.store.mail.ack(again.receipt, {});
    expect(await claimed()).toBe('k1');
  });

  test('one that was given back at once is the next of its key', async () => {
    await sendEach('kk');
    await nack(await rig.mustClaim(), 0);
    expect(await rig.drain()).toEqual(['k0', 'k1']);
  });

  test('one that was given back without using up an attempt holds its key all the same', async () => {
    await sendEach('kk');
    for (let round = 0; round < 3; round++) {
      const { receipt } = await rig.mustClaim();
      await rig.store.mail.nack(receipt, { policy, free: true, delayMs: 2 * briefMs });
      expect(await rig.claim()).toBeUndefined();
      await rig.pass(2 * briefMs + 1);
    }
    expect(await rig.drain()).toEqual(['k0', 'k1']);
  });

  test('a consumer that dies delays its key for its lease, and no longer', async () => {
    await sendEach('kk');
    await rig.mustClaim({ leaseMs: 4 * briefMs });
    await rig.pass(2 * briefMs);
    expect(await rig.claim()).toBeUndefined();
    await rig.pass(3 * briefMs);
    const again = await rig.mustClaim();
    expect(again).toMatchObject({ attempt: 2, message: { body: 'k0' } });
    expect(await rig.claim()).toBeUndefined();
    await rig.store.mail.ack(again.receipt, {});
    expect(await claimed()).toBe('k1');
  });

  test('a renewed claim goes on holding its key', async () => {
    await sendEach('kk');
    const { receipt } = await rig.mustClaim({ leaseMs: 4 * briefMs });
    await rig.pass(2 * briefMs);
    const renewed = await rig.store.mail.renew(receipt, { leaseMs });
    await rig.pass(3 * briefMs);
    expect(await rig.claim()).toBeUndefined();
    await rig.store.mail.ack(renewed.receipt, {});
    expect(await claimed()).toBe('k1');
  });

  test('a late ack of a claim that was taken back frees nothing', async () => {
    await sendEach('kk');
    const late = await rig.mustClaim({ leaseMs: briefMs });
    await rig.pass(2 * briefMs);
    const holder = await rig.mustClaim();
    await expectRefusal(rig.store.mail.ack(late.receipt, {}), 'LEASE_LOST');
    expect(await rig.claim()).toBeUndefined();
    await rig.store.mail.ack(holder.receipt, {});
    expect(await claimed()).toBe('k1');
  });

  test('what is dead does not hold its key, whoever gave it up', async () => {
    await sendEach('kkk');
    const rejected = await rig.mustClaim();
    await rig.store.mail.nack(rejected.receipt, { policy, dead: true });
    await rig.store.mail.claim('bob', { token: newToken(), leaseMs: briefMs, policy });
    await rig.pass(2 * briefMs);
    await rig.store.mail.recover('bob', { ...policy, maxAttempts: 1 });
    expect(await rig.entries('dead')).toHaveLength(2);
    expect(await rig.drain()).toEqual(['k2']);
  });

  test('what outlives its time-to-live while it rests frees its key', async () => {
    await rig.send({ orderingKey: 'k', expiresAt: new Date(rig.now() + 2 * briefMs).toISOString() });
    await sendEach('k');
    await nack(await rig.mustClaim(), 5 * briefMs);
    await rig.pass(3 * briefMs);
    expect(await rig.claim()).toBeUndefined();
    await rig.pass(3 * briefMs);
    expect(await rig.drain()).toEqual(['k0']);
    expect(await rig.entries('dead')).toHaveLength(1);
  });

  test.for([
    ['ready', 0],
    ['delayed', 5000],
  ] as const)('one that was given back and is cancelled while %s frees its key', async ([state, delayMs]) => {
    await sendEach('kk');
    await nack(await rig.mustClaim(), delayMs);
    const [first] = await rig.entries(state);
    await rig.store.mail.cancel(first as never, {});
    expect(await rig.drain()).toEqual(['k1']);
  });

  test('one that waits for its turn can be cancelled, and the others keep theirs', async () => {
    await sendEach('kkk');
    const holder = await rig.mustClaim();
    const [waiting] = await rig.entries('ready');
    await rig.store.mail.cancel(waiting as never, {});
    expect(await rig.claim()).toBeUndefined();
    await rig.store.mail.ack(holder.receipt, {});
    expect(await rig.drain()).toEqual(['k2']);
  });

  test('a delayed one that was never claimed holds nothing', async () => {
    await rig.send({ orderingKey: 'k', body: 'later' }, { dueAt: rig.now() + 3 * briefMs });
    await sendEach('k');
    const now = await rig.mustClaim();
    expect(now.message.body).toBe('k0');
    await rig.pass(3 * briefMs + 1);
    expect(await rig.claim()).toBeUndefined();
    await rig.store.mail.ack(now.receipt, {});
    expect(await rig.drain()).toEqual(['later']);
  });

  test('priority comes first within a key, too, but interrupts nobody', async () => {
    await sendEach('kk');
    await rig.send({ orderingKey: 'k', priority: 'urgent', body: 'pressing' });
    expect((await rig.mustClaim()).message.body).toBe('pressing');
    await rig.send({ orderingKey: 'k', priority: 'urgent', body: 'too late' });
    expect(await rig.claim()).toBeUndefined();
  });

  test('one that comes back behind others of its key is the next one all the same', async () => {
    await sendEach('k');
    const low = await rig.mustClaim();
    await rig.send({ orderingKey: 'k', body: 'urgent', priority: 'urgent' });
    await nack(low, 0);
    const again = await rig.mustClaim();
    expect(again.message.body).toBe('k0');
    // Behind one that was delayed, falls due and so comes before what is new; also where somebody looks past others.
    await rig.send({ orderingKey: 'k', body: 'late' }, { dueAt: rig.now() + briefMs });
    await rig.pass(2 * briefMs);
    await rig.recover();
    await nack(again, 0);
    const seen = await rig.mustClaim({ filter: { from: 'ann' } });
    expect(seen.message.body).toBe('k0');
    await rig.store.mail.ack(seen.receipt, {});
    expect(await rig.drain()).toEqual(['urgent', 'late']);
  });

  test('what a filter refuses keeps later ones of its key from being taken, and no others', async () => {
    for (const [body, tags] of [
      ['k0', ['first']],
      ['k1', ['later', 'not first']],
      ['l2', ['not first']],
      ['l3', ['later', 'not first']],
    ] as const)
      await rig.send({ orderingKey: body.charAt(0), body, tags: [...tags] });
    expect(await rig.claim({ filter: { tag: 'later' } })).toBeUndefined();
    expect((await rig.mustClaim({ filter: { tag: 'not first' } })).message.body).toBe('l2');
    expect((await rig.mustClaim({ filter: { tag: 'first' } })).message.body).toBe('k0');
    expect(await rig.claim({ filter: { tag: 'later' } })).toBeUndefined();
  });

  test.for([
    ['dead', 'retry'],
    ['archived', 'restore'],
  ] as const)(
    'one that is brought back from being %s waits for its turn, and holds its key anew',
    async ([state, how]) => {
      await sendEach('kkk');
      const first = await rig.mustClaim();
      if (state === 'dead') await rig.store.mail.nack(first.receipt, { policy, dead: true });
      else await rig.store.mail.ack(first.receipt, {});
      const second = await rig.mustClaim();
      await rig.store.mail[how](await rig.only(state), {});
      expect(await rig.claim()).toBeUndefined();
      await rig.store.mail.ack(second.receipt, {});
      const again = await rig.mustClaim();
      expect(again).toMatchObject({ attempt: 1, message: { body: 'k0' } });
      expect(await rig.claim()).toBeUndefined();
      await rig.store.mail.ack(again.receipt, {});
      expect(await rig.drain()).toEqual(['k2']);
    },
  );

  test('a purge of a dead one leaves the key with whoever holds it', async () => {
    await sendEach('kkk');
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true });
    const holder = await rig.mustClaim();
    await rig.store.mail.purge(await rig.only('dead'), {});
    expect(await rig.claim()).toBeUndefined();
    await rig.store.mail.ack(holder.receipt, {});
    expect(await rig.drain()).toEqual(['k2']);
  });

  test('of several consumers nobody gets a second message of a key that is out, and all come in order', async () => {
    const keys = ['a', 'b', 'c', 'd'];
    const sent = keys.flatMap((orderingKey) =>
      Array.from({ length: 10 }, (_, i) => rig.outgoing({ orderingKey, body: `${orderingKey}${i}` })),
    );
    await rig.store.mail.send(sent, { durability: 'relaxed' });
    const stores = [rig.store, await rig.another(), await rig.another()];
    const out = new Set<string>();
    const came = new Map<string, string[]>(keys.map((key) => [key, []]));
    const consume = async (i: number): Promise<void> => {
      const store = stores[i % stores.length] ?? rig.store;
      for (let idle = 0; idle < 20;) {
        const delivery = await rig.claim({}, store);
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
    const { id } = await rig.send(first);
    expect(await rig.send(first)).toMatchObject({ id, duplicate: true });
    const [other] = await rig.store.mail.send([rig.outgoing({ ...first, orderingKey: 'l' })], {
      durability: 'relaxed',
    });
    expect(other).toMatchObject({ code: 'DEDUPE_MISMATCH' });
    await sendEach('k');
    await rig.mustClaim();
    expect(await rig.claim()).toBeUndefined();
  });

  test('what was put straight into a mailbox keeps its key', async () => {
    const now = { at: rig.now() };
    await rig.store.mail.deposit('bob', rig.message({ orderingKey: 'k', body: 'first' }), 'ready', now);
    await rig.pass(1);
    await rig.store.mail.deposit('bob', rig.message({ orderingKey: 'k', body: 'second' }), 'ready', now);
    const first = await rig.mustClaim();
    expect(await rig.claim()).toBeUndefined();
    await rig.store.mail.ack(first.receipt, {});
    expect(await rig.drain()).toEqual(['second']);
  });
}
