import { beforeEach, expect, test } from 'vitest';
import { listAgents, registerAgent, resolveAgent } from '../../../src/core/agents/agents.ts';
import { pauseAgent, pauseOf, resumeAgent } from '../../../src/core/agents/pause.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { deleteAgent } from '../../../src/core/keep/delete-agent.ts';
import { peek } from '../../../src/core/look/peek.ts';
import { status } from '../../../src/core/look/status.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { request } from '../../../src/core/send/request.ts';
import { send } from '../../../src/core/send/send.ts';
import { consume } from '../../../src/core/take/consume.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, renew } from '../../../src/core/take/settle.ts';
import { work } from '../../../src/core/work/work.ts';
import { type CoreRig, createCoreRig, createRigOn, expectRefusal, gather } from '../rig.ts';
import { systemClock } from '../../../src/model/clock.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const sendTo = async (to: string, body = 'x'): Promise<string> => (await send(rig.root, { to, body })).id;

test('a paused mailbox takes mail, and nothing is claimed from it until it is resumed', async () => {
  const at = new Date(rig.clock.now()).toISOString();
  expect(await pauseAgent(rig.root, 'REVIEWER')).toMatchObject({
    name: 'reviewer',
    pausedAt: at,
    pausedBy: 'planner',
    changed: true,
  });
  const id = await sendTo('reviewer');
  // Another process sees it on the card.
  expect(await readNext(rig.as('reviewer'), 'reviewer')).toBeUndefined();
  expect(await peek(rig.root, 'reviewer')).toMatchObject([{ message: { id } }]);
  expect(await status(rig.root, ['reviewer'])).toMatchObject([{ ready: 1, pausedAt: at, pausedBy: 'planner' }]);
  expect((await status(rig.root)).map(({ pausedAt }) => pausedAt)).toEqual([undefined, undefined, at]);
  const resumed = await resumeAgent(rig.root, 'reviewer');
  expect(resumed).toMatchObject({ changed: true });
  expect(Object.keys(resumed).sort()).toEqual(['changed', 'createdAt', 'name']);
  expect((await readNext(rig.root, 'reviewer'))?.message.id).toBe(id);
});

test('pausing again keeps since when and by whom, and resuming what is not paused changes nothing', async () => {
  const first = await pauseAgent(rig.root, 'reviewer');
  rig.clock.advance(1000);
  expect(await pauseAgent(rig.as('Builder'), 'reviewer')).toEqual({ ...first, changed: false });
  await registerAgent(rig.root, { name: 'reviewer', description: 'new' });
  expect(await resolveAgent(rig.root, 'reviewer')).toMatchObject({ pausedAt: first.pausedAt, pausedBy: 'planner' });
  await resumeAgent(rig.root, 'reviewer');
  expect(await resumeAgent(rig.root, 'reviewer')).toMatchObject({ changed: false });
  await expectRefusal(pauseAgent(rig.root, 'nobody'), 'AGENT_NOT_FOUND');
  await expectRefusal(resumeAgent(rig.root, 'nobody'), 'AGENT_NOT_FOUND');
});

test('one that is deleted is not paused any more', async () => {
  await pauseAgent(rig.root, 'reviewer');
  expect(pauseOf(await deleteAgent(rig.root, 'reviewer'))).toBeUndefined();
});

test('who pauses without a name is somebody', async () => {
  const card = await pauseAgent(rig.as(undefined), 'reviewer');
  expect(card).not.toHaveProperty('pausedBy');
  expect(pauseOf(card)).toBe('reviewer is paused since 2026-11-20T09:00:00Z by somebody without a name');
});

test('what was claimed before can be renewed and acked', async () => {
  await sendTo('reviewer');
  const held = await readNext(rig.root, 'reviewer');
  await pauseAgent(rig.root, 'reviewer');
  await renew(rig.root, held?.receipt ?? '');
  expect(await ack(rig.root, held?.receipt ?? '')).toMatchObject({ state: 'archived' });
});

test('a sender is told, and doctor names what waits', async () => {
  await pauseAgent(rig.root, 'reviewer');
  await sendTo('reviewer');
  expect(rig.warnings.join()).toMatch(/^reviewer is paused since .* by planner: dreamos resume reviewer/);
  expect((await gather(doctor(rig.root))).filter(({ rule }) => rule === 'paused-with-mail')).toMatchObject([
    { mailbox: 'reviewer', hint: 'dreamos resume reviewer' },
  ]);
});

test('an answer goes to the request of a paused agent', async () => {
  const live = await createRigOn(systemClock);
  await pauseAgent(live.root, 'planner');
  const asking = request(live.root, { to: 'reviewer', body: '?' }, { waitMs: 20_000 });
  const job = await readNext(live.as('reviewer'), 'reviewer', { waitMs: 20_000 });
  await reply(live.as('reviewer'), job?.receipt ?? '', { body: '!' });
  expect((await asking)?.body).toBe('!');
});

test.each(['read', 'consume', 'work'] as const)(
  'who waits (%s) says why once, and goes on when it is resumed',
  async (how) => {
    const live = await createRigOn(systemClock);
    await pauseAgent(live.root, 'reviewer');
    const waitMs = 20_000;
    const other = live.as('reviewer');
    const got: string[] = [];
    const take = async (): Promise<unknown> => {
      if (how === 'read') return got.push((await readNext(other, 'reviewer', { waitMs }))?.message.body ?? '');
      if (how === 'work')
        return work(other, 'reviewer', ({ message }) => void got.push(message.body), { waitMs, count: 1 });
      for await (const job of consume(other, 'reviewer', { waitMs })) return got.push(job.message.body);
      return undefined;
    };
    const taking = take();
    await send(live.as('planner'), { to: 'reviewer', body: 'x' });
    await expect.poll(() => live.warnings.filter((text) => text.includes('is paused since')).length).toBeGreaterThan(1);
    expect(got).toEqual([]);
    await resumeAgent(live.root, 'reviewer');
    await taking;
    expect(got).toEqual(['x']);
    // The sender's, and one of who waits.
    expect(live.warnings.filter((text) => text.includes('is paused since'))).toHaveLength(2);
  },
);

test('who waits at a mailbox that is paused meanwhile takes nothing from it', async () => {
  const live = await createRigOn(systemClock);
  const reading = readNext(live.as('reviewer'), 'reviewer', { waitMs: 300 });
  await pauseAgent(live.root, 'reviewer');
  await send(live.root, { to: 'reviewer', body: 'x' });
  expect(await reading).toBeUndefined();
});

test('who waits at a mailbox whose agent is deleted is told', async () => {
  const live = await createRigOn(systemClock);
  const reading = readNext(live.as('reviewer'), 'reviewer', { waitMs: 20_000 });
  await send(live.root, { to: 'planner', body: 'x' });
  const refused = expectRefusal(reading, 'AGENT_NOT_FOUND');
  await deleteAgent(live.root, 'reviewer');
  await refused;
  expect((await listAgents(live.root)).length).toBe(2);
}, 15_000);
