import { expect, test } from 'vitest';
import { priorities } from '../../../src/model/message.ts';
import { Bench, leaseMs, type MakeStore } from './bench.ts';

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
    expect(bench.store.parseReceipt(delivery.receipt)).toEqual({ mailbox: 'bob', id });
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
    await bench.store.nack(first.receipt, { policy: { maxAttempts: 5, backoffMinMs: 0, backoffMaxMs: 0 }, delayMs: 0 });
    bench.clock.advance(1);
    await bench.store.nack(second.receipt, {
      policy: { maxAttempts: 5, backoffMinMs: 0, backoffMaxMs: 0 },
      delayMs: 0,
    });
    expect(await bench.drain()).toEqual(['first', 'second', 'new']);
  });

  test('what comes back does not overtake a higher priority', async () => {
    await bench.send({ body: 'back', priority: 'normal' });
    const { receipt } = await bench.mustClaim();
    await bench.send({ body: 'pressing', priority: 'high' });
    await bench.store.nack(receipt, { policy: { maxAttempts: 5, backoffMinMs: 0, backoffMaxMs: 0 }, delayMs: 0 });
    expect(await bench.drain()).toEqual(['pressing', 'back']);
  });

  test('many more messages than fit anywhere come in order', async () => {
    const outgoing = Array.from({ length: 600 }, (_, i) => bench.outgoing({ body: `${i}` }));
    for (let i = 0; i < 600; i += 200) {
      await bench.store.send(outgoing.slice(i, i + 200), { durability: 'relaxed' });
      bench.clock.advance(10);
    }
    expect(await bench.drain()).toEqual(outgoing.map(({ message }) => message.body));
  });

  test('of several consumers each message goes to exactly one', async () => {
    const outgoing = Array.from({ length: 60 }, () => bench.outgoing());
    await bench.store.send(outgoing, { durability: 'relaxed' });
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
    for (const body of ['a', 'b', 'c']) await bench.send({ body });
    expect((await bench.mustClaim({ accepts: ({ body }) => body === 'b' })).message.body).toBe('b');
    expect(await bench.claim({ accepts: ({ body }) => body === 'z' })).toBeUndefined();
    expect(await bench.drain()).toEqual(['a', 'c']);
  });

  test('a search ends with its signal, and claims nothing', async () => {
    for (const body of ['a', 'b']) await bench.send({ body });
    const interrupt = new AbortController();
    const looked: string[] = [];
    const accepts = ({ body }: { body: string }): boolean => {
      looked.push(body);
      interrupt.abort();
      return body === 'b';
    };
    expect(await bench.claim({ accepts, signal: interrupt.signal })).toBeUndefined();
    expect(looked).toEqual(['a']);
    expect(await bench.entries('ready')).toHaveLength(2);
  });

  test('a filter does not count as an attempt for what it refuses', async () => {
    await bench.send();
    await bench.claim({ accepts: () => false });
    expect((await bench.mustClaim()).attempt).toBe(1);
  });

  test('the time of the last read is known, also of a read that found nothing, and looking does not move it', async () => {
    expect(await bench.store.lastReadAt('bob')).toBeUndefined();
    expect((await bench.store.counts('bob')).lastReadAt).toBeUndefined();
    bench.clock.advance(60_000);
    await bench.claim();
    const at = bench.clock.now();
    bench.clock.advance(60_000);
    await bench.entries('ready');
    const other = await bench.another();
    expect(Math.abs(((await other.lastReadAt('bob')) ?? 0) - at)).toBeLessThanOrEqual(1000);
    expect(Math.abs(((await other.counts('bob')).lastReadAt ?? 0) - at)).toBeLessThanOrEqual(1000);
    expect(await other.lastReadAt('ann')).toBeUndefined();
  });
}
