import { expect, test } from 'vitest';
import { Bench, expectRefusal, leaseMs, type MakeStore, policy, refusal } from './bench.ts';
import type { Delivery } from '../../../src/storage/port/mail.ts';

export function settleRules(makeStore: MakeStore): void {
  const bench = new Bench(makeStore);
  const deliver = async (): Promise<Delivery> => {
    await bench.send();
    return bench.mustClaim();
  };
  /** Every way to use a receipt. */
  const uses = (receipt: string): Promise<unknown>[] => {
    const all = [
      bench.store.mail.ack(receipt, {}),
      bench.store.mail.nack(receipt, { policy }),
      bench.store.mail.renew(receipt, { leaseMs }),
    ];
    // The last may be refused while the first is still looked at.
    for (const one of all) one.catch(() => undefined);
    return all;
  };

  test('an acked message is archived, with the time of the ack', async () => {
    const { receipt, message } = await deliver();
    bench.clock.advance(500);
    expect(await bench.store.mail.ack(receipt, {})).toMatchObject({
      id: message.id,
      mailbox: 'bob',
      state: 'archived',
    });
    expect(await bench.only('archived')).toMatchObject({ id: message.id, ackedAt: bench.clock.now() });
    expect(await bench.entries('inflight')).toEqual([]);
  });

  test('another handle can ack what the first one claimed', async () => {
    const { receipt } = await deliver();
    expect((await (await bench.another()).mail.ack(receipt, {})).state).toBe('archived');
  });

  test('a nack without delay waits the shortest backoff, doubling up to the longest, with jitter', async () => {
    await bench.send();
    for (const [i, nominal] of [1000, 2000, 4000, 8000, 10_000, 10_000].entries()) {
      const { receipt, attempt } = await bench.mustClaim();
      expect(attempt).toBe(i + 1);
      const settled = await bench.store.mail.nack(receipt, {
        policy: { maxAttempts: 100, backoffMinMs: 1000, backoffMaxMs: 10_000 },
      });
      expect(settled.state).toBe('delayed');
      const restMs = ((await bench.only('delayed')).dueAt ?? 0) - bench.clock.now();
      expect(restMs).toBeGreaterThanOrEqual(nominal / 2);
      expect(restMs).toBeLessThanOrEqual(nominal);
      bench.clock.advance(restMs);
      expect(await bench.recover()).toBe(1);
    }
  });

  test('messages that fail together do not all come back together', async () => {
    for (let i = 0; i < 20; i++)
      await bench.store.mail.nack((await deliver()).receipt, { policy: { ...policy, backoffMinMs: 300_000 } });
    expect(new Set((await bench.entries('delayed')).map(({ dueAt }) => dueAt)).size).toBeGreaterThan(1);
  });

  test('a nack with a delay waits exactly that long', async () => {
    const { receipt } = await deliver();
    await bench.store.mail.nack(receipt, { policy, delayMs: 42_000 });
    expect((await bench.only('delayed')).dueAt).toBe(bench.clock.now() + 42_000);
  });

  test('a nack with no delay at all is ready at once', async () => {
    const { receipt } = await deliver();
    expect((await bench.store.mail.nack(receipt, { policy, delayMs: 0 })).state).toBe('ready');
    expect((await bench.mustClaim()).attempt).toBe(2);
  });

  test('a message that is given back free keeps its attempt, however often and also the last one', async () => {
    await bench.send();
    const last = { ...policy, maxAttempts: 1 };
    for (let i = 0; i < 3; i++) {
      const { receipt, attempt } = await bench.mustClaim();
      expect(attempt).toBe(1);
      expect((await bench.store.mail.nack(receipt, { policy: last, free: true, delayMs: 0 })).state).toBe('ready');
      await expectRefusal(bench.store.mail.nack(receipt, { policy: last, free: true }), 'ALREADY_SETTLED');
      expect((await bench.only('ready')).attempt).toBe(0);
    }
    const { receipt } = await bench.mustClaim();
    expect((await bench.store.mail.nack(receipt, { policy: last })).state).toBe('dead');
    const { events } = await bench.store.journal.readEvents(
      ['bob'],
      await bench.store.journal.cursor(['bob'], 'start'),
    );
    const nacked = events.filter(({ event }) => event === 'nacked');
    expect(nacked.map(({ attempt, free }) => ({ attempt, free }))).toEqual(
      [1, 2, 3].map(() => ({ attempt: 1, free: true })),
    );
  });

  test('a message that is given back free rests at least the shortest backoff, and comes back before new ones', async () => {
    const { message, receipt } = await deliver();
    await bench.store.mail.nack(receipt, {
      policy: { maxAttempts: 5, backoffMinMs: 1000, backoffMaxMs: 60_000 },
      free: true,
    });
    const restMs = ((await bench.only('delayed')).dueAt ?? 0) - bench.clock.now();
    expect(restMs).toBeGreaterThanOrEqual(1000);
    expect(restMs).toBeLessThanOrEqual(2000);
    await bench.send();
    bench.clock.advance(restMs);
    await bench.recover();
    expect(await bench.mustClaim()).toMatchObject({ attempt: 1, message: { id: message.id } });
  });

  test('what is rejected goes to the dead-letter queue, free or not', async () => {
    const { receipt } = await deliver();
    expect((await bench.store.mail.nack(receipt, { policy, dead: true, free: true })).state).toBe('dead');
  });

  test('a renewed lease ends later, and the message stays where it is until then', async () => {
    const { receipt } = await deliver();
    bench.clock.advance(leaseMs - 1);
    const renewed = await bench.store.mail.renew(receipt, { leaseMs });
    expect(renewed).toMatchObject({ state: 'inflight', leaseUntil: bench.clock.now() + leaseMs });
    bench.clock.advance(leaseMs - 1);
    expect(await bench.recover()).toBe(0);
    expect((await bench.only('inflight')).leaseUntil).toBe(renewed.leaseUntil);
    bench.clock.advance(1);
    expect(await bench.recover()).toBe(1);
  });

  test('a renewal may also shorten the lease', async () => {
    const { receipt } = await deliver();
    await bench.store.mail.renew(receipt, { leaseMs: 1000 });
    bench.clock.advance(1000);
    expect(await bench.recover()).toBe(1);
  });

  test('the first receipt stays good through renewals, and so does each newer one', async () => {
    const { receipt } = await deliver();
    const receipts = [receipt];
    for (let i = 1; i <= 3; i++) {
      bench.clock.advance(20_000);
      receipts.push((await bench.store.mail.renew(receipt, { leaseMs: leaseMs + i })).receipt);
    }
    for (const one of receipts) expect(bench.store.mail.parseReceipt(one).mailbox).toBe('bob');
    await bench.store.mail.renew(receipts[2] ?? '', { leaseMs });
    await bench.store.mail.renew(receipts[3] ?? '', { leaseMs: 2 * leaseMs });
    expect((await bench.store.mail.ack(receipt, {})).state).toBe('archived');
    for (const one of receipts) await expectRefusal(bench.store.mail.ack(one, {}), 'ALREADY_SETTLED');
  });

  test('an ack after the deadline succeeds while nobody has taken the message back', async () => {
    const { receipt } = await deliver();
    bench.clock.advance(10 * leaseMs);
    expect((await bench.store.mail.ack(receipt, {})).state).toBe('archived');
    expect(await bench.recover()).toBe(0);
  });

  test('a renewal after the deadline succeeds while nobody has taken the message back', async () => {
    const { receipt } = await deliver();
    bench.clock.advance(10 * leaseMs);
    await bench.store.mail.renew(receipt, { leaseMs });
    expect(await bench.recover()).toBe(0);
  });

  test('a receipt whose message was taken back has lost its lease', async () => {
    const { receipt } = await deliver();
    bench.clock.advance(leaseMs);
    await bench.recover();
    for (const use of uses(receipt)) await expectRefusal(use, 'LEASE_LOST');
    const second = await bench.mustClaim();
    for (const use of uses(receipt)) await expectRefusal(use, 'LEASE_LOST');
    expect((await bench.store.mail.ack(second.receipt, {})).state).toBe('archived');
    for (const use of uses(receipt)) await expectRefusal(use, 'LEASE_LOST');
  });

  test('a receipt that was never given here has lost its lease', async () => {
    await deliver();
    const { store: elsewhere } = await bench.elsewhere();
    await elsewhere.mail.send([bench.outgoing()], { durability: 'relaxed' });
    const { receipt } = await bench.mustClaim({}, elsewhere);
    for (const use of uses(receipt)) await expectRefusal(use, 'LEASE_LOST');
  });

  test('a receipt of another claim of the same message has lost its lease', async () => {
    const outgoing = bench.outgoing();
    const { store: elsewhere } = await bench.elsewhere();
    await bench.store.mail.send([outgoing], { durability: 'relaxed' });
    await elsewhere.mail.send([outgoing], { durability: 'relaxed' });
    const foreign = await bench.mustClaim({}, elsewhere);
    for (const use of uses(foreign.receipt)) await expectRefusal(use, 'LEASE_LOST');
    const own = await bench.mustClaim();
    for (const use of uses(foreign.receipt)) await expectRefusal(use, 'LEASE_LOST');
    await bench.store.mail.ack(own.receipt, {});
    for (const use of uses(foreign.receipt)) await expectRefusal(use, 'LEASE_LOST');
  });

  test('a receipt that was used to ack is settled', async () => {
    const { receipt } = await deliver();
    await bench.store.mail.ack(receipt, {});
    for (const use of uses(receipt)) await expectRefusal(use, 'ALREADY_SETTLED');
  });

  test.for([{ delayMs: 0 }, { delayMs: 60_000 }, { dead: true }])(
    'a receipt that was used to nack is settled: %o',
    async (options) => {
      const { receipt } = await deliver();
      await bench.store.mail.nack(receipt, { policy, ...options });
      for (const use of uses(receipt)) await expectRefusal(use, 'ALREADY_SETTLED');
    },
  );

  test('a nacked receipt does nothing to the claim that came after it', async () => {
    const { receipt } = await deliver();
    await bench.store.mail.nack(receipt, { policy, delayMs: 0 });
    const second = await bench.mustClaim();
    for (const use of uses(receipt)) expect((await refusal(use)).kind).toBe('conflict');
    expect((await bench.only('inflight')).receipt).toBe(second.receipt);
  });

  test.for(['', 'nonsense', '01JD0000000000000000000000', '../../etc/passwd', '\u0000', 'a'.repeat(5000)])(
    '%j is not a receipt',
    async (text) => {
      for (const use of uses(text)) await expectRefusal(use, 'RECEIPT_INVALID');
      expect(() => bench.store.mail.parseReceipt(text)).toThrow(
        expect.objectContaining({ code: 'RECEIPT_INVALID', kind: 'invalid' }),
      );
    },
  );

  test('of several acks at the same moment one succeeds', async () => {
    const { receipt } = await deliver();
    const stores = [bench.store, await bench.another()];
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, (_, i) => (stores[i % 2] ?? bench.store).mail.ack(receipt, {})),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'ALREADY_SETTLED' });
    expect(await bench.entries('archived')).toHaveLength(1);
  });

  test('of an ack and a nack at the same moment one succeeds', async () => {
    const { receipt } = await deliver();
    const results = await Promise.allSettled([
      bench.store.mail.nack(receipt, { policy }),
      (await bench.another()).mail.ack(receipt, {}),
    ]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await bench.entries('archived')).length + (await bench.entries('delayed')).length).toBe(1);
  });

  test('a claim can be checked, which changes nothing', async () => {
    const { receipt } = await deliver();
    await bench.store.mail.checkClaim(receipt);
    const renewed = await bench.store.mail.renew(receipt, { leaseMs });
    await bench.store.mail.checkClaim(receipt);
    await bench.store.mail.ack(renewed.receipt, {});
    await expectRefusal(bench.store.mail.checkClaim(receipt), 'ALREADY_SETTLED');

    const lost = await deliver();
    bench.clock.advance(leaseMs);
    await bench.recover();
    await bench.mustClaim();
    await expectRefusal(bench.store.mail.checkClaim(lost.receipt), 'LEASE_LOST');
  });
}
