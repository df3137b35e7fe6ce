import { expect } from 'vitest';
import type { Message } from '../../../src/model/message.ts';
import type { Outgoing, Sent } from '../../../src/storage/port/mail.ts';
import { policy, type Rig } from './rig.ts';
import { changeAgentIn } from './ways.ts';

export function noticeRules(rig: Rig): void {
  const { test } = rig;
  const sendNotified = (fields: Partial<Message> = {}, more: Partial<Outgoing> = {}): Promise<Sent> =>
    rig.send({ from: 'ann', notify: true, ...fields }, more);
  const notices = async (of = 'ann'): Promise<Message[]> => {
    const all: Message[] = [];
    for (const entry of await rig.entries('ready', of)) all.push((await rig.store.look.read(entry))!);
    return all.sort((a, b) => (a.id < b.id ? -1 : 1));
  };
  const reject = async (): Promise<void> => {
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true, reason: 'no such branch' });
  };

  test('who asked for it is told of a rejection, once, with what to type', async () => {
    const { id } = await sendNotified({ subject: 'Review it', thread: 'T' });
    await reject();
    const [notice, ...more] = await notices();
    expect(more).toEqual([]);
    const { body, ...about } = notice!;
    const { deadAt = 0 } = await rig.only('dead');
    expect(about).toMatchObject({ from: 'bob', to: ['ann'], type: 'notice', subject: 'Dead: Review it' });
    expect(about).toMatchObject({ thread: 'T', replyTo: id });
    expect(about.data).toMatchObject({ mailbox: 'bob', id, reason: 'no such branch', attempts: 1 });
    expect(Date.parse((about.data as { deadAt: string }).deadAt)).toBe(deadAt);
    expect(body).toContain('no such branch');
    expect(body).toContain(`dreamos dlq show bob ${id}`);
    expect(body).toContain(`dreamos dlq retry bob ${id}`);
    expect((await rig.store.look.deadReason(await rig.only('dead')))?.notice).toBe('sent');
    await rig.store.upkeep!.sweepExpired('bob', { dryRun: false });
    await rig.recover();
    expect(await notices()).toHaveLength(1);
  });

  test('nobody is told who did not ask, nor of what is acked or cancelled', async () => {
    await rig.send({ from: 'ann' });
    await reject();
    await sendNotified();
    await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
    await sendNotified();
    await rig.store.mail.cancel(await rig.only('ready'), {});
    expect(await notices()).toEqual([]);
    expect((await rig.store.look.deadReason(await rig.only('dead')))?.notice).toBeUndefined();
  });

  rig.onStillClock(
    'of the last attempt, of a lease that ran out on it, and of what expired he is told as well',
    async () => {
      await sendNotified({ body: 'failed' });
      await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy: { ...policy, maxAttempts: 1 } });
      await sendNotified({ body: 'lease' });
      await rig.mustClaim({ maxAttempts: 1 });
      await rig.pass(61_000);
      await rig.recover();
      await sendNotified({ body: 'late' }, { expiresAt: new Map([['bob', rig.now() + 1000]]) });
      await rig.pass(2000);
      await rig.store.upkeep!.sweepExpired('bob', { dryRun: false });
      expect(await rig.entries('dead')).toHaveLength(3);
      const reasons = (await notices()).map(({ data }) => (data as { reason: string }).reason);
      expect(reasons).toHaveLength(3);
      expect(reasons[0]).toContain('failed 1');
      expect(reasons[1]).toContain('lease');
      expect(reasons[2]).toBe('its time-to-live ran out');
    },
  );

  rig.onStillClock('each death of one message is told, and each mailbox of several for itself', async () => {
    await sendNotified({ to: ['bob', 'Cy'] });
    await reject();
    await rig.pass(10);
    await rig.store.mail.retry(await rig.only('dead'), {});
    await reject();
    expect(await notices()).toHaveLength(2);
    const claim = await rig.store.mail.claim('Cy', { token: 'C'.repeat(10), leaseMs: 60_000, policy });
    await rig.store.mail.nack(claim!.receipt, { policy, dead: true });
    expect((await notices()).map(({ from }) => from)).toEqual(['bob', 'bob', 'Cy']);
  });

  test('a notice that dies is told to nobody', async () => {
    await sendNotified();
    await reject();
    const claim = await rig.store.mail.claim('ann', { token: 'A'.repeat(10), leaseMs: 60_000, policy });
    expect(claim?.message.type).toBe('notice');
    await rig.store.mail.nack(claim!.receipt, { policy, dead: true });
    expect(await rig.entries('dead', 'ann')).toHaveLength(1);
    for (const name of ['ann', 'bob']) expect(await rig.entries('ready', name)).toEqual([]);
  });

  test('a sender who is unknown, has retired or has no room is not told, and the death stands and says so', async () => {
    const why: (string | undefined)[] = [];
    for (const [name, settings, retiredAt] of [
      ['nobody', undefined, null],
      ['ann', { maxMessages: 1 }, null],
      ['Cy', undefined, '2026-11-20T09:00:00.000Z'],
    ] as const) {
      if (name !== 'nobody')
        await changeAgentIn(rig.store, name, (card) => ({ ...card!, retiredAt, ...(settings && { settings }) }));
      if (name === 'ann') await rig.send({ to: ['ann'], from: 'bob' });
      await sendNotified({ from: name });
      await reject();
      const dead = await rig.only('dead');
      why.push((await rig.store.look.deadReason(dead))?.notice);
      await rig.store.mail.purge(dead, {});
    }
    expect(why).toEqual(['there is no such agent', 'the mailbox of ann is full', 'that agent has retired']);
    expect(await rig.entries('ready', 'ann')).toHaveLength(1);
    expect(await rig.entries('ready', 'Cy')).toEqual([]);
  });

  test('a repeat under a dedupe key that asks for a notice, as the first did not, is another message', async () => {
    await rig.send({ from: 'ann', dedupeKey: 'k' });
    await expect(sendNotified({ dedupeKey: 'k' })).rejects.toMatchObject({ code: 'DEDUPE_MISMATCH' });
  });
}
