import { expect } from 'vitest';
import { priorities } from '../../../src/model/message.ts';
import { briefMs, leaseMs, type Rig } from './rig.ts';
import { newToken } from './ways.ts';

export function claimRules(rig: Rig): void {
  const { test } = rig;

  test('a claim is the message under a lease, for the first time', async () => {
    const { id } = await rig.send({ body: 'do it' });
    const delivery = await rig.mustClaim({ by: 'bob' });
    expect(delivery).toMatchObject({
      mailbox: 'bob',
      attempt: 1,
      leaseUntil: rig.around(rig.now() + leaseMs),
      message: { id, body: 'do it' },
    });
    const held = await rig.only('inflight');
    expect(held).toMatchObject({ id, attempt: 1, leaseUntil: delivery.leaseUntil, receipt: delivery.receipt });
    expect(rig.store.mail.parseReceipt(delivery.receipt)).toEqual({ mailbox: 'bob', id });
    expect(await rig.entries('ready')).toEqual([]);
  });

  test('an empty mailbox gives nothing', async () => {
    expect(await rig.claim()).toBeUndefined();
  });

  test('a claimed message is not given to anybody else', async () => {
    await rig.send();
    await rig.mustClaim();
    expect(await rig.claim()).toBeUndefined();
    expect(await rig.claim({}, await rig.another())).toBeUndefined();
  });

  test('urgent comes before high, normal and low; within a priority the oldest is first', async () => {
    for (const round of [1, 2]) {
      for (const priority of priorities.toReversed()) await rig.send({ priority, body: `${priority} ${round}` });
      await rig.pass(1);
    }
    expect(await rig.drain()).toEqual(priorities.flatMap((priority) => [`${priority} 1`, `${priority} 2`]));
  });

  test('what comes back is delivered before what is new, and in its order', async () => {
    await rig.send({ body: 'first' });
    await rig.send({ body: 'second' });
    await rig.pass(1000);
    await rig.send({ body: 'new' });
    const first = await rig.mustClaim();
    const second = await rig.mustClaim();
    await rig.store.mail.nack(first.receipt, {
      policy: { maxAttempts: 5, backoffMinMs: 0, backoffMaxMs: 0 },
      delayMs: 0,
    });
    await rig.pass(1);
    await rig.store.mail.nack(second.receipt, {
      policy: { maxAttempts: 5, backoffMinMs: 0, backoffMaxMs: 0 },
      delayMs: 0,
    });
    expect(await rig.drain()).toEqual(['first', 'second', 'new']);
  });

  test('what comes back does not overtake a higher priority', async () => {
    await rig.send({ body: 'back', priority: 'normal' });
    const { receipt } = await rig.mustClaim();
    await rig.send({ body: 'pressing', priority: 'high' });
    await rig.store.mail.nack(receipt, { policy: { maxAttempts: 5, backoffMinMs: 0, backoffMaxMs: 0 }, delayMs: 0 });
    expect(await rig.drain()).toEqual(['pressing', 'back']);
  });

  test('many more messages than fit anywhere come in order', async () => {
    const outgoing = Array.from({ length: 600 }, (_, i) => rig.outgoing({ body: `${i}` }));
    for (let i = 0; i < 600; i += 200) {
      await rig.store.mail.send(outgoing.slice(i, i + 200), { durability: 'relaxed' });
      await rig.pass(10);
    }
    expect(await rig.drain()).toEqual(outgoing.map(({ message }) => message.body));
  });

  test('of several consumers each message goes to exactly one', async () => {
    const outgoing = Array.from({ length: 60 }, () => rig.outgoing());
    await rig.store.mail.send(outgoing, { durability: 'relaxed' });
    const stores = [rig.store, await rig.another(), await rig.another()];
    const consume = async (i: number): Promise<string[]> => {
      const taken: string[] = [];
      const store = stores[i % stores.length];
      for (let delivery = await rig.claim({}, store); delivery; delivery = await rig.claim({}, store))
        taken.push(delivery.message.id);
      return taken;
    };
    const taken = (await Promise.all(Array.from({ length: 9 }, (_, i) => consume(i)))).flat();
    expect(taken.toSorted()).toEqual(outgoing.map(({ message }) => message.id).toSorted());
  });

  test('a filter takes the first message that it accepts, and leaves the others in their order', async () => {
    for (const body of ['a', 'b', 'c']) await rig.send({ body, tags: [body] });
    expect((await rig.mustClaim({ filter: { tag: 'b' } })).message.body).toBe('b');
    expect(await rig.claim({ filter: { tag: 'z' } })).toBeUndefined();
    expect(await rig.drain()).toEqual(['a', 'c']);
  });

  test('a search ends with its signal, and claims nothing', async () => {
    for (const body of ['a', 'b']) await rig.send({ body, tags: [body] });
    const interrupt = new AbortController();
    interrupt.abort();
    expect(await rig.claim({ filter: { tag: 'b' }, signal: interrupt.signal })).toBeUndefined();
    expect(await rig.entries('ready')).toHaveLength(2);
  });

  test('a filter does not count as an attempt for what it refuses', async () => {
    await rig.send();
    await rig.claim({ filter: { tag: 'none' } });
    expect((await rig.mustClaim()).attempt).toBe(1);
  });

  test('the time of the last read is known, also of a read that found nothing, and looking does not move it', async () => {
    expect(await rig.store.look.lastReadAt('bob')).toBeUndefined();
    expect((await rig.store.look.counts('bob')).lastReadAt).toBeUndefined();
    await rig.pass(3000);
    await rig.claim();
    const at = rig.now();
    await rig.pass(3000);
    await rig.entries('ready');
    const other = await rig.another();
    expect(Math.abs(((await other.look.lastReadAt('bob')) ?? 0) - at)).toBeLessThanOrEqual(1000);
    expect(Math.abs(((await other.look.counts('bob')).lastReadAt ?? 0) - at)).toBeLessThanOrEqual(1000);
    expect(await other.look.lastReadAt('ann')).toBeUndefined();
  });

  test('a claim that is repeated under its token is the same delivery, and takes nothing more', async () => {
    for (const body of ['one', 'two']) await rig.send({ body });
    const token = newToken();
    const first = await rig.mustClaim({ token });
    const other = await rig.another();
    for (const store of [rig.store, other]) expect(await rig.claim({ token, repeat: true }, store)).toEqual(first);
    expect(await rig.entries('ready')).toHaveLength(1);
    expect(await rig.eventNames()).toEqual(['delivered', 'delivered', 'claimed']);
    await rig.store.mail.ack(first.receipt, {});
  });

  test('a repeat of a claim that took nothing, or whose message was taken back, takes the next one', async () => {
    const token = newToken();
    expect(await rig.claim({ token })).toBeUndefined();
    await rig.send({ body: 'one' });
    expect((await rig.mustClaim({ token, repeat: true, leaseMs: briefMs })).message.body).toBe('one');
    await rig.pass(briefMs);
    await rig.recover();
    expect(await rig.mustClaim({ token, repeat: true })).toMatchObject({ attempt: 2, message: { body: 'one' } });
  });
}
