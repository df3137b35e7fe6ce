import { mailEventSchema } from '../../../src/model/event.ts';
import { beforeEach, expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack, nack, renew } from '../../../src/core/take/settle.ts';
import { type CoreRig, createCoreRig, expectRefusal, must, refusal } from '../rig.ts';
import type { Delivery } from '../../../src/storage/port/mail.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const hour = 3_600_000;
const deliver = async (): Promise<Delivery> => {
  await send(rig.root, { to: 'reviewer', body: 'x' });
  return must(await readNext(rig.as('reviewer'), 'reviewer'));
};

test('an id settles the claim that the acting agent holds', async () => {
  const { message, receipt } = await deliver();
  const reviewer = rig.as('reviewer');
  expect((await renew(reviewer, message.id, hour)).leaseUntil).toBe(rig.clock.now() + hour);
  expect(await ack(reviewer, message.id)).toMatchObject({ id: message.id, mailbox: 'reviewer', state: 'archived' });
  await expectRefusal(ack(reviewer, receipt), 'ALREADY_SETTLED');
});

test('an id without an acting agent settles its only claim, in the name of who made it', async () => {
  await send(rig.root, { to: 'reviewer', body: 'x' });
  const { message } = must(await readNext(rig.as('Builder'), 'reviewer'));
  expect(await ack(rig.as(undefined), message.id)).toMatchObject({ mailbox: 'reviewer', state: 'archived' });
  expect(rig.mail.log.at(-1)).toMatchObject({ event: 'acked', by: 'Builder' });
});

test('an id without an acting agent that several hold is a question, not a guess', async () => {
  const { id } = await send(rig.root, { to: ['reviewer', 'Builder'], body: 'x' });
  for (const agent of ['reviewer', 'Builder']) must(await readNext(rig.as(agent), agent));
  for (const text of [id, id.slice(-8)]) {
    const { message, hint } = await refusal(ack(rig.as(undefined), text));
    expect(message).toContain('Builder, reviewer');
    expect(hint).toMatch(/`as`/);
  }
});

test('an id without an acting agent that nobody holds says where it is', async () => {
  const nobody = rig.as(undefined);
  await expectRefusal(ack(nobody, '01JD0000000000000000000000'), 'MESSAGE_NOT_FOUND');
  const { id } = await send(rig.root, { to: 'reviewer', body: 'x' });
  await expectRefusal(ack(nobody, id), 'LEASE_LOST');
  await ack(nobody, must(await readNext(rig.as('reviewer'), 'reviewer')).receipt);
  await expectRefusal(ack(nobody, id), 'ALREADY_SETTLED');
  const both = await send(rig.root, { to: ['reviewer', 'Builder'], body: 'x' });
  expect((await refusal(ack(nobody, both.id))).hint).toMatch(/`as`/);
});

test('an id settles what the acting agent has claimed from another mailbox', async () => {
  const { id } = await send(rig.root, { to: 'reviewer', body: 'x' });
  must(await readNext(rig.as('worker-1'), 'reviewer'));
  await expectRefusal(ack(rig.as('worker-2'), id), 'AGENT_NOT_FOUND');
  expect(await renew(rig.as('worker-1'), id.slice(-6).toLowerCase())).toMatchObject({ id, mailbox: 'reviewer' });
  expect(await ack(rig.as('worker-1'), id)).toMatchObject({ mailbox: 'reviewer', state: 'archived' });
});

test('an id that the acting agent does not hold says why', async () => {
  const reviewer = rig.as('reviewer');
  const { message, receipt } = await deliver();
  await expectRefusal(ack(rig.as('Builder'), message.id), 'MESSAGE_NOT_FOUND');
  await expectRefusal(ack(reviewer, '01JD0000000000000000000000'), 'MESSAGE_NOT_FOUND');
  await nack(reviewer, receipt, { delayMs: 1000 });
  await expectRefusal(ack(reviewer, message.id), 'LEASE_LOST');
  rig.clock.advance(1000);
  await readNext(reviewer, 'reviewer');
  await nack(reviewer, message.id, { dead: true });
  await expectRefusal(ack(reviewer, message.id), 'ALREADY_SETTLED');
});

test('a message that one look misses is found by the next', async () => {
  const { message } = await deliver();
  const reviewer = rig.as('reviewer');
  const find = reviewer.store.look.find.bind(reviewer.store);
  let looks = 0;
  reviewer.store.look.find = async (...args) => (++looks < 3 ? [] : find(...args));
  expect((await ack(reviewer, message.id)).state).toBe('archived');
});

test('a receipt that is nonsense is refused as such', async () => {
  await expectRefusal(ack(rig.root, 'nonsense'), 'RECEIPT_INVALID');
});

test('a nack keeps the policy of the mailbox', async () => {
  await registerAgent(rig.root, {
    name: 'reviewer',
    settings: { maxAttempts: 2, backoffMin: '10s', backoffMax: '10s' },
  });
  const { receipt } = await deliver();
  await nack(rig.root, receipt);
  rig.clock.advance(4999);
  expect(await readNext(rig.root, 'reviewer')).toBeUndefined();
  rig.clock.advance(5001);
  const second = must(await readNext(rig.root, 'reviewer'));
  expect((await nack(rig.root, second.receipt)).state).toBe('dead');
});

test.for([-1, NaN, 1e16])('a delay of %d ms is refused, and the claim stays', async (delayMs) => {
  const { receipt } = await deliver();
  await expectRefusal(nack(rig.root, receipt, { delayMs }), 'USAGE');
  expect((await ack(rig.root, receipt)).state).toBe('archived');
});

test('what is to rest is not to be a dead letter at once', async () => {
  const { receipt } = await deliver();
  await expectRefusal(nack(rig.root, receipt, { delayMs: 1000, dead: true }), 'USAGE');
  expect((await nack(rig.root, receipt, { dead: true })).state).toBe('dead');
});

test('a reason of any length does not keep a message from being given back', async () => {
  const { receipt } = await deliver();
  await nack(rig.root, receipt, { reason: 'x'.repeat(100_000), delayMs: 0 });
  const { reason } = must(rig.mail.log.at(-1));
  expect(reason).toHaveLength(2000);
  expect(reason).toMatch(/x…$/);
});

test('a reason is a text in the log, whatever JavaScript hands over, and its characters are whole', async () => {
  const reasons = [new Error('no such table'), 404, `${'x'.repeat(1998)}😀😀`, 'half \ud83d'] as string[];
  for (const reason of reasons) {
    await nack(rig.root, (await deliver()).receipt, { reason, dead: true });
    expect(mailEventSchema.safeParse(rig.mail.log.at(-1)).success).toBe(true);
  }
  expect(rig.mail.log.filter(({ event }) => event === 'dead').map(({ reason }) => reason)).toEqual([
    'no such table',
    '404',
    `${'x'.repeat(1998)}…`,
    'half \ufffd',
  ]);
});

test('the log knows who claimed and who settled', async () => {
  const { receipt } = await deliver();
  await ack(rig.as('Builder'), receipt);
  expect(rig.mail.log.map(({ event, by }) => `${event} by ${by}`)).toEqual([
    'delivered by planner',
    'claimed by reviewer',
    'acked by Builder',
  ]);
});

test('what the consumer says of the work is in the log, also of what it answers', async () => {
  await ack(rig.root, (await deliver()).receipt, { score: 0.25, note: `half \ud83d${'x'.repeat(3000)}` });
  const { score, note } = must(rig.mail.log.at(-1));
  expect({ score, note: note?.length }).toEqual({ score: 0.25, note: 2000 });
  expect(mailEventSchema.safeParse(rig.mail.log.at(-1)).success).toBe(true);
  await reply(rig.as('reviewer'), (await deliver()).receipt, { body: 'done' }, { ack: true, score: 1, note: 'good' });
  expect(rig.mail.log.at(-1)).toMatchObject({ event: 'acked', score: 1, note: 'good' });
  await ack(rig.root, (await deliver()).receipt);
  expect(rig.mail.log.at(-1)).not.toHaveProperty('score');
  expect(rig.mail.log.at(-1)).not.toHaveProperty('note');
});

test.for([-0.1, 1.1, NaN, '0.5' as unknown as number])(
  'a score of %j is refused, and the claim stays',
  async (score) => {
    const { receipt } = await deliver();
    await expectRefusal(ack(rig.root, receipt, { score }), 'USAGE');
    await expectRefusal(reply(rig.as('reviewer'), receipt, { body: 'done' }, { ack: true, score }), 'USAGE');
    expect(rig.mail.log.at(-1)).toMatchObject({ event: 'claimed' });
    expect((await ack(rig.root, receipt)).state).toBe('archived');
  },
);
