import { expect } from 'vitest';
import type { Entry } from '../../../src/storage/port/look.ts';
import { briefMs, expectRefusal, leaseMs, policy, type Rig } from './rig.ts';

const task = { requires: ['review'] };

export function handOverRules(rig: Rig): void {
  const { test } = rig;
  const claimAs = (mailbox: string) =>
    rig.store.mail.claim(mailbox, { token: rig.ids.token(), leaseMs, policy, by: mailbox });

  test.for(['ready', 'delayed', 'inflight'] as const)(
    'a %s message is handed over to another mailbox, and is ready there',
    async (state) => {
      await rig.send({ body: 'over' }, state === 'delayed' ? { dueAt: rig.now() + leaseMs } : {});
      const held = state === 'inflight' ? await rig.mustClaim() : undefined;
      const entry = await rig.only(state);
      const cursor = await rig.store.journal.cursor(['bob', 'ann'], 'now');
      const now = await rig.store.mail.handOver(entry, 'ann', { by: 'Cy', reason: 'gone' });
      expect(now).toMatchObject({ id: entry.id, mailbox: 'ann', state: 'ready', attempt: entry.attempt });
      expect(await rig.only('ready', 'ann')).toEqual(now);
      for (const left of ['ready', 'delayed', 'inflight'] as const) expect(await rig.entries(left)).toEqual([]);
      const told = await rig.events(['bob', 'ann'], cursor);
      expect(told).toMatchObject([
        { mailbox: 'bob', event: 'handed_over', id: entry.id, to: 'ann', by: 'Cy', reason: 'gone' },
        { mailbox: 'ann', event: 'delivered', id: entry.id, by: 'Cy', type: 'message' },
      ]);
      if (held) await expectRefusal(rig.store.mail.ack(held.receipt, {}), 'LEASE_LOST');
      const delivery = await claimAs('ann');
      expect(delivery).toMatchObject({ attempt: entry.attempt + 1, message: { body: 'over', to: ['bob'] } });
      await rig.store.mail.ack(delivery?.receipt ?? '', {});
    },
  );

  test('of two that hand over what was listed one does, and the other is told', async () => {
    await rig.send();
    const entry = await rig.only('ready');
    await rig.store.mail.handOver(entry, 'ann', {});
    await expectRefusal(rig.store.mail.handOver(entry, 'Cy', {}), 'STATE_CHANGED');
    await rig.mustClaim({}).catch(() => undefined);
    expect(await rig.entries('ready', 'Cy')).toEqual([]);
  });

  test('what is finished is not handed over', async () => {
    await rig.send();
    await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
    await expectRefusal(rig.store.mail.handOver(await rig.only('archived'), 'ann', {}), 'STATE_CHANGED');
  });

  test('it goes to no mailbox that is not there, and to none that has it already, and stays where it is', async () => {
    await rig.send({ to: ['bob', 'ann'] });
    const entry = await rig.only('ready');
    await expectRefusal(rig.store.mail.handOver(entry, 'nobody', {}), 'AGENT_NOT_FOUND');
    await expectRefusal(rig.store.mail.handOver(entry, 'ann', {}), 'ALREADY_EXISTS');
    expect(await rig.only('ready')).toEqual(entry);
  });

  test('with an ordering key it frees the next of its key where it was, and goes in turn where it is', async () => {
    await rig.send({ orderingKey: 'k', body: 'first' });
    await rig.send({ orderingKey: 'k', body: 'second' });
    await rig.mustClaim();
    expect(await rig.claim()).toBeUndefined();
    await rig.store.mail.handOver(await rig.only('inflight'), 'ann', {});
    expect((await rig.mustClaim()).message.body).toBe('second');
    const first = await claimAs('ann');
    expect(first?.message.body).toBe('first');
    await rig.store.mail.nack(first?.receipt ?? '', { policy, delayMs: briefMs });
    await rig.send({ to: ['ann'], orderingKey: 'k', body: 'third' });
    expect(await claimAs('ann')).toBeUndefined();
  });

  test('a task is told by its entry and its receipt, and can be claimed among others', async () => {
    await rig.send({ body: 'mail' });
    await rig.send({ body: 'task', task });
    const tasks = (entries: readonly Entry[]) => entries.map((entry) => entry.task ?? false);
    expect(tasks(await rig.entries('ready'))).toEqual([false, true]);
    const { receipt, message } = await rig.mustClaim({ filter: { task: true } });
    expect(message).toMatchObject({ body: 'task', task });
    expect(rig.store.mail.parseReceipt(receipt)).toMatchObject({ id: message.id, task: true });
    expect(await rig.claim({ filter: { task: true } })).toBeUndefined();
    const { receipt: other } = await rig.mustClaim();
    expect(rig.store.mail.parseReceipt(other)).not.toHaveProperty('task');
    await rig.store.mail.ack(receipt, {});
    expect(await rig.only('archived')).toMatchObject({ task: true });
  });

  test('what was cancelled is told from what was acked', async () => {
    await rig.send();
    await rig.store.mail.cancel(await rig.only('ready'), {});
    expect(await rig.only('archived')).toMatchObject({ withdrawn: true });
    await rig.store.mail.restore(await rig.only('archived'), {});
    await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
    expect(await rig.only('archived')).not.toHaveProperty('withdrawn');
  });
}
