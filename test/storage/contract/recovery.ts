import { expect } from 'vitest';
import { dayMs, hourMs, maxLeaseMs } from '../../../src/model/basics/limits.ts';
import { briefMs, expectRefusal, leaseMs, policy, type Rig } from './rig.ts';
import { newToken } from './ways.ts';

export function recoveryRules(rig: Rig): void {
  const { test, onStillClock } = rig;

  onStillClock('a message whose lease ran out comes back at once, before new ones, as the next attempt', async () => {
    await rig.send({ body: 'old' });
    await rig.mustClaim();
    await rig.send({ body: 'new' });
    await rig.pass(leaseMs - 1);
    expect(await rig.recover()).toBe(0);
    await rig.pass(1);
    expect(await rig.recover()).toBe(1);
    expect(await rig.mustClaim()).toMatchObject({ attempt: 2, message: { body: 'old' } });
    expect(await rig.mustClaim()).toMatchObject({ attempt: 1, message: { body: 'new' } });
  });

  test('a claim brings back what ran out and what is due, without anybody calling for it', async () => {
    await rig.send({ body: 'held' });
    await rig.mustClaim({ leaseMs: briefMs });
    await rig.send({ body: 'later' }, { dueAt: rig.now() + briefMs });
    await rig.pass(briefMs);
    await rig.send({ body: 'new' });
    expect(await rig.drain()).toEqual(['held', 'later', 'new']);
  });

  test('any handle recovers for all', async () => {
    await rig.send();
    await rig.mustClaim({ leaseMs: briefMs });
    await rig.pass(briefMs);
    const other = await rig.another();
    expect(await rig.recover('bob', other)).toBe(1);
    expect((await rig.mustClaim()).attempt).toBe(2);
  });

  test('two handles that recover at the same moment bring each message back once', async () => {
    const outgoing = Array.from({ length: 40 }, () => rig.outgoing());
    await rig.store.mail.send(outgoing, { durability: 'relaxed' });
    for (let i = 0; i < 40; i++) await rig.mustClaim({ leaseMs: 5 * briefMs });
    await rig.pass(5 * briefMs);
    const other = await rig.another();
    const moved = await Promise.all([rig.recover(), rig.recover('bob', other), rig.recover()]);
    expect(moved.reduce((sum, one) => sum + one)).toBe(40);
    expect((await rig.entries('ready')).map(({ id }) => id).sort()).toEqual(
      outgoing.map(({ message }) => message.id).sort(),
    );
    expect(await rig.entries('inflight')).toEqual([]);
  });

  test('of an ack and a recovery at the same moment one succeeds', async () => {
    await rig.send();
    const { receipt } = await rig.mustClaim({ leaseMs: briefMs });
    await rig.pass(briefMs);
    const [moved, acked] = await Promise.allSettled([
      (await rig.another()).mail.recover('bob', policy),
      rig.store.mail.ack(receipt, {}),
    ]);
    expect(moved.status).toBe('fulfilled');
    if (acked.status === 'fulfilled') {
      expect(await rig.entries('archived')).toHaveLength(1);
      expect(await rig.entries('ready')).toEqual([]);
    } else {
      expect(acked.reason).toMatchObject({ code: 'LEASE_LOST' });
      expect(await rig.entries('ready')).toHaveLength(1);
    }
  });

  test('only what is due is moved, and only in the mailbox that was asked for', async () => {
    await rig.send({ to: ['bob', 'Cy'] });
    await rig.send({ body: 'second' });
    await rig.mustClaim({ leaseMs: 2 * briefMs });
    await rig.mustClaim({ leaseMs: 2 * 3_600_000 });
    await rig.store.mail.claim('Cy', { token: newToken(), leaseMs: 2 * briefMs, policy });
    await rig.pass(2 * briefMs);
    expect(await rig.recover()).toBe(1);
    expect(await rig.entries('inflight')).toHaveLength(1);
    expect(await rig.entries('inflight', 'Cy')).toHaveLength(1);
  });

  onStillClock('leases and due times of many hours and days are kept', async () => {
    const hour = 3_600_000;
    for (const hours of [1, 11, 12, 30, 24 * 10])
      await rig.send({ body: `${hours}` }, { dueAt: rig.now() + hours * hour });
    expect((await rig.entries('delayed')).map(({ dueAt }) => dueAt)).toEqual(
      [1, 11, 12, 30, 240].map((hours) => rig.now() + hours * hour),
    );
    await rig.pass(12 * hour);
    expect(await rig.recover()).toBe(3);
    expect(await rig.drain()).toEqual(['1', '11', '12']);
    await rig.pass(1000 * hour);
    expect(await rig.recover()).toBe(2);
  });

  test('the last attempt whose lease runs out leads to the dead-letter queue', async () => {
    await rig.send();
    for (let attempt = 1; attempt <= policy.maxAttempts; attempt++) {
      const delivery = await rig.mustClaim({ leaseMs: briefMs });
      expect(delivery.attempt).toBe(attempt);
      await rig.pass(briefMs);
      await rig.recover();
      await expectRefusal(rig.store.mail.ack(delivery.receipt, {}), 'LEASE_LOST');
    }
    expect(await rig.claim()).toBeUndefined();
    const dead = await rig.only('dead');
    const why = await rig.store.look.deadReason(dead);
    expect(why).toMatchObject({ attempts: 5, deadAt: rig.around(rig.now()) });
    expect(why?.reason).toMatch(/lease/i);
  });

  onStillClock('a step back of the clock loses nothing', async () => {
    await rig.send({ body: 'one' });
    await rig.mustClaim();
    await rig.pass(-8 * hourMs);
    await rig.send({ body: 'two' });
    expect(await rig.drain()).toEqual(['two']);
    await rig.pass(8 * hourMs + leaseMs);
    await rig.recover();
    expect(await rig.drain()).toEqual(['one']);
  });

  onStillClock.for([1, 400])('what was claimed while the clock was %d days ahead comes back', async (days) => {
    await rig.send({ body: 'one' });
    await rig.send({ body: 'two' });
    await rig.pass(days * dayMs);
    const { receipt } = await rig.mustClaim();
    await rig.store.mail.renew((await rig.mustClaim()).receipt, { leaseMs: maxLeaseMs });
    await rig.pass(-days * dayMs);
    expect(await rig.claim({ maxAttempts: 9 }, await rig.another())).toMatchObject({ attempt: 2 });
    expect(await rig.drain()).toEqual(['two']);
    await expectRefusal(rig.store.mail.ack(receipt, {}), 'LEASE_LOST');
  });

  onStillClock('a claim of the longest lease is its own when the clock goes back by some seconds', async () => {
    await rig.send();
    const { receipt } = await rig.mustClaim({ leaseMs: maxLeaseMs });
    await rig.pass(-30_000);
    expect(await rig.recover()).toBe(0);
    await rig.store.mail.ack(receipt, {});
  });

  onStillClock.for(['claim', 'recover'] as const)(
    'what was given back while the clock was ahead, to rest for a while, comes with the next %s',
    async (how) => {
      await rig.send({ body: 'backoff' });
      await rig.send({ body: 'short' });
      await rig.send({ body: 'own choice' });
      await rig.pass(12 * hourMs);
      await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy });
      await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, delayMs: policy.backoffMaxMs });
      await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, delayMs: policy.backoffMaxMs + 1 });
      await rig.send({ body: 'later' }, { dueAt: rig.now() + 1000 });
      await rig.pass(-12 * hourMs);
      if (how === 'recover') expect(await rig.recover()).toBe(2);
      expect((await rig.drain()).toSorted()).toEqual(['backoff', 'short']);
      // How long those rest was said, or was not from the moment when they were given back.
      expect(await rig.entries('delayed')).toHaveLength(2);
    },
  );

  onStillClock('a handle that has looked for it before ends a rest when the clock is set back', async () => {
    await rig.recover();
    await rig.send();
    await rig.pass(dayMs);
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy });
    expect(await rig.recover()).toBe(0);
    await rig.pass(-dayMs);
    expect(await rig.recover()).toBe(1);
    expect((await rig.mustClaim()).attempt).toBe(2);
  });

  onStillClock('a rest is not cut short when the clock goes back by some seconds', async () => {
    await rig.send();
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy });
    await rig.pass(-30_000);
    expect(await rig.recover(undefined, await rig.another())).toBe(0);
  });

  test('what expires unread dies although nobody reads', async () => {
    await rig.send({ expiresAt: new Date(rig.now() + 500).toISOString() });
    await rig.send({ body: 'stays' });
    await rig.pass(500);
    await rig.recover();
    expect(await rig.store.look.counts('bob')).toMatchObject({ ready: 1, dead: 1 });
    expect((await rig.store.look.deadReason(await rig.only('dead')))?.reason).toBe('its time-to-live ran out');
  });

  test('how often a message may be claimed is what its claim says, whoever takes it back', async () => {
    await rig.send({ body: 'twice' });
    await rig.send({ body: 'often' });
    await rig.mustClaim({ maxAttempts: 1, leaseMs: 2 * briefMs });
    await rig.mustClaim({ maxAttempts: 7, leaseMs: 2 * briefMs });
    await rig.pass(2 * briefMs);
    expect(await rig.recover('bob', await rig.another())).toBe(2);
    expect((await rig.store.look.read(await rig.only('dead')))?.body).toBe('twice');
    // For that claim: the next one has the mailbox's own again.
    for (let attempt = 2; attempt <= policy.maxAttempts; attempt++) {
      expect(await rig.mustClaim({ leaseMs: briefMs })).toMatchObject({ attempt, message: { body: 'often' } });
      await rig.pass(briefMs);
      await rig.recover();
    }
    expect(await rig.entries('dead')).toHaveLength(2);
  });

  test('how often a message may be claimed is what its claim says, also when it is given back', async () => {
    await rig.send();
    const { receipt } = await rig.mustClaim({ maxAttempts: 1 });
    expect(await rig.store.mail.nack(receipt, { policy, delayMs: 0 })).toMatchObject({ state: 'dead' });
  });
}
