import { expect } from 'vitest';
import { leaseMs, policy, type Rig } from './rig.ts';
import type { MailEvent } from '../../../src/model/event.ts';

const waitMs = 1000;
const holdMs = 2000;

export function durationRules(rig: Rig): void {
  const { test, onStillClock } = rig;
  const soon = (): string => new Date(rig.now() + waitMs).toISOString();
  const last = async (mailbox = 'bob'): Promise<MailEvent | undefined> => (await rig.events([mailbox])).at(-1);
  /** A message that was ready for a second, and has been held for two. */
  const held = async (): Promise<string> => {
    await rig.send();
    await rig.pass(waitMs);
    const { receipt } = await rig.mustClaim();
    expect(await last()).toMatchObject({ event: 'claimed', waitedMs: rig.around(waitMs) });
    await rig.pass(holdMs);
    return receipt;
  };

  test.for([
    ['acked', (receipt: string) => rig.store.mail.ack(receipt, {})],
    ['nacked', (receipt: string) => rig.store.mail.nack(receipt, { policy, delayMs: 0 })],
    ['nacked', (receipt: string) => rig.store.mail.nack(receipt, { policy, delayMs: 500 })],
    ['nacked', (receipt: string) => rig.store.mail.nack(receipt, { policy, delayMs: 0, free: true })],
    ['dead', (receipt: string) => rig.store.mail.nack(receipt, { policy, dead: true })],
    ['cancelled', async () => rig.store.mail.cancel(await rig.only('inflight'), { held: true })],
    ['handed_over', async () => rig.store.mail.handOver(await rig.only('inflight'), 'ann', {})],
  ] as const)(
    'a claim says how long its message was ready, and %s, which ends it, how long it was held',
    async (how) => {
      const [event, end] = how;
      await end(await held());
      expect(await last()).toMatchObject({ event, heldMs: rig.around(holdMs) });
    },
  );

  test.for([policy.maxAttempts, 1])(
    'a lease that runs out says how long the message was held, of %d attempts',
    async (maxAttempts) => {
      await rig.send();
      await rig.mustClaim({ leaseMs: waitMs, maxAttempts });
      await rig.pass(holdMs);
      await rig.recover();
      const event = maxAttempts === 1 ? 'dead' : 'lease_expired';
      expect(await last()).toMatchObject({ event, heldMs: rig.around(holdMs) });
    },
  );

  test('what ends a task says that it is one, and what ends other mail does not', async () => {
    const task = { requires: ['ts'] };
    const ends = [
      ['acked', (receipt: string) => rig.store.mail.ack(receipt, {})],
      ['dead', (receipt: string) => rig.store.mail.nack(receipt, { policy, dead: true })],
      ['cancelled', async () => rig.store.mail.cancel(await rig.only('inflight'), { held: true })],
    ] as const;
    for (const [event, end] of ends) {
      await rig.send({ type: 'task', task });
      await end((await rig.mustClaim()).receipt);
      expect(await last()).toMatchObject({ event, task: true });
      await end(await held());
      expect(await last()).toMatchObject({ event });
      expect(await last()).not.toHaveProperty('task');
    }
  });

  test('a renewed claim is held since it began', async () => {
    const receipt = await held();
    const renewed = await rig.store.mail.renew(receipt, { leaseMs });
    expect(await last()).not.toHaveProperty('heldMs');
    await rig.pass(holdMs);
    await rig.store.mail.ack(renewed.receipt, {});
    expect(await last()).toMatchObject({ event: 'acked', heldMs: rig.around(2 * holdMs) });
  });

  test('what comes back has waited since then, and is held anew', async () => {
    await rig.store.mail.nack(await held(), { policy, delayMs: 500 });
    await rig.pass(500);
    await rig.recover();
    await rig.pass(waitMs);
    const { receipt } = await rig.mustClaim();
    expect(await last()).toMatchObject({ event: 'claimed', attempt: 2, waitedMs: rig.around(waitMs) });
    await rig.pass(waitMs);
    await rig.store.mail.ack(receipt, {});
    expect(await last()).toMatchObject({ event: 'acked', heldMs: rig.around(waitMs) });
  });

  test('what nobody held says nothing of it: cancelled, handed over, or dead of its time-to-live', async () => {
    await rig.send();
    await rig.store.mail.cancel(await rig.only('ready'), {});
    expect(await last()).not.toHaveProperty('heldMs');
    await rig.store.mail.restore(await rig.only('archived'), {});
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, delayMs: 500 });
    await rig.store.mail.handOver(await rig.only('delayed'), 'ann', {});
    expect(await last()).not.toHaveProperty('heldMs');
    await rig.send({ expiresAt: new Date(rig.now() + 500).toISOString() });
    await rig.pass(500);
    expect(await rig.claim()).toBeUndefined();
    expect(await last()).toMatchObject({ event: 'dead' });
    expect(await last()).not.toHaveProperty('heldMs');
  });

  test('of an answer that waited in the inbox of its request nobody knows since when it was ready', async () => {
    const request = rig.ids.next(rig.now());
    await rig.store.mail.openInbox('bob', request, rig.now() + leaseMs);
    await rig.send({ replyTo: request });
    const { receipt } = await rig.mustClaim({ inbox: request });
    expect(await last()).toMatchObject({ event: 'claimed' });
    expect(await last()).not.toHaveProperty('waitedMs');
    await rig.pass(waitMs);
    await rig.store.mail.ack(receipt, {});
    expect(await last()).toMatchObject({ event: 'acked', heldMs: rig.around(waitMs) });
  });

  onStillClock('what lasted since a moment that is still to come says nothing of it', async () => {
    const hour = 3_600_000;
    await rig.send();
    await rig.pass(-hour);
    const { receipt } = await rig.mustClaim();
    expect(await last()).toMatchObject({ event: 'claimed' });
    expect(await last()).not.toHaveProperty('waitedMs');
    await rig.pass(-hour);
    await rig.store.mail.ack(receipt, {});
    expect(await last()).toMatchObject({ event: 'acked' });
    expect(await last()).not.toHaveProperty('heldMs');
  });

  onStillClock('a clock that is set back a little makes no duration less than nothing', async () => {
    await rig.send();
    await rig.pass(-10);
    const { receipt } = await rig.mustClaim();
    expect(await last()).toMatchObject({ event: 'claimed', waitedMs: 0 });
    await rig.pass(-10);
    await rig.store.mail.ack(receipt, {});
    expect(await last()).toMatchObject({ event: 'acked', heldMs: 0 });
  });

  const past = { late: true };
  const inTime = { late: false };
  test.for([
    ['the deadline of a task', () => ({ task: { deadline: soon() } })],
    ['the time by which a request is to be answered', () => ({ replyBy: soon() })],
  ] as const)('an ack says whether it came after %s', async ([, fields]) => {
    await rig.send(fields());
    await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
    expect(await last()).toMatchObject({ event: 'acked', ...inTime });
    const { id } = await rig.send(fields());
    const { receipt } = await rig.mustClaim();
    await rig.pass(waitMs + 1);
    await rig.store.mail.ack(receipt, {});
    expect(await last()).toMatchObject({ event: 'acked', id, ...past });
  });

  test('what is held for longer than its time-to-live is late, and so is what dies of it', async () => {
    await rig.send({ expiresAt: soon() });
    await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
    expect(await last()).toMatchObject({ event: 'acked', ...inTime });
    await rig.send({ expiresAt: soon() });
    const { receipt } = await rig.mustClaim();
    await rig.pass(waitMs);
    await rig.store.mail.ack(receipt, {});
    expect(await last()).toMatchObject({ event: 'acked', ...past });
    await rig.send({ expiresAt: soon() });
    await rig.pass(waitMs);
    await rig.claim();
    expect(await last()).toMatchObject({ event: 'dead', ...past });
  });

  test('by when it is to be done is known whichever way it was sent, and after every return', async () => {
    for (const how of [{ dedupeKey: 'k' }, { replaceKey: 'r' }, { to: ['bob', 'ann'] }]) {
      await rig.send({ ...how, replyBy: soon() });
      await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, delayMs: 500 });
      expect(await last()).not.toHaveProperty('late');
      await rig.pass(500);
      await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true });
      expect(await last()).toMatchObject({ event: 'dead', ...inTime });
      await rig.store.mail.retry(await rig.only('dead'), {});
      await rig.pass(waitMs);
      await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
      expect(await last()).toMatchObject({ event: 'acked', ...past });
    }
    const many = [0, 1].map(() => rig.outgoing({ replyBy: soon() }));
    await rig.store.mail.send(many, { durability: 'relaxed' });
    for (const _ of many) {
      await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
      expect(await last()).toMatchObject({ event: 'acked', ...inTime });
    }
  });

  test('what has no time by which it is to be done is neither late nor in time', async () => {
    await rig.send();
    await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
    expect(await last()).not.toHaveProperty('late');
    await rig.send();
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true });
    expect(await last()).not.toHaveProperty('late');
  });
}
