/** Who may what through a server, and what is noted of it. */
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { listAudit } from '../../../src/core/audit/list.ts';
import { initRoot } from '../../../src/core/open-root.ts';
import { setPolicy } from '../../../src/core/policy/policy.ts';
import { addSchedule } from '../../../src/core/schedules/schedules.ts';
import { systemClock } from '../../../src/model/clock.ts';
import { serve } from '../../../src/server/serve.ts';
import { gather } from '../../core/rig.ts';
import { removeScratch, scratch } from '../../scratch.ts';
import { open } from '../live/rig.ts';
import { rawly } from '../raw.ts';
import { createServed } from '../rig.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  removeScratch();
});

async function created(...args: Parameters<typeof createServed>) {
  const served = await createServed(...args);
  closing.push(() => served.close());
  return served;
}

test('a server that is read-only looks, and does nothing else', async () => {
  const served = await created(['planner'], { readOnly: true });
  expect((await served.get('/v1/status')).status).toBe(200);
  const { status, value } = await served.post('/v1/send', { to: 'planner', body: 'x' }, { as: 'planner' });
  expect({ status, value }).toMatchObject({ status: 403, value: { code: 'FORBIDDEN', kind: 'denied' } });
  expect(value.detail).toBe('This server is read-only, and "send" is more than a look.');
  expect(value.hint).toContain("DREAMOS_SERVER='' dreamos serve stop; DREAMOS_SERVER='' dreamos serve");
  const set = await served.post('/v1/config/change', { changes: [] }, { as: 'planner' });
  expect(set.value.detail).toBe('This server is read-only, and "config set" is more than a look.');
  expect((await served.get('/v1/status')).value.items).toMatchObject([{ ready: 0 }]);
});

test('a server that is read-only sends nothing of what is due, also while somebody waits', async () => {
  const dir = scratch();
  let aheadMs = 0;
  const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  const { root } = await initRoot({ root: dir, agents: ['planner'], clock });
  closing.push(() => root.close());
  const message = { from: 'planner', to: 'planner', body: 'x' };
  await addSchedule(root, { name: 'a', cron: '* * * * *', message });
  aheadMs = 120_000;
  const served = await serve(root, { socket: join(dir, 's'), readOnly: true });
  closing.push(() => served.close());
  const line = 'GET /v1/peek?mailbox=planner&wait=1s HTTP/1.1';
  const { statuses, text } = await rawly(
    join(dir, 's'),
    `${line}\r\nHost: localhost\r\nDreamos-Agent: planner\r\n\r\n`,
    1500,
  );
  expect(statuses).toEqual([200]);
  expect(text).toContain('"items":[]');
  expect((await root.store.look.counts('planner')).ready).toBe(0);
});

test('requests that prove nothing are noted once a minute, with their number', async () => {
  const served = await created(['planner'], { http: { host: '127.0.0.1', port: 0 } });
  for (let i = 0; i < 5; i++)
    await rawly(served.about.http ?? '', 'GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const noted = () => gather(listAudit({ ...served.root, acting: 'planner' }, { denied: true }));
  expect(await noted()).toMatchObject([{ op: 'status', code: 'UNAUTHENTICATED' }]);
  await served.stop();
  expect(await noted()).toMatchObject([{ op: 'serve', why: expect.stringMatching(/: 4\.$/) }, { op: 'status' }]);
  await served.begin();
});

test('one agent has so many streams, and leaves the others theirs', async () => {
  const folder = scratch();
  await created(['planner', 'reviewer'], { agentSockets: { folder, users: {} } });
  const at = (agent: string): string => join(folder, agent, 'sock');
  const begun = await Promise.all(Array.from({ length: 17 }, () => open(at('planner'), '/v1/watch')));
  expect(begun.map(({ status }) => status).filter((status) => status !== 200)).toEqual([429]);
  for (const one of begun) one.destroy();
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect((await open(at('planner'), '/v1/watch?wait=50ms')).status).toBe(200);
});

test('each request passes the gate as who it says it is, and what is denied is noted', async () => {
  const served = await created(['planner', 'reviewer']);
  const all = { '*': ['*'] };
  await setPolicy(served.root, {
    roles: { lead: { allow: all }, member: { allow: { look: ['$self'], send: ['planner'] } } },
    everyone: ['member'],
    agents: { planner: ['lead'] },
  });
  const post = (to: string) => served.post('/v1/send', { to, body: 'x' }, { as: 'reviewer' });
  expect((await post('planner')).status).toBe(201);
  const denied = await post('reviewer');
  expect(denied).toMatchObject({ status: 403, value: { code: 'FORBIDDEN' } });
  const { value } = await served.get('/v1/status', { as: 'reviewer' });
  expect((value.items as { mailbox: string }[]).map(({ mailbox }) => mailbox)).toEqual(['reviewer']);
  const noted = await gather(listAudit({ ...served.root, acting: 'planner' }, { denied: true }));
  expect(noted).toMatchObject([{ op: 'send', by: 'reviewer', result: 'denied', code: 'FORBIDDEN' }]);
});

test('what is warned of is told in a header', async () => {
  const served = await created(['planner']);
  const { headers, status } = await served.post('/v1/send', { to: 'planner', body: 'x' }, { as: 'stranger' });
  expect(status).toBe(201);
  const warnings = JSON.parse(decodeURIComponent(String(headers['dreamos-warning']))) as string[];
  expect(warnings).toEqual([expect.stringContaining('stranger is not registered')]);
});
