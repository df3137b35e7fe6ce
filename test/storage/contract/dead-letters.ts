import { expect, test } from 'vitest';
import { Bench, type MakeStore, policy } from './bench.ts';
import { newToken } from './ways.ts';

export function deadLetterRules(makeStore: MakeStore): void {
  const bench = new Bench(makeStore);

  test('the last failed attempt leads to the dead-letter queue, with its reason and history', async () => {
    const { id } = await bench.send();
    for (let attempt = 1; attempt <= 3; attempt++) {
      const { receipt } = await bench.mustClaim({ by: 'bob' });
      bench.clock.advance(10);
      const settled = await bench.store.mail.nack(receipt, {
        policy: { ...policy, maxAttempts: 3 },
        delayMs: 0,
        reason: `broke ${attempt}`,
        by: 'bob',
      });
      expect(settled.state).toBe(attempt < 3 ? 'ready' : 'dead');
    }
    const dead = await bench.only('dead');
    expect(dead).toMatchObject({ id, attempt: 3, deadAt: bench.clock.now() });
    const why = await bench.store.look.deadReason(dead);
    expect(why).toMatchObject({ reason: 'broke 3', attempts: 3, deadAt: bench.clock.now() });
    expect(why?.history.every((event) => event.id === id && event.mailbox === 'bob')).toBe(true);
    const history =
      why?.history.map(({ event, reason }) => (reason === undefined ? event : `${event}: ${reason}`)) ?? [];
    expect(history.slice(0, 5)).toEqual(['delivered', 'claimed', 'nacked: broke 1', 'claimed', 'nacked: broke 2']);
    expect(await bench.claim()).toBeUndefined();
  });

  test('a consumer rejects a message at its first attempt', async () => {
    await bench.send();
    const { receipt } = await bench.mustClaim();
    expect(await bench.store.mail.nack(receipt, { policy, dead: true, reason: 'not for me' })).toMatchObject({
      state: 'dead',
    });
    expect(await bench.store.look.deadReason(await bench.only('dead'))).toMatchObject({
      reason: 'not for me',
      attempts: 1,
    });
  });

  test('a rejection without a reason still has one', async () => {
    await bench.send();
    await bench.store.mail.nack((await bench.mustClaim()).receipt, { policy, dead: true });
    expect((await bench.store.look.deadReason(await bench.only('dead')))?.reason).toMatch(/\w/);
  });

  test('a message whose time-to-live ran out is not delivered but dead, with the reason, and blocks nothing', async () => {
    const expiresAt = bench.clock.now() + 5000;
    await bench.send({ body: 'stale', expiresAt: new Date(expiresAt).toISOString() });
    await bench.send({ body: 'fresh' });
    expect((await bench.entries('ready')).map((entry) => entry.expiresAt)).toEqual([expiresAt, undefined]);
    bench.clock.advance(5000);
    expect(await bench.drain()).toEqual(['fresh']);
    const why = await bench.store.look.deadReason(await bench.only('dead'));
    expect(why).toMatchObject({ attempts: 0, deadAt: bench.clock.now() });
    expect(why?.reason).toMatch(/time-to-live|expire/i);
  });

  test('a message is delivered until the moment its time-to-live ends', async () => {
    await bench.send({ body: 'last call', expiresAt: new Date(bench.clock.now() + 5000).toISOString() });
    bench.clock.advance(4999);
    expect(await bench.drain()).toEqual(['last call']);
  });

  test('a time-to-live that ends while the message is held does not disturb the holder', async () => {
    await bench.send({ expiresAt: new Date(bench.clock.now() + 5000).toISOString() });
    const { receipt } = await bench.mustClaim();
    bench.clock.advance(6000);
    expect(await bench.recover()).toBe(0);
    expect((await bench.store.mail.ack(receipt, {})).state).toBe('archived');
  });

  test('a time-to-live that ends while the message waits for its next attempt leads to the dead-letter queue', async () => {
    await bench.send({ expiresAt: new Date(bench.clock.now() + 5000).toISOString() });
    await bench.store.mail.nack((await bench.mustClaim()).receipt, { policy, delayMs: 10_000 });
    bench.clock.advance(10_000);
    await bench.recover();
    expect(await bench.claim()).toBeUndefined();
    expect(await bench.entries('dead')).toHaveLength(1);
  });

  test('a retried message is ready again, before new ones, and its attempts start anew', async () => {
    const { id } = await bench.send({ body: 'again' });
    await bench.store.mail.nack((await bench.mustClaim()).receipt, { policy, dead: true });
    await bench.send({ body: 'new' });
    expect(await bench.store.mail.retry(await bench.only('dead'), {})).toMatchObject({
      id,
      state: 'ready',
      attempt: 0,
    });
    expect(await bench.entries('dead')).toEqual([]);
    expect(await bench.mustClaim()).toMatchObject({ attempt: 1, message: { body: 'again' } });
    expect(await bench.mustClaim()).toMatchObject({ message: { body: 'new' } });
  });

  test('a message whose time-to-live ran out is delivered when it is retried', async () => {
    await bench.send({ body: 'late', expiresAt: new Date(bench.clock.now() + 1000).toISOString() });
    bench.clock.advance(1000);
    expect(await bench.claim()).toBeUndefined();
    await bench.store.mail.retry(await bench.only('dead'), {});
    expect(await bench.drain()).toEqual(['late']);
  });

  test('a message that dies a second time has its second reason', async () => {
    await bench.send();
    for (const reason of ['first death', 'second death']) {
      await bench.store.mail.nack((await bench.mustClaim()).receipt, { policy, dead: true, reason });
      const dead = await bench.only('dead');
      expect((await bench.store.look.deadReason(dead))?.reason).toBe(reason);
      if (reason === 'first death') await bench.store.mail.retry(dead, {});
    }
  });

  test('a purged message is gone for good', async () => {
    const { id } = await bench.send();
    await bench.store.mail.nack((await bench.mustClaim()).receipt, { policy, dead: true });
    const dead = await bench.only('dead');
    await bench.store.mail.purge(dead, {});
    expect(await bench.store.look.find(id)).toEqual([]);
    expect(await bench.store.look.read(dead)).toBeUndefined();
    expect((await bench.store.look.counts('bob')).dead).toBe(0);
  });

  test('a purge in one mailbox leaves the message in the others', async () => {
    const { id } = await bench.send({ to: ['bob', 'Cy'] });
    await bench.store.mail.nack((await bench.mustClaim()).receipt, { policy, dead: true });
    await bench.store.mail.purge(await bench.only('dead'), {});
    expect(await bench.store.look.find(id)).toMatchObject([{ mailbox: 'Cy', state: 'ready' }]);
    expect(await bench.store.mail.claim('Cy', { token: newToken(), leaseMs: 1000, policy })).toMatchObject({
      message: { id },
    });
  });
}
