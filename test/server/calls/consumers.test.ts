/** What one holds whose process has ended comes back, and nothing of anybody else. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sendAll } from '../../../src/core/send/send.ts';
import type { Delivery } from '../../../src/storage/port/mail.ts';
import { removeScratch, scratch } from '../../scratch.ts';
import { createServed } from '../rig.ts';
import { callAt, calling } from './rig.ts';

let served: Awaited<ReturnType<typeof createServed>>;
let folder: string;
beforeAll(async () => {
  folder = scratch();
  served = await createServed(['planner', 'reviewer', 'other'], { agentSockets: { folder, users: {} } });
});
afterAll(async () => {
  await served.close();
  removeScratch();
});

const at = (agent: string): string => join(folder, agent, 'sock');

async function called(agent: string, call: string, ...args: unknown[]): Promise<Delivery> {
  const { end, error } = await callAt(at(agent), call, args);
  expect(error).toBeUndefined();
  return end as Delivery;
}

/** A worker of its own mailbox. */
async function worker(agent: string, id: string) {
  const { begun, kill } = calling(at(agent), '-take-up', [agent, id]);
  expect(await begun).toEqual({ item: true });
  return { read: () => called(agent, 'read', agent, { consumer: id }), kill };
}

const stateIn = async (mailbox: string, id: string): Promise<string | undefined> =>
  (await served.root.store.look.find(id, mailbox))[0]?.state;

async function isReady(mailbox: string, id: string): Promise<void> {
  await expect.poll(() => stateIn(mailbox, id)).toBe('ready');
}

async function sendTo(...to: string[]): Promise<void> {
  const [sent] = await sendAll({ ...served.root, acting: 'other' }, [{ to, body: 'a' }]);
  expect(sent).toHaveProperty('id');
}

test('one message in two mailboxes: what one of them renews or acks is not what the other holds', async () => {
  await sendTo('planner', 'reviewer');
  const mine = await worker('reviewer', 'w');
  const theirs = await worker('planner', 'w');
  const [held, other] = [await mine.read(), await theirs.read()];
  expect(other.message.id).toBe(held.message.id);
  await called('planner', 'renew', other.receipt);
  mine.kill();
  await isReady('reviewer', held.message.id);
  expect(await stateIn('planner', other.message.id)).toBe('inflight');
  theirs.kill();
  await isReady('planner', other.message.id);
  const [again, once] = [await worker('planner', 'x'), await worker('reviewer', 'x')];
  await again.read();
  await called('reviewer', 'ack', (await once.read()).receipt);
  again.kill();
  await isReady('planner', other.message.id);
  await called('planner', 'ack', (await called('planner', 'read', 'planner')).receipt);
});

test('a claim of another worker of the mailbox stays, though it is of the same message', async () => {
  await sendTo('planner');
  const slow = await worker('planner', 'slow');
  const late = await slow.read();
  // As if its lease had ended.
  await served.root.store.mail.nack(late.receipt, { by: 'planner', delayMs: 0, free: true, policy: {} as never });
  const { receipt, message } = await called('reviewer', 'read', 'planner');
  await called('reviewer', 'renew', receipt);
  slow.kill();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await stateIn('planner', message.id)).toBe('inflight');
  await called('reviewer', 'ack', receipt);
});

test('nobody takes the place of another agent’s worker by its name', async () => {
  await sendTo('planner');
  const mine = await worker('planner', 'same');
  const theirs = await worker('reviewer', 'same');
  const { message } = await mine.read();
  theirs.kill();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await stateIn('planner', message.id)).toBe('inflight');
  mine.kill();
  await isReady('planner', message.id);
});

test(
  'a claim is of who has its answer as long as he is there, and comes back with his end',
  { timeout: 15_000 },
  async () => {
    await sendTo('planner');
    const { end, kill } = calling(at('planner'), 'read', ['planner'], true);
    const { message } = (await end).end as Delivery;
    await new Promise((resolve) => setTimeout(resolve, 5500));
    expect(await stateIn('planner', message.id)).toBe('inflight');
    kill();
    await isReady('planner', message.id);
  },
);

test('what a worker holds stays his when the server ends: he goes on with it', async () => {
  await sendTo('planner');
  const mine = await worker('planner', 'w');
  const { message, receipt } = await mine.read();
  await served.stop();
  expect(await stateIn('planner', message.id)).toBe('inflight');
  await served.begin();
  await called('planner', 'ack', receipt);
});

test('a server that ends hears that a claim has arrived; what nobody says to have in time has its lease', async () => {
  for (const silent of ['arrives', 'late'] as const) {
    await sendTo('planner');
    let say: (value: unknown) => void = () => undefined;
    const { end, kill } = calling(at('planner'), 'read', ['planner'], new Promise((resolve) => (say = resolve)));
    const { message, receipt } = (await end).end as Delivery;
    const stopped = served.stop();
    if (silent === 'arrives') say(true);
    await stopped;
    expect(await stateIn('planner', message.id)).toBe('inflight');
    kill();
    await served.begin();
    await called('planner', 'ack', receipt);
  }
});

test('where the server cuts it off, a claim is of whom it was handed to', async () => {
  await sendTo('planner');
  const { end } = calling(at('planner'), 'read', ['planner'], true);
  const { message, receipt } = (await end).end as Delivery;
  await served.stop(0);
  expect(await stateIn('planner', message.id)).toBe('inflight');
  await served.begin();
  await called('planner', 'ack', receipt);
});
