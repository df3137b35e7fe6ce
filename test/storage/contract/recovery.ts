import { expect, test } from 'vitest';
import { Bench, expectRefusal, leaseMs, type MakeStore, policy } from './bench.ts';
import { newToken } from './ways.ts';

export function recoveryRules(makeStore: MakeStore): void {
  const bench = new Bench(makeStore);

  test('a message whose lease ran out comes back at once, before new ones, as the next attempt', async () => {
    await bench.send({ body: 'old' });
    await bench.mustClaim();
    await bench.send({ body: 'new' });
    bench.clock.advance(leaseMs - 1);
    expect(await bench.recover()).toBe(0);
    bench.clock.advance(1);
    expect(await bench.recover()).toBe(1);
    expect(await bench.mustClaim()).toMatchObject({ attempt: 2, message: { body: 'old' } });
    expect(await bench.mustClaim()).toMatchObject({ attempt: 1, message: { body: 'new' } });
  });

  test('a claim brings back what ran out and what is due, without anybody calling for it', async () => {
    await bench.send({ body: 'held' });
    await bench.mustClaim();
    await bench.send({ body: 'later' }, { dueAt: bench.clock.now() + leaseMs });
    bench.clock.advance(leaseMs);
    await bench.send({ body: 'new' });
    expect(await bench.drain()).toEqual(['held', 'later', 'new']);
  });

  test('any handle recovers for all', async () => {
    await bench.send();
    await bench.mustClaim();
    bench.clock.advance(leaseMs);
    const other = await bench.another();
    expect(await bench.recover('bob', other)).toBe(1);
    expect((await bench.mustClaim()).attempt).toBe(2);
  });

  test('two handles that recover at the same moment bring each message back once', async () => {
    const outgoing = Array.from({ length: 40 }, () => bench.outgoing());
    await bench.store.mail.send(outgoing, { durability: 'relaxed' });
    for (let i = 0; i < 40; i++) await bench.mustClaim();
    bench.clock.advance(leaseMs);
    const other = await bench.another();
    const moved = await Promise.all([bench.recover(), bench.recover('bob', other), bench.recover()]);
    expect(moved.reduce((sum, one) => sum + one)).toBe(40);
    expect((await bench.entries('ready')).map(({ id }) => id).sort()).toEqual(
      outgoing.map(({ message }) => message.id).sort(),
    );
    expect(await bench.entries('inflight')).toEqual([]);
  });

  test('of an ack and a recovery at the same moment one succeeds', async () => {
    await bench.send();
    const { receipt } = await bench.mustClaim();
    bench.clock.advance(leaseMs);
    const [moved, acked] = await Promise.allSettled([
      (await bench.another()).mail.recover('bob', policy),
      bench.store.mail.ack(receipt, {}),
    ]);
    expect(moved.status).toBe('fulfilled');
    if (acked.status === 'fulfilled') {
      expect(await bench.entries('archived')).toHaveLength(1);
      expect(await bench.entries('ready')).toEqual([]);
    } else {
      expect(acked.reason).toMatchObject({ code: 'LEASE_LOST' });
      expect(await bench.entries('ready')).toHaveLength(1);
    }
  });

  test('only what is due is moved, and only in the mailbox that was asked for', async () => {
    await bench.send({ to: ['bob', 'Cy'] });
    await bench.send({ body: 'second' });
    await bench.mustClaim({ leaseMs: 1000 });
    await bench.mustClaim({ leaseMs: 2 * 3_600_000 });
    await bench.store.mail.claim('Cy', { token: newToken(), leaseMs: 1000, policy });
    bench.clock.advance(1000);
    expect(await bench.recover()).toBe(1);
    expect(await bench.entries('inflight')).toHaveLength(1);
    expect(await bench.entries('inflight', 'Cy')).toHaveLength(1);
  });

  test('leases and due times of many hours and days are kept', async () => {
    const hour = 3_600_000;
    for (const hours of [1, 11, 12, 30, 24 * 10])
      await bench.send({ body: `${hours}` }, { dueAt: bench.clock.now() + hours * hour });
    expect((await bench.entries('delayed')).map(({ dueAt }) => dueAt)).toEqual(
      [1, 11, 12, 30, 240].map((hours) => bench.clock.now() + hours * hour),
    );
    bench.clock.advance(12 * hour);
    expect(await bench.recover()).toBe(3);
    expect(await bench.drain()).toEqual(['1', '11', '12']);
    bench.clock.advance(1000 * hour);
    expect(await bench.recover()).toBe(2);
  });

  test('the last attempt whose lease runs out leads to the dead-letter queue', async () => {
    await bench.send();
    for (let attempt = 1; attempt <= policy.maxAttempts; attempt++) {
      const delivery = await bench.mustClaim();
      expect(delivery.attempt).toBe(attempt);
      bench.clock.advance(leaseMs);
      await bench.recover();
      await expectRefusal(bench.store.mail.ack(delivery.receipt, {}), 'LEASE_LOST');
    }
    expect(await bench.claim()).toBeUndefined();
    const dead = await bench.only('dead');
    const why = await bench.store.look.deadReason(dead);
    expect(why).toMatchObject({ attempts: 5, deadAt: bench.clock.now() });
    expect(why?.reason).toMatch(/lease/i);
  });

  test('a step back of the clock loses nothing', async () => {
    await bench.send({ body: 'one' });
    await bench.mustClaim();
    bench.clock.advance(-24 * 3_600_000);
    await bench.send({ body: 'two' });
    expect(await bench.drain()).toEqual(['two']);
    bench.clock.advance(24 * 3_600_000 + leaseMs);
    await bench.recover();
    expect(await bench.drain()).toEqual(['one']);
  });

  test('what expires unread dies although nobody reads', async () => {
    await bench.send({ expiresAt: new Date(bench.clock.now() + 500).toISOString() });
    await bench.send({ body: 'stays' });
    bench.clock.advance(500);
    await bench.recover();
    expect(await bench.store.look.counts('bob')).toMatchObject({ ready: 1, dead: 1 });
    expect((await bench.store.look.deadReason(await bench.only('dead')))?.reason).toBe('its time-to-live ran out');
  });

  test('how often a message may be claimed is what its claim says, whoever takes it back', async () => {
    await bench.send({ body: 'twice' });
    await bench.send({ body: 'often' });
    await bench.mustClaim({ maxAttempts: 1 });
    await bench.mustClaim({ maxAttempts: 7 });
    bench.clock.advance(leaseMs);
    expect(await bench.recover('bob', await bench.another())).toBe(2);
    expect((await bench.store.look.read(await bench.only('dead')))?.body).toBe('twice');
    // For that claim: the next one has the mailbox's own again.
    for (let attempt = 2; attempt <= policy.maxAttempts; attempt++) {
      expect(await bench.mustClaim()).toMatchObject({ attempt, message: { body: 'often' } });
      bench.clock.advance(leaseMs);
      await bench.recover();
    }
    expect(await bench.entries('dead')).toHaveLength(2);
  });

  test('how often a message may be claimed is what its claim says, also when it is given back', async () => {
    await bench.send();
    const { receipt } = await bench.mustClaim({ maxAttempts: 1 });
    expect(await bench.store.mail.nack(receipt, { policy, delayMs: 0 })).toMatchObject({ state: 'dead' });
  });
}
