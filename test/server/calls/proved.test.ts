import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setConfig } from '../../../src/core/config/change.ts';
import { connectRoot } from '../../../src/core/remote/connect.ts';
import { addSchedule } from '../../../src/core/schedules/schedules.ts';
import { send } from '../../../src/core/send/send.ts';
import { listHeld } from '../../../src/core/take/held.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { work } from '../../../src/core/work/work.ts';
import { removeScratch, scratch } from '../../scratch.ts';
import { createServed } from '../rig.ts';

let served: Awaited<ReturnType<typeof createServed>>;
let folder: string;
beforeAll(async () => {
  folder = scratch();
  served = await createServed(['planner', 'reviewer'], { agentSockets: { folder, users: {} } });
});
afterAll(async () => {
  await served.close();
  removeScratch();
});

const at = (agent: string): string => `unix:${join(folder, agent, 'sock')}`;

test('whoever comes by an agent’s own socket is that agent, and no other', async () => {
  const reviewer = await connectRoot(at('reviewer'), { env: {}, pid: 1 });
  expect(reviewer.acting).toBe('reviewer');
  const denied = { kind: 'denied', code: 'FORBIDDEN' };
  await expect(connectRoot(at('reviewer'), { as: 'planner', env: {}, pid: 1 })).rejects.toMatchObject({
    kind: 'denied',
  });
  await expect(send(reviewer, { from: 'planner', to: 'reviewer', body: 'a' })).rejects.toMatchObject(denied);
  await expect(readNext(reviewer, 'reviewer', { by: 'planner' })).rejects.toMatchObject(denied);
  const message = { from: 'planner', to: 'reviewer', body: 'a' };
  await expect(addSchedule(reviewer, { name: 'a', cron: '0 9 * * *', message })).rejects.toMatchObject(denied);
  await expect(setConfig(reviewer, 'secretScanner', ['id'])).rejects.toMatchObject(denied);
  await send(reviewer, { from: 'REVIEWER', to: 'planner', body: 'mine' });
  const planner = await connectRoot(at('planner'), { env: { DREAMOS_LEASE: '1s' }, pid: 1 });
  // What it says of settings in its environment holds for its own root alone.
  const { leaseUntil = 0 } = (await readNext(planner, 'planner')) ?? {};
  expect(leaseUntil - Date.now()).toBeGreaterThan(60_000);
});

test('what he claims is his by his name, however he writes it', async () => {
  const reviewer = await connectRoot(at('reviewer'), { env: {}, pid: 1 });
  await send(reviewer, { to: 'reviewer', body: 'a' });
  const { receipt = '' } = (await readNext(reviewer, 'reviewer', { by: 'REVIEWER' })) ?? {};
  expect((await listHeld(reviewer, { by: 'reviewer' })).map(({ by }) => by)).toEqual(['reviewer']);
  await ack(reviewer, receipt);
});

test('what a worker answers by it is from that agent', async () => {
  const planner = await connectRoot(at('planner'), { env: {}, pid: 1 });
  const reviewer = await connectRoot(at('reviewer'), { env: {}, pid: 1 });
  await send(planner, { to: 'reviewer', body: 'well?' });
  await work(reviewer, 'reviewer', () => ({ outcome: 'ack', reply: { body: 'so' } }), { count: 1 });
  await send(planner, { to: 'reviewer', body: 'again?' });
  const forged = { outcome: 'ack', reply: { body: 'so', from: 'planner' } } as const;
  const results: string[] = [];
  await work(reviewer, 'reviewer', () => forged, {
    count: 1,
    onHandled: ({ result }) => void results.push(result),
  });
  expect(results).toEqual(['failed']);
  expect((await readNext(planner, 'planner'))?.message).toMatchObject({ from: 'reviewer', body: 'so' });
  expect(await readNext(planner, 'planner')).toBeUndefined();
});
