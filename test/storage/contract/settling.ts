import { expect } from 'vitest';
import { briefMs, expectRefusal, leaseMs, policy, refusal, type Rig } from './rig.ts';
import type { ClaimOptions, Delivery } from '../../../src/storage/port/mail.ts';

export function settleRules(rig: Rig): void {
  const { test, onStillClock } = rig;
  const deliver = async (options: Partial<ClaimOptions> = {}): Promise<Delivery> => {
    await rig.send();
    return rig.mustClaim(options);
  };
  /** Every way to use a receipt. */
  const uses = (receipt: string): Promise<unknown>[] => {
    const all = [
      rig.store.mail.ack(receipt, {}),
      rig.store.mail.nack(receipt, { policy }),
      rig.store.mail.renew(receipt, { leaseMs }),
    ];
    // The last may be refused while the first is still looked at.
    for (const one of all) one.catch(() => undefined);
    return all;
  };

  test('an acked message is archived, with the time of the ack', async () => {
    const { receipt, message } = await deliver();
    await rig.pass(500);
    expect(await rig.store.mail.ack(receipt, {})).toMatchObject({
      id: message.id,
      mailbox: 'bob',
      state: 'archived',
    });
    expect(await rig.only('archived')).toMatchObject({ id: message.id, ackedAt: rig.around(rig.now()) });
    expect(await rig.entries('inflight')).toEqual([]);
  });

  test('another handle can ack what the first one claimed', async () => {
    const { receipt } = await deliver();
    expect((await (await rig.another()).mail.ack(receipt, {})).state).toBe('archived');
  });

  onStillClock('a nack without delay waits the shortest backoff, doubling up to the longest, with jitter', async () => {
    await rig.send();
    for (const [i, nominal] of [1000, 2000, 4000, 8000, 10_000, 10_000].entries()) {
      const { receipt, attempt } = await rig.mustClaim();
      expect(attempt).toBe(i + 1);
      const settled = await rig.store.mail.nack(receipt, {
        policy: { maxAttempts: 100, backoffMinMs: 1000, backoffMaxMs: 10_000 },
      });
      expect(settled.state).toBe('delayed');
      const restMs = ((await rig.only('delayed')).dueAt ?? 0) - rig.now();
      expect(restMs).toBeGreaterThanOrEqual(nominal / 2);
      expect(restMs).toBeLessThanOrEqual(nominal);
      await rig.pass(restMs);
      expect(await rig.recover()).toBe(1);
    }
  });

  test('messages that fail together do not all come back together', async () => {
    for (let i = 0; i < 20; i++)
      await rig.store.mail.nack((await deliver()).receipt, { policy: { ...policy, backoffMinMs: 300_000 } });
    expect(new Set((await rig.entries('delayed')).map(({ dueAt }) => dueAt)).size).toBeGreaterThan(1);
  });

  test('a nack with a delay waits exactly that long', async () => {
    const { receipt } = await deliver();
    const { dueAt } = await rig.store.mail.nack(receipt, { policy, delayMs: 42_000 });
    expect(dueAt).toEqual(rig.around(rig.now() + 42_000));
    expect((await rig.only('delayed')).dueAt).toBe(dueAt);
  });

  test('a nack with no delay at all is ready at once', async () => {
    const { receipt } = await deliver();
    expect((await rig.store.mail.nack(receipt, { policy, delayMs: 0 })).state).toBe('ready');
    expect((await rig.mustClaim()).attempt).toBe(2);
  });

  test('a message that is given back free keeps its attempt, however often and also the last one', async () => {
    await rig.send();
    const last = { ...policy, maxAttempts: 1 };
    for (let i = 0; i < 3; i++) {
      const { receipt, attempt } = await rig.mustClaim();
      expect(attempt).toBe(1);
      expect((await rig.store.mail.nack(receipt, { policy: last, free: true, delayMs: 0 })).state).toBe('ready');
      await expectRefusal(rig.store.mail.nack(receipt, { policy: last, free: true }), 'ALREADY_SETTLED');
      expect((await rig.only('ready')).attempt).toBe(0);
    }
    const { receipt } = await rig.mustClaim();
    expect((await rig.store.mail.nack(receipt, { policy: last })).state).toBe('dead');
    const { events } = await rig.store.journal.readEvents(['bob'], await rig.store.journal.cursor(['bob'], 'start'));
    const nacked = events.filter(({ event }) => event === 'nacked');
    expect(nacked.map(({ attempt, free }) => ({ attempt, free }))).toEqual(
      [1, 2, 3].map(() => ({ attempt: 1, free: true })),
    );
  });

  test('a message that is given back free rests at least the shortest backoff, and comes back before new ones', async () => {
    const { message, receipt } = await deliver();
    const from = rig.now();
    await rig.store.mail.nack(receipt, {
      policy: { maxAttempts: 5, backoffMinMs: 1000, backoffMaxMs: 60_000 },
      free: true,
    });
    const until = rig.now();
    const { dueAt = 0 } = await rig.only('delayed');
    expect(dueAt).toBeGreaterThanOrEqual(from + 1000);
    expect(dueAt).toBeLessThanOrEqual(until + 2000);
    await rig.send();
    await rig.pass(dueAt - rig.now());
    await rig.recover();
    expect(await rig.mustClaim()).toMatchObject({ attempt: 1, message: { id: message.id } });
  });

  test('what is rejected goes to the dead-letter queue, free or not', async () => {
    const { receipt } = await deliver();
    expect((await rig.store.mail.nack(receipt, { policy, dead: true, free: true })).state).toBe('dead');
  });

  onStillClock('a renewed lease ends later, and the message stays where it is until then', async () => {
    const { receipt } = await deliver();
    await rig.pass(leaseMs - 1);
    const renewed = await rig.store.mail.renew(receipt, { leaseMs });
    expect(renewed).toMatchObject({ state: 'inflight', leaseUntil: rig.now() + leaseMs });
    await rig.pass(leaseMs - 1);
    expect(await rig.recover()).toBe(0);
    expect((await rig.only('inflight')).leaseUntil).toBe(renewed.leaseUntil);
    await rig.pass(1);
    expect(await rig.recover()).toBe(1);
  });

  test('a renewal may also shorten the lease', async () => {
    const { receipt } = await deliver();
    await rig.store.mail.renew(receipt, { leaseMs: 1000 });
    await rig.pass(1000);
    expect(await rig.recover()).toBe(1);
  });

  test('the first receipt stays good through renewals, and so does each newer one', async () => {
    const { receipt } = await deliver({ leaseMs: 3 * briefMs });
    const receipts = [receipt];
    for (let i = 1; i <= 3; i++) {
      await rig.pass(briefMs);
      receipts.push((await rig.store.mail.renew(receipt, { leaseMs: leaseMs + i })).receipt);
    }
    for (const one of receipts) expect(rig.store.mail.parseReceipt(one).mailbox).toBe('bob');
    await rig.store.mail.renew(receipts[2] ?? '', { leaseMs });
    await rig.store.mail.renew(receipts[3] ?? '', { leaseMs: 2 * leaseMs });
    expect((await rig.store.mail.ack(receipt, {})).state).toBe('archived');
    for (const one of receipts) await expectRefusal(rig.store.mail.ack(one, {}), 'ALREADY_SETTLED');
  });

  test('an ack after the deadline succeeds while nobody has taken the message back', async () => {
    const { receipt } = await deliver({ leaseMs: briefMs });
    await rig.pass(2 * briefMs);
    expect((await rig.store.mail.ack(receipt, {})).state).toBe('archived');
    expect(await rig.recover()).toBe(0);
  });

  test('a renewal after the deadline succeeds while nobody has taken the message back', async () => {
    const { receipt } = await deliver({ leaseMs: briefMs });
    await rig.pass(2 * briefMs);
    await rig.store.mail.renew(receipt, { leaseMs });
    expect(await rig.recover()).toBe(0);
  });

  test('a receipt whose message was taken back has lost its lease', async () => {
    const { receipt } = await deliver({ leaseMs: briefMs });
    await rig.pass(briefMs);
    await rig.recover();
    for (const use of uses(receipt)) await expectRefusal(use, 'LEASE_LOST');
    const second = await rig.mustClaim();
    for (const use of uses(receipt)) await expectRefusal(use, 'LEASE_LOST');
    expect((await rig.store.mail.ack(second.receipt, {})).state).toBe('archived');
    for (const use of uses(receipt)) await expectRefusal(use, 'LEASE_LOST');
  });

  test('a receipt that was never given here has lost its lease', async () => {
    await deliver();
    const { store: elsewhere } = await rig.elsewhere();
    await elsewhere.mail.send([rig.outgoing()], { durability: 'relaxed' });
    const { receipt } = await rig.mustClaim({}, elsewhere);
    for (const use of uses(receipt)) await expectRefusal(use, 'LEASE_LOST');
  });

  test('a receipt of another claim of the same message has lost its lease', async () => {
    const outgoing = rig.outgoing();
    const { store: elsewhere } = await rig.elsewhere();
    await rig.store.mail.send([outgoing], { durability: 'relaxed' });
    await elsewhere.mail.send([outgoing], { durability: 'relaxed' });
    const foreign = await rig.mustClaim({}, elsewhere);
    for (const use of uses(foreign.receipt)) await expectRefusal(use, 'LEASE_LOST');
    const own = await rig.mustClaim();
    for (const use of uses(foreign.receipt)) await expectRefusal(use, 'LEASE_LOST');
    await rig.store.mail.ack(own.receipt, {});
    for (const use of uses(foreign.receipt)) await expectRefusal(use, 'LEASE_LOST');
  });

  test('a receipt that was used to ack is settled', async () => {
    const { receipt } = await deliver();
    await rig.store.mail.ack(receipt, {});
    for (const use of uses(receipt)) await expectRefusal(use, 'ALREADY_SETTLED');
  });

  test.for([{ delayMs: 0 }, { delayMs: 60_000 }, { dead: true }])(
    'a receipt that was used to nack is settled: %o',
    async (options) => {
      const { receipt } = await deliver();
      await rig.store.mail.nack(receipt, { policy, ...options });
      for (const use of uses(receipt)) await expectRefusal(use, 'ALREADY_SETTLED');
    },
  );

  test('a nacked receipt does nothing to the claim that came after it', async () => {
    const { receipt } = await deliver();
    await rig.store.mail.nack(receipt, { policy, delayMs: 0 });
    const second = await rig.mustClaim();
    for (const use of uses(receipt)) expect((await refusal(use)).kind).toBe('conflict');
    expect((await rig.only('inflight')).receipt).toBe(second.receipt);
  });

  test.for(['', 'nonsense', '01JD0000000000000000000000', '../../etc/passwd', '\u0000', 'a'.repeat(5000)])(
    '%j is not a receipt',
    async (text) => {
      for (const use of uses(text)) await expectRefusal(use, 'RECEIPT_INVALID');
      expect(() => rig.store.mail.parseReceipt(text)).toThrow(
        expect.objectContaining({ code: 'RECEIPT_INVALID', kind: 'invalid' }),
      );
    },
  );

  test('of several acks at the same moment one succeeds', async () => {
    const { receipt } = await deliver();
    const stores = [rig.store, await rig.another()];
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, (_, i) => (stores[i % 2] ?? rig.store).mail.ack(receipt, {})),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'ALREADY_SETTLED' });
    expect(await rig.entries('archived')).toHaveLength(1);
  });

  test('of an ack and a nack at the same moment one succeeds', async () => {
    const { receipt } = await deliver();
    const results = await Promise.allSettled([
      rig.store.mail.nack(receipt, { policy }),
      (await rig.another()).mail.ack(receipt, {}),
    ]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await rig.entries('archived')).length + (await rig.entries('delayed')).length).toBe(1);
  });

  test('a claim can be checked, which changes nothing', async () => {
    const { receipt } = await deliver();
    await rig.store.mail.checkClaim(receipt);
    const renewed = await rig.store.mail.renew(receipt, { leaseMs });
    await rig.store.mail.checkClaim(receipt);
    await rig.store.mail.ack(renewed.receipt, {});
    await expectRefusal(rig.store.mail.checkClaim(receipt), 'ALREADY_SETTLED');

    const lost = await deliver({ leaseMs: briefMs });
    await rig.pass(briefMs);
    await rig.recover();
    await rig.mustClaim();
    await expectRefusal(rig.store.mail.checkClaim(lost.receipt), 'LEASE_LOST');
  });

  test('an ack for another root is told as such, behind the ack', async () => {
    const { receipt } = await deliver();
    expect((await rig.store.mail.ack(receipt, { by: 'bob', forwardedTo: 'far' })).state).toBe('archived');
    const [acked, forwarded, ...more] = (await rig.events()).slice(-2);
    expect(acked).toMatchObject({ event: 'acked', by: 'bob' });
    expect(forwarded).toMatchObject({ event: 'forwarded', by: 'bob', to: 'far', id: acked?.id });
    expect(more).toEqual([]);
  });
}
