import { beforeEach, expect, test } from 'vitest';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { maintain } from '../../../src/core/keep/maintain.ts';
import { list } from '../../../src/core/look/list.ts';
import { peek } from '../../../src/core/look/peek.ts';
import { search } from '../../../src/core/look/search.ts';
import { status } from '../../../src/core/look/status.ts';
import { setConfig } from '../../../src/core/config/change.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { send } from '../../../src/core/send/send.ts';
import { fireDue } from '../../../src/core/schedules/fire-due.ts';
import { addSchedule } from '../../../src/core/schedules/schedules.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { nack } from '../../../src/core/take/settle.ts';
import { type CoreRig, createCoreRig, expectRefusal, gather, must } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => (rig = await createCoreRig()));

const once = { DREAMOS_MAX_ATTEMPTS: '1' };

/** Claimed by the reviewer, whose lease is over. */
async function expired(env: NodeJS.ProcessEnv = {}): Promise<void> {
  await send(rig.root, { to: 'reviewer', body: 'not yours' });
  must(await readNext(rig.as('reviewer', env), 'reviewer', { leaseMs: 1000 }));
  rig.clock.advance(1000);
}

test.each<[name: string, look: (session: Session) => Promise<unknown>]>([
  ['status', (session) => status(session, ['reviewer'])],
  ['list', (session) => gather(list(session, 'reviewer'))],
  ['peek', (session) => peek(session, 'reviewer')],
  ['search', (session) => gather(search(session, 'yours'))],
  ['doctor --fix', (session) => gather(doctor(session, { fix: true }))],
  ['maintain', (session) => gather(maintain(session))],
  ['read of another', (session) => readNext(session, 'reviewer', { filter: { tag: 'none' } })],
])('the environment of whoever looks does not decide what becomes of mail: %s', async (_, look) => {
  await expired();
  await look(rig.as('planner', once));
  expect(await status(rig.root, ['reviewer'])).toMatchObject([{ ready: 1, dead: 0 }]);
});

test('how often it may be claimed is not decided by who gives it back', async () => {
  await send(rig.root, { to: 'reviewer', body: 'not yours' });
  const { receipt } = must(await readNext(rig.as('reviewer'), 'reviewer'));
  expect(await nack(rig.as('reviewer', once), receipt)).toMatchObject({ state: 'delayed' });

  await send(rig.root, { to: 'planner', body: 'yours' });
  const own = must(await readNext(rig.as('planner', once), 'planner'));
  expect(await nack(rig.as('planner'), own.receipt)).toMatchObject({ state: 'dead' });
});

test('what a schedule sends is not decided by the environment of whoever looks', async () => {
  const message = { to: 'reviewer', body: 'x'.repeat(2000) };
  await addSchedule(rig.as('planner'), { name: 'hourly', cron: '@hourly', message });
  rig.clock.advance(3_600_000);
  const env = { DREAMOS_TTL: '1s', DREAMOS_MAX_MESSAGE_BYTES: '1024', DREAMOS_MAX_MESSAGES: '1' };
  expect(await fireDue(rig.as('reviewer', env))).toMatchObject({
    fired: [{ schedule: 'hourly', id: expect.any(String) }],
  });
  expect(await peek(rig.root, 'reviewer')).toMatchObject([{ message: { expiresAt: null } }]);
});

test('a schedule is tried as it will be sent, not by the environment of who adds it', async () => {
  await setConfig(rig.root, 'maxMessageBytes', '1024');
  const message = { to: 'reviewer', body: 'x'.repeat(2000) };
  const wide = rig.as('planner', { DREAMOS_MAX_MESSAGE_BYTES: '100000' });
  await expectRefusal(addSchedule(wide, { name: 'hourly', cron: '@hourly', message }), 'MESSAGE_TOO_LARGE');
});

test.each<[name: string, look: (session: Session) => Promise<unknown>]>([
  ['status', (session) => status(session, ['reviewer'])],
  ['list', (session) => gather(list(session, 'reviewer'))],
  ['peek', (session) => peek(session, 'reviewer')],
])('an environment that cannot be read is refused, also where it decides nothing: %s', async (_, look) => {
  await expectRefusal(look(rig.as('planner', { DREAMOS_MAX_ATTEMPTS: 'x' })), 'CONFIG_INVALID');
});

test('the environment of whoever claimed does, whoever looks then', async () => {
  await expired(once);
  expect(await status(rig.root, ['reviewer'])).toMatchObject([{ ready: 0, dead: 1 }]);
});
