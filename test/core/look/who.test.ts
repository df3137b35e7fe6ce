import { beforeEach, expect, test } from 'vitest';
import { registerAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { heartbeat } from '../../../src/core/agents/heartbeat.ts';
import { who } from '../../../src/core/look/who.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { changeAgentIn } from '../../storage/contract/ways.ts';
import { type CoreRig, createCoreRig, expectRefusal, must } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const minute = 60_000;
const toReviewer = (body = 'x') => send(rig.root, { to: 'reviewer', body });
const one = async (name = 'reviewer') => must((await who(rig.root, [name]))[0]);

test('only those are told that have said that they are there, or whose tool has a session; by name or all of them anybody', async () => {
  await changeAgentIn(rig.root.store, 'pool', () => ({
    name: 'pool',
    createdAt: '2026-11-20T09:00:00Z',
    kind: 'queue',
  }));
  const names = async (...given: Parameters<typeof who> extends [unknown, ...infer Rest] ? Rest : never) =>
    (await who(rig.root, ...given)).map(({ agent }) => agent);
  expect(await names()).toEqual([]);
  await heartbeat(rig.root, 'reviewer');
  const session = {
    host: 'claude',
    session: 'a',
    agent: 'Builder',
    state: 'busy',
    since: 0,
    interactive: true,
  } as const;
  await rig.root.store.reach.putSession(session);
  expect(await names()).toEqual(['Builder', 'reviewer']);
  expect(await names(undefined, { all: true })).toEqual(['Builder', 'planner', 'reviewer']);
  expect(await names(['planner'])).toEqual(['planner']);
  await retireAgent(rig.root, 'reviewer');
  expect(await names()).toEqual(['Builder']);
  await expectRefusal(who(rig.root, ['nobody']), 'AGENT_NOT_FOUND');
  await expectRefusal(who(rig.root, ['pool']), 'USAGE');
});

test('what it holds is told with the time left, what ends first in front, and who holds it', async () => {
  await registerAgent(rig.root, { name: 'reviewer', kind: 'specialist' });
  for (let i = 0; i < 3; i++) await toReviewer();
  await readNext(rig.as('reviewer'), 'reviewer', { leaseMs: 20 * minute });
  await readNext(rig.as('planner'), 'reviewer', { leaseMs: 10 * minute });
  rig.clock.advance(4 * minute);
  const told = await one();
  expect(told).toMatchObject({ agent: 'reviewer', kind: 'specialist', unread: 1, oldestUnreadAgeMs: 4 * minute });
  expect(told.holds).toMatchObject([
    { attempt: 1, heldBy: 'planner', leftMs: 6 * minute },
    { attempt: 1, heldBy: 'reviewer', leftMs: 16 * minute },
  ]);
});

test('the error rate is of what ended in the last hour, and absent where nothing did', async () => {
  await toReviewer();
  expect(await one()).not.toHaveProperty('errorRate');
  const take = async () => must(await readNext(rig.root, 'reviewer')).receipt;
  await nack(rig.root, await take(), { dead: true });
  expect((await one()).errorRate).toBe(1);
  rig.clock.advance(61 * minute);
  expect(await one()).not.toHaveProperty('errorRate');
  for (let i = 0; i < 4; i++) await toReviewer();
  for (let i = 0; i < 3; i++) await ack(rig.root, await take());
  expect((await one()).errorRate).toBe(0);
  await nack(rig.root, await take(), { delayMs: 10 * minute });
  expect((await one()).errorRate).toBe(1 / 4);
});
