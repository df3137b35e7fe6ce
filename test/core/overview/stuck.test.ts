import { beforeEach, expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { heartbeat } from '../../../src/core/agents/heartbeat.ts';
import { pauseAgent } from '../../../src/core/agents/pause.ts';
import { retryDead } from '../../../src/core/keep/dlq.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { stuck } from '../../../src/core/overview/stuck.ts';
import { send } from '../../../src/core/send/send.ts';
import { createTask } from '../../../src/core/tasks/create.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack, renew } from '../../../src/core/take/settle.ts';
import { type CoreRig, createCoreRig, gather, must } from '../rig.ts';

const minute = 60_000;
let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const sent = async (orderingKey?: string): Promise<string> =>
  (await send(rig.root, { to: 'reviewer', body: 'x', ...(orderingKey !== undefined && { orderingKey }) })).id;
const claimed = async () => must(await readNext(rig.as('reviewer'), 'reviewer'));
const rules = async (): Promise<string[]> => (await stuck(rig.root)).map(({ rule, mailbox }) => `${rule} ${mailbox}`);

test('mail that is read and acked is not stuck', async () => {
  await sent();
  await sent();
  rig.clock.advance(minute);
  await ack(rig.root, (await claimed()).receipt);
  expect(await stuck(rig.root)).toEqual([]);
});

test('what is ready and nobody reads is stuck after `warnUnreadAfter`', async () => {
  await sent();
  rig.clock.advance(30 * minute);
  expect(await rules()).toEqual([]);
  rig.clock.advance(40 * minute);
  expect(await stuck(rig.root)).toMatchObject([
    { rule: 'unread', level: 'warning', mailbox: 'reviewer', hint: 'dreamos peek reviewer' },
  ]);
});

test('tasks that nobody can take are stuck after a minute, with what is missing', async () => {
  await createTask(rig.root, { title: 'train', requires: ['gpu'] });
  await heartbeat(rig.root, 'reviewer', { status: 'idle' });
  expect(await rules()).toEqual([]);
  rig.clock.advance(2 * minute);
  expect(await stuck(rig.root)).toEqual([
    {
      rule: 'tasks-untaken',
      level: 'warning',
      mailbox: 'task-pool.gpu',
      message: '1 task waits in it, for 2m by now; what is missing: somebody who can: gpu.',
      hint: 'dreamos task list --ready',
    },
  ]);
  await registerAgent(rig.root, { name: 'reviewer', capabilities: ['gpu'] });
  expect(await rules()).toEqual([]);
});

test('mail of a paused agent is stuck', async () => {
  await sent();
  await pauseAgent(rig.root, 'reviewer');
  expect(await stuck(rig.root)).toMatchObject([{ rule: 'paused-with-mail', hint: 'dreamos resume reviewer' }]);
});

test('mail of an agent that was there and is gone is stuck, and says since when', async () => {
  await heartbeat(rig.root, 'reviewer', { status: 'idle' });
  await sent();
  rig.clock.advance(24 * minute);
  expect(await rules()).toEqual([]);
  rig.clock.advance(4 * minute);
  expect(await stuck(rig.root)).toEqual([
    {
      rule: 'gone-with-mail',
      level: 'warning',
      mailbox: 'reviewer',
      message: 'It is gone since 3m, with 1 unfinished message.',
      hint: 'dreamos list reviewer',
    },
  ]);
});

test('tasks that wait for one that has failed are stuck until it is retried', async () => {
  await heartbeat(rig.root, 'reviewer', { status: 'idle' });
  const { id } = await createTask(rig.root, { title: 'one' });
  await createTask(rig.root, { title: 'two', dependsOn: [id] });
  await nack(rig.as('reviewer'), (await claimed()).receipt, { dead: true });
  expect(await stuck(rig.root)).toMatchObject([
    { rule: 'behind-failed', mailbox: 'reviewer', message: `1 task waits for ${id}, which has failed.` },
  ]);
  await retryDead(rig.root, 'reviewer', [id]);
  expect(await rules()).toEqual([]);
});

test('a failed task that nothing waits for holds nothing up', async () => {
  await heartbeat(rig.root, 'reviewer', { status: 'idle' });
  await createTask(rig.root, { title: 'one' });
  await nack(rig.as('reviewer'), (await claimed()).receipt, { dead: true });
  expect(await rules()).toEqual([]);
});

test('a claim that its holder renews beyond the lease that it had is stuck, and says by whom and for how long', async () => {
  const id = await sent();
  let { receipt } = await claimed();
  for (let held = 0; held < 40; held += 10) {
    // The lease is 15 minutes.
    if (held < 20) expect(await rules(), `after ${held} minutes`).toEqual([]);
    rig.clock.advance(10 * minute);
    ({ receipt } = await renew(rig.as('reviewer'), receipt));
  }
  const [found, ...more] = await stuck(rig.root);
  expect(more).toEqual([]);
  expect(found).toMatchObject({
    rule: 'held-long',
    level: 'warning',
    mailbox: 'reviewer',
    hint: `dreamos trace ${id}`,
  });
  expect(found?.message).toBe(`reviewer has held ${id} for 40m, longer than its lease, and renews it.`);
});

test('a claim with a longer lease is not stuck within it', async () => {
  await sent();
  must(await readNext(rig.as('reviewer'), 'reviewer', { leaseMs: 300 * minute }));
  rig.clock.advance(200 * minute);
  expect(await rules()).toEqual([]);
});

test('what waits behind a message of its ordering key that rests for long is stuck; a short rest is not', async () => {
  const head = await sent('k');
  await sent('k');
  await sent('other');
  rig.clock.advance(1000);
  await nack(rig.as('reviewer'), (await claimed()).receipt, { delayMs: 10_000 });
  expect(await rules()).toEqual([]);
  rig.clock.advance(10_000);
  await nack(rig.as('reviewer'), (await claimed()).receipt, { delayMs: 30 * minute });
  expect(await stuck(rig.root)).toMatchObject([
    {
      rule: 'behind-key',
      mailbox: 'reviewer',
      message: `1 ready message waits behind ${head}, which has their ordering key "k" and was given back and rests for 30m more.`,
      hint: `dreamos deliver ${head} now`,
    },
  ]);
});

test('a dead letter holds nothing up: the next message of its ordering key is delivered', async () => {
  await sent('k');
  const second = await sent('k');
  rig.clock.advance(1000);
  await nack(rig.as('reviewer'), (await claimed()).receipt, { dead: true });
  expect(await rules()).toEqual([]);
  expect((await claimed()).message.id).toBe(second);
});

test('the doctor says it, too', async () => {
  await sent();
  rig.clock.advance(120 * minute);
  const found = await stuck(rig.root);
  expect(found).toHaveLength(1);
  expect(await gather(doctor(rig.root))).toEqual(found);
});
