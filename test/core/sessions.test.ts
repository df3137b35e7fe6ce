import { beforeEach, expect, test, vi } from 'vitest';
import { setConfig } from '../../src/core/config/change.ts';
import { sessionOn } from '../../src/core/open-root.ts';
import { effectiveSettings } from '../../src/core/root/settings.ts';
import { addSchedule } from '../../src/core/schedules/schedules.ts';
import { send } from '../../src/core/send/send.ts';
import { readNext } from '../../src/core/take/read.ts';
import { lookAtChores } from '../../src/core/wait/chores.ts';
import { type CoreRig, createCoreRig, must } from './rig.ts';

let rig: CoreRig;
beforeEach(async () => (rig = await createCoreRig()));

test('many sessions on one root read config.json once, and a change by one is seen by all at once', async () => {
  const sessions = ['planner', 'reviewer', 'Builder'].map((as) => sessionOn(rig.root, { as }));
  const reads = vi.spyOn(rig.root.store.documents, 'get');
  for (const session of sessions) expect((await effectiveSettings(session)).leaseMs).toBe(900_000);
  expect(reads.mock.calls.filter(([name]) => name === 'settings')).toHaveLength(1);
  await setConfig(must(sessions[0]), 'lease', '1m');
  for (const session of sessions) expect((await effectiveSettings(session)).leaseMs).toBe(60_000);
});

test('each session has its own environment, and is told its own warnings', async () => {
  const told: string[][] = [[], []];
  const [hasty, patient] = told.map((to, i) =>
    sessionOn(rig.root, { as: `cron${i}`, env: i === 0 ? { DREAMOS_LEASE: '1s' } : {}, warn: (text) => to.push(text) }),
  );
  expect((await effectiveSettings(must(hasty))).leaseMs).toBe(1000);
  expect((await effectiveSettings(must(patient))).leaseMs).toBe(900_000);
  await send(must(patient), { to: 'reviewer', body: 'x' });
  expect(told).toEqual([[], [expect.stringContaining('cron1 is not registered')]]);
});

test('sessions of one root share its chores: what is due is done once, whoever waits', async () => {
  const message = { to: 'reviewer', body: 'look' };
  await addSchedule(rig.root, { name: 'hourly', cron: '@hourly', message });
  rig.clock.advance(3_600_000);
  const sessions = [sessionOn(rig.root, { as: 'reviewer' }), sessionOn(rig.root, { as: 'Builder' })];
  const did = [];
  for (const session of sessions) did.push(await lookAtChores(session));
  expect(did).toEqual([1, 0]);
  expect((await readNext(must(sessions[0]), 'reviewer'))?.message.body).toBe('look');
});
