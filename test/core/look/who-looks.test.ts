import { beforeEach, expect, test } from 'vitest';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { maintain } from '../../../src/core/keep/maintain.ts';
import { list } from '../../../src/core/look/list.ts';
import { peek } from '../../../src/core/look/peek.ts';
import { search } from '../../../src/core/look/search.ts';
import { status } from '../../../src/core/look/status.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { type CoreRig, createCoreRig, gather, must } from '../rig.ts';

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

test('the environment of whoever claimed does, whoever looks then', async () => {
  await expired(once);
  expect(await status(rig.root, ['reviewer'])).toMatchObject([{ ready: 0, dead: 1 }]);
});
