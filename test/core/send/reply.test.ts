import { beforeEach, expect, test } from 'vitest';
import { createAddressBook } from '../../../src/core/agents/address-book.ts';
import { compose } from '../../../src/core/send/compose.ts';
import type { CheckedDraft } from '../../../src/core/send/draft.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { reply } from '../../../src/core/send/reply.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { type CoreRig, createCoreRig, expectRefusal, must, refusal } from '../rig.ts';
import type { Draft } from '../../../src/model/draft.ts';
import type { Delivery } from '../../../src/storage/port/mail.ts';

let rig: CoreRig;
let reviewer: Session;
beforeEach(async () => {
  rig = await createCoreRig();
  reviewer = rig.as('reviewer');
});

const deliver = async (draft: Partial<Draft> = {}): Promise<Delivery> => {
  await send(rig.root, { to: 'reviewer', body: 'Please look.', subject: 'Patch', ...draft });
  return must(await readNext(reviewer, 'reviewer'));
};
const composedFor = (draft: Draft) => compose(rig.root, createAddressBook(rig.root), draft as CheckedDraft);
const answers = async (): Promise<number> => (await rig.root.store.look.counts('planner')).ready;

test('an answer goes to the sender, in the thread, under the subject', async () => {
  const { message, receipt } = await deliver();
  const sent = await reply(reviewer, receipt, { body: 'Looks good.' });
  expect(sent).toMatchObject({ to: ['planner'], state: 'ready' });
  expect(must(await readNext(rig.root, 'planner')).message).toMatchObject({
    id: sent.id,
    from: 'reviewer',
    subject: 'Re: Patch',
    type: 'reply',
    thread: message.id,
    replyTo: message.id,
    body: 'Looks good.',
  });
});

test('an answer in a thread stays in it, and "Re:" is not doubled', async () => {
  const { receipt } = await deliver({ thread: 't', subject: 're: Patch' });
  await reply(reviewer, receipt, { body: 'x' });
  expect(must(await readNext(rig.root, 'planner')).message).toMatchObject({ thread: 't', subject: 're: Patch' });
});

test('a subject that is cut for an answer keeps its characters whole', async () => {
  await reply(reviewer, (await deliver({ subject: '😀'.repeat(100) })).receipt, { body: 'x' });
  await reply(reviewer, (await deliver({ subject: `x${'😀'.repeat(99)}` })).receipt, { body: 'y' });
  for (let i = 0; i < 2; i++)
    expect(must(await readNext(rig.root, 'planner')).message.subject).toMatch(/^Re: x?(?:😀)+…$/u);
});

test('an answer to an older message, whose thread is longer than one may be, begins a thread with it', async () => {
  const { outgoing } = await composedFor({ to: 'reviewer', body: 'x' });
  const message = { ...outgoing.message, thread: 't'.repeat(2_000_000) };
  await rig.root.store.mail.send([{ ...outgoing, message }], { durability: 'relaxed' });
  await reply(reviewer, must(await readNext(reviewer, 'reviewer')).receipt, { body: 'x' });
  expect(must(await readNext(rig.root, 'planner')).message.thread).toBe(message.id);
});

test('the subject of an answer is never too long, and none stays none', async () => {
  await reply(reviewer, (await deliver({ subject: 'x'.repeat(200) })).receipt, { body: 'x' });
  await reply(reviewer, (await deliver({ subject: '' })).receipt, { body: 'y' });
  expect(must(await readNext(rig.root, 'planner')).message.subject).toHaveLength(200);
  expect(must(await readNext(rig.root, 'planner')).message.subject).toBe('');
});

test('what is said comes before what is taken from the original', async () => {
  const { receipt } = await deliver();
  await reply(reviewer, receipt, {
    body: 'x',
    subject: 'Other',
    type: 'task',
    thread: 'u',
    priority: 'high',
    from: 'Builder',
  });
  expect(must(await readNext(rig.root, 'planner')).message).toMatchObject({
    subject: 'Other',
    type: 'task',
    thread: 'u',
    priority: 'high',
    from: 'Builder',
  });
});

test('with ack, the original is finished', async () => {
  const { message, receipt } = await deliver();
  expect((await reply(reviewer, receipt, { body: 'x' }, { ack: true })).acked).toMatchObject({
    id: message.id,
    state: 'archived',
  });
});

test('by id, it is the acting agent who answers', async () => {
  const { message } = await deliver();
  expect((await reply(reviewer, message.id, { body: 'x' }, { ack: true })).acked?.state).toBe('archived');
  expect(must(await readNext(rig.root, 'planner')).message.from).toBe('reviewer');
  await expectRefusal(reply(rig.as(undefined), message.id, { body: 'x' }), 'USAGE');
  await expectRefusal(reply(rig.as('Builder'), message.id, { body: 'x' }), 'MESSAGE_NOT_FOUND');
});

test('by receipt, nobody has to be acting', async () => {
  const { receipt } = await deliver();
  await reply(rig.as(undefined), receipt, { body: 'x' });
  expect(must(await readNext(rig.root, 'planner')).message.from).toBe('reviewer');
});

test('what was acked can still be answered', async () => {
  const { message, receipt } = await deliver();
  await ack(reviewer, receipt);
  expect((await reply(reviewer, message.id, { body: 'x' })).to).toEqual(['planner']);
});

test.for(['x', 'other words'])(
  'a second answer (%s) is refused, names the first one, and is not sent',
  async (body) => {
    const { receipt } = await deliver();
    const first = await reply(reviewer, receipt, { body: 'x' });
    const error = await refusal(reply(reviewer, receipt, { body }));
    expect(error).toMatchObject({ kind: 'conflict', code: 'ALREADY_EXISTS' });
    expect(error.message).toContain(first.id);
    expect(error.hint).toContain('`again`');
    expect(await answers()).toBe(1);
  },
);

test('answering again needs to be meant', async () => {
  const { receipt } = await deliver();
  await reply(reviewer, receipt, { body: 'x' });
  await reply(reviewer, receipt, { body: 'x' }, { again: true });
  expect(await answers()).toBe(2);
});

test('whoever died between the answer and the ack finishes the two by saying it again', async () => {
  const { receipt } = await deliver();
  const first = await reply(reviewer, receipt, { body: 'x' });
  const again = await reply(reviewer, receipt, { body: 'x' }, { ack: true });
  expect(again).toMatchObject({ id: first.id, duplicate: true, acked: { state: 'archived' } });
  expect(await answers()).toBe(1);
  expect((await refusal(reply(reviewer, receipt, { body: 'x' }, { ack: true }))).code).toBe('ALREADY_EXISTS');
});

test('the redelivery of an answered message is finished by the same answer', async () => {
  const { receipt } = await deliver();
  await reply(reviewer, receipt, { body: 'x' });
  rig.clock.advance(15 * 60_000);
  const second = must(await readNext(reviewer, 'reviewer'));
  expect(second.attempt).toBe(2);
  expect((await reply(reviewer, second.receipt, { body: 'x' }, { ack: true })).acked?.state).toBe('archived');
  expect(await answers()).toBe(1);
});

test('with ack, nothing is sent when the message was taken back', async () => {
  const { receipt } = await deliver();
  rig.clock.advance(15 * 60_000);
  await reviewer.store.mail.recover('reviewer', { maxAttempts: 5, backoffMinMs: 1, backoffMaxMs: 1 });
  const error = await refusal(reply(reviewer, receipt, { body: 'x' }, { ack: true }));
  expect(error.code).toBe('LEASE_LOST');
  expect(await answers()).toBe(0);
});

test('an answer whose ack fails says that it was sent', async () => {
  const { receipt } = await deliver();
  await ack(reviewer, receipt);
  const error = await refusal(reply(reviewer, receipt, { body: 'x' }, { ack: true }));
  expect(error).toMatchObject({ kind: 'conflict', code: 'ALREADY_SETTLED' });
  expect(error.message).toMatch(/^The answer \w{26} was sent/);
  expect(await answers()).toBe(1);
});

test('a sender who is not registered cannot be answered', async () => {
  await send(rig.as('cron'), { to: 'reviewer', body: 'x' });
  const { receipt } = must(await readNext(reviewer, 'reviewer'));
  expect((await refusal(reply(reviewer, receipt, { body: 'x' }))).code).toBe('AGENT_NOT_FOUND');
});

test('who has lost the message to another consumer cannot answer and ack it: nothing is sent', async () => {
  const late = await deliver();
  rig.clock.advance(24 * 3_600_000);
  const right = must(await readNext(reviewer, 'reviewer'));
  expect(right.message.id).toBe(late.message.id);
  await expectRefusal(reply(reviewer, late.receipt, { body: 'too late' }, { ack: true }), 'LEASE_LOST');
  expect(await answers()).toBe(0);
  expect((await reply(reviewer, right.receipt, { body: 'in time' }, { ack: true })).acked).toMatchObject({
    state: 'archived',
  });
});

test('an id without an acting agent is answered by its only holder', async () => {
  const { message } = await deliver();
  const nobody = rig.as(undefined);
  const sent = await reply(nobody, message.id.slice(-6).toLowerCase(), { body: 'Yes.' }, { ack: true });
  expect(sent).toMatchObject({ to: ['planner'], acked: { id: message.id, state: 'archived' } });
  expect(must(await readNext(rig.root, 'planner')).message).toMatchObject({ from: 'reviewer', replyTo: message.id });
  const { hint } = await refusal(reply(nobody, message.id, { body: 'Yes.' }));
  expect(hint).toMatch(/`as`/);
});

test('an id is answered by who has claimed it from another mailbox, and nobody else', async () => {
  const { id } = await send(rig.root, { to: 'Builder', body: 'x' });
  await readNext(reviewer, 'Builder');
  await expectRefusal(reply(rig.root, id, { body: 'Mine.' }, { ack: true }), 'MESSAGE_NOT_FOUND');
  expect(await reply(reviewer, id, { body: 'Done.' }, { ack: true })).toMatchObject({ acked: { mailbox: 'Builder' } });
  expect(must(await readNext(rig.root, 'planner')).message.from).toBe('reviewer');
});
