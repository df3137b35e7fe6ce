import { expect } from 'vitest';
import { briefMs, policy, type Rig } from './rig.ts';
import { newToken } from './ways.ts';

export function deadLetterRules(rig: Rig): void {
  const { test, onStillClock } = rig;

  test('the last failed attempt leads to the dead-letter queue, with its reason and history', async () => {
    const { id } = await rig.send();
    for (let attempt = 1; attempt <= 3; attempt++) {
      const { receipt } = await rig.mustClaim({ by: 'bob' });
      await rig.pass(10);
      const settled = await rig.store.mail.nack(receipt, {
        policy: { ...policy, maxAttempts: 3 },
        delayMs: 0,
        reason: `broke ${attempt}`,
        by: 'bob',
      });
      expect(settled.state).toBe(attempt < 3 ? 'ready' : 'dead');
    }
    const dead = await rig.only('dead');
    expect(dead).toMatchObject({ id, attempt: 3, deadAt: rig.around(rig.now()) });
    const why = await rig.store.look.deadReason(dead);
    expect(why).toMatchObject({ reason: 'broke 3', attempts: 3, deadAt: rig.around(rig.now()) });
    expect(why?.history.every((event) => event.id === id && event.mailbox === 'bob')).toBe(true);
    const history =
      why?.history.map(({ event, reason }) => (reason === undefined ? event : `${event}: ${reason}`)) ?? [];
    expect(history.slice(0, 5)).toEqual(['delivered', 'claimed', 'nacked: broke 1', 'claimed', 'nacked: broke 2']);
    expect(await rig.claim()).toBeUndefined();
  });

  test('a consumer rejects a message at its first attempt', async () => {
    await rig.send();
    const { receipt } = await rig.mustClaim();
    expect(await rig.store.mail.nack(receipt, { policy, dead: true, reason: 'not for me' })).toMatchObject({
      state: 'dead',
    });
    expect(await rig.store.look.deadReason(await rig.only('dead'))).toMatchObject({
      reason: 'not for me',
      attempts: 1,
    });
  });

  test('a rejection without a reason still has one', async () => {
    await rig.send();
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true });
    expect((await rig.store.look.deadReason(await rig.only('dead')))?.reason).toMatch(/\w/);
  });

  test('a message whose time-to-live ran out is not delivered but dead, with the reason, and blocks nothing', async () => {
    const expiresAt = rig.now() + briefMs;
    await rig.send({ body: 'stale', expiresAt: new Date(expiresAt).toISOString() });
    await rig.send({ body: 'fresh' });
    expect((await rig.entries('ready')).map((entry) => entry.expiresAt)).toEqual([expiresAt, undefined]);
    await rig.pass(briefMs);
    expect(await rig.drain()).toEqual(['fresh']);
    const why = await rig.store.look.deadReason(await rig.only('dead'));
    expect(why).toMatchObject({ attempts: 0, deadAt: rig.around(rig.now()) });
    expect(why?.reason).toMatch(/time-to-live|expire/i);
  });

  onStillClock('a message is delivered until the moment its time-to-live ends', async () => {
    await rig.send({ body: 'last call', expiresAt: new Date(rig.now() + 5000).toISOString() });
    await rig.pass(4999);
    expect(await rig.drain()).toEqual(['last call']);
  });

  test('a time-to-live that ends while the message is held does not disturb the holder', async () => {
    await rig.send({ expiresAt: new Date(rig.now() + 3 * briefMs).toISOString() });
    const { receipt } = await rig.mustClaim();
    await rig.pass(4 * briefMs);
    expect(await rig.recover()).toBe(0);
    expect((await rig.store.mail.ack(receipt, {})).state).toBe('archived');
  });

  test('a time-to-live that ends while the message waits for its next attempt leads to the dead-letter queue', async () => {
    await rig.send({ expiresAt: new Date(rig.now() + 3 * briefMs).toISOString() });
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, delayMs: 4 * briefMs });
    await rig.pass(4 * briefMs);
    await rig.recover();
    expect(await rig.claim()).toBeUndefined();
    expect(await rig.entries('dead')).toHaveLength(1);
  });

  test('a retried message is ready again, before new ones, and its attempts start anew', async () => {
    const { id } = await rig.send({ body: 'again' });
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true });
    await rig.send({ body: 'new' });
    expect(await rig.store.mail.retry(await rig.only('dead'), {})).toMatchObject({
      id,
      state: 'ready',
      attempt: 0,
    });
    expect(await rig.entries('dead')).toEqual([]);
    expect(await rig.mustClaim()).toMatchObject({ attempt: 1, message: { body: 'again' } });
    expect(await rig.mustClaim()).toMatchObject({ message: { body: 'new' } });
  });

  test('a message whose time-to-live ran out is delivered when it is retried', async () => {
    await rig.send({ body: 'late', expiresAt: new Date(rig.now() + briefMs).toISOString() });
    await rig.pass(briefMs);
    expect(await rig.claim()).toBeUndefined();
    await rig.store.mail.retry(await rig.only('dead'), {});
    expect(await rig.drain()).toEqual(['late']);
  });

  test('a message that dies a second time has its second reason', async () => {
    await rig.send();
    for (const reason of ['first death', 'second death']) {
      await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true, reason });
      const dead = await rig.only('dead');
      expect((await rig.store.look.deadReason(dead))?.reason).toBe(reason);
      if (reason === 'first death') await rig.store.mail.retry(dead, {});
    }
  });

  test('a purged message is gone for good', async () => {
    const { id } = await rig.send();
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true });
    const dead = await rig.only('dead');
    await rig.store.mail.purge(dead, {});
    expect(await rig.store.look.find(id)).toEqual([]);
    expect(await rig.store.look.read(dead)).toBeUndefined();
    expect((await rig.store.look.counts('bob')).dead).toBe(0);
  });

  test('a purge in one mailbox leaves the message in the others', async () => {
    const { id } = await rig.send({ to: ['bob', 'Cy'] });
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true });
    await rig.store.mail.purge(await rig.only('dead'), {});
    expect(await rig.store.look.find(id)).toMatchObject([{ mailbox: 'Cy', state: 'ready' }]);
    expect(await rig.store.mail.claim('Cy', { token: newToken(), leaseMs: 1000, policy })).toMatchObject({
      message: { id },
    });
  });
}
