import { expect, test } from 'vitest';
import { priorities } from '../../../src/model/message.ts';
import { Bench, leaseMs, type MakeStore } from './bench.ts';
import { newToken } from './ways.ts';

export function claimRules(makeStore: MakeStore): void {
  const bench = new Bench(makeStore);

  test('a claim is the message under a lease, for the first time', async () => {
    const { id } = await bench.send({ body: 'do it' });
    const delivery = await bench.mustClaim({ by: 'bob' });
    expect(delivery).toMatchObject({
      mailbox: 'bob',
      attempt: 1,
      leaseUntil: bench.clock.now() + leaseMs,
      message: { id, body: 'do it' },
    });
    const held = await bench.only('inflight');
    expect(held).toMatchObject({ id, attempt: 1, leaseUntil: delivery.leaseUntil, receipt: delivery.receipt });
    expect(bench.store.mail.parseReceipt(delivery.receipt)).toEqual({ mailbox: 'bob', id });
    expect(await bench.entries('ready')).toEqual([]);
  });

  test('an empty mailbox gives nothing', async () => {
    expect(await bench.claim()).toBeUndefined();
  });

  test('a claimed message is not given to anybody else', async () => {
    await bench.send();
    await bench.mustClaim();
    expect(await bench.claim()).toBeUndefined();
    expect(await bench.claim({}, await bench.another())).toBeUndefined();
  });

  test('urgent comes before high, normal and low; within a priority the oldest is first', async () => {
    for (const round of [1, 2]) {
      for (const priority of priorities.toReversed()) await bench.send({ priority, body: `${priority} ${round}` });
      bench.clock.advance(1);
    }
    expect(await bench.drain()).toEqual(priorities.flatMap((priority) => [`${priority} 1`, `${priority} 2`]));
  });

  test('what comes back is delivered before what is new, and in its order', async () => {
    await bench.send({ body: 'first' });
    await bench.send({ body: 'second' });
    bench.clock.advance(1000);
    await bench.send({ body: 'new' });
    const first = await bench.mustClaim();
    const second = await bench.mustClaim();
    await bench.store.mail.nack(first.receipt, {
      policy: { maxAttempts: 5, backoffMinMs: 0, backoffMaxMs: 0 },
      delayMs: 0,
    });
    bench.clock.advance(1);
    await bench.store.mail.nack(second.receipt, {
      policy: { maxAttempts: 5, backoffMinMs: 0, backoffMaxMs: 0 },
      delayMs: 0,
    });
    expect(await bench.drain()).toEqual(['first', 'second', 'new']);
  });

  test('what comes back does not overtake a higher priority', async () => {
    await bench.send({ body: 'back', priority: 'normal' });
    const { receipt } = await bench.mustClaim();
    await bench.send({ body: 'pressing', priority: 'high' });
    await bench.store.mail.nack(receipt, { policy: { maxAttempts: 5, backoffMinMs: 0, backoffMaxMs: 0 }, delayMs: 0 });
    expect(await bench.drain()).toEqual(['pressing', 'back']);
  });

  test('many more messages than fit anywhere come in order', async () => {
    const outgoing = Array.from({ length: 600 }, (_, i) => bench.outgoing({ body: `${i}` }));
    for (let i = 0; i < 600; i += 200) {
      await bench.store.mail.send(outgoing.slice(i, i + 200), { durability: 'relaxed' });
      bench.clock.advance(10);
    }
    expect(await bench.drain()).toEqual(outgoing.map(({ message }) => message.body));
  });

  test('of several consumers each message goes to exactly one', async () => {
    const outgoing = Array.from({ length: 60 }, () => bench.outgoing());
    await bench.store.mail.send(outgoing, { durability: 'relaxed' });
    const stores = [bench.store, await bench.another(), await bench.another()];
    const consume = async (i: number): Promise<string[]> => {
      const taken: string[] = [];
      const store = stores[i % stores.length];
      for (let delivery = await bench.claim({}, store); delivery; delivery = await bench.claim({}, store))
        taken.push(delivery.message.id);
      return taken;
    };
    const taken = (await Promise.all(Array.from({ length: 9 }, (_, i) => consume(i)))).flat();
    expect(taken.toSorted()).toEqual(outgoing.map(({ message }) => message.id).toSorted());
  });

  test('a filter takes the first message that it accepts, and leaves the others in their order', async () => {
    for (const body of ['a', 'b', 'c']) await bench.send({ body, tags: [body] });
    expect((await bench.mustClaim({ filter: { tag: 'b' } })).message.body).toBe('b');
    expect(await bench.claim({ filter: { tag: 'z' } })).toBeUndefined();
    expect(await bench.drain()).toEqual(['a', 'c']);
  });

  test('a search ends with its signal, and claims nothing', async () => {
    for (const body of ['a', 'b']) await bench.send({ body, tags: [body] });
    const interrupt = new AbortController();
    interrupt.abort();
    expect(await bench.claim({ filter: { tag: 'b' }, signal: interrupt.signal })).toBeUndefined();
    expect(await bench.entries('ready')).toHaveLength(2);
  });

  test('a filter does not count as an attempt for what it refuses', async () => {
    await bench.send();
    await bench.claim({ filter: { tag: 'none' } });
    expect((await bench.mustClaim()).attempt).toBe(1);
  });

  test('the time of the last read is known, also of a read that found nothing, and looking does not move it', async () => {
    expect(await bench.store.look.lastReadAt('bob')).toBeUndefined();
    expect((await bench.store.look.counts('bob')).lastReadAt).toBeUndefined();
    bench.clock.advance(60_000);
    await bench.claim();
    const at = bench.clock.now();
    bench.clock.advance(60_000);
    await bench.entries('ready');
    const other = await bench.another();
    expect(Math.abs(((await other.look.lastReadAt('bob')) ?? 0) - at)).toBeLessThanOrEqual(1000);
    expect(Math.abs(((await other.look.counts('bob')).lastReadAt ?? 0) - at)).toBeLessThanOrEqual(1000);
    expect(await other.look.lastReadAt('ann')).toBeUndefined();
  });

  test('a claim that is repeated under its token is the same delivery, and takes nothing more', async () => {
    for (const body of ['one', 'two']) await bench.send({ body });
    const token = newToken();
    const first = await bench.mustClaim({ token });
    const other = await bench.another();
    for (const store of [bench.store, other]) expect(await bench.claim({ token, repeat: true }, store)).toEqual(first);
    expect(await bench.entries('ready')).toHaveLength(1);
    expect(await bench.eventNames()).toEqual(['delivered', 'delivered', 'claimed']);
    await bench.store.mail.ack(first.receipt, {});
  });

  test('a repeat of a claim that took nothing, or whose message was taken back, takes the next one', async () => {
    const token = newToken();
    expect(await bench.claim({ token })).toBeUndefined();
    await bench.send({ body: 'one' });
    expect((await bench.mustClaim({ token, repeat: true })).message.body).toBe('one');
    bench.clock.advance(leaseMs);
    await bench.recover();
    expect(await bench.mustClaim({ token, repeat: true })).toMatchObject({ attempt: 2, message: { body: 'one' } });
  });
}
