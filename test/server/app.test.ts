import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeScratch } from '../scratch.ts';
import { createServed } from './rig.ts';

let served: Awaited<ReturnType<typeof createServed>>;
beforeAll(async () => {
  served = await createServed(['planner', 'reviewer']);
});
afterAll(async () => {
  await served.close();
  removeScratch();
});

test('mail is sent and counted through the socket', async () => {
  const sent = await served.post('/v1/send', { to: 'reviewer', body: 'hello' }, { as: 'planner' });
  expect(sent).toMatchObject({ status: 201, value: { mailboxes: ['reviewer'], state: 'ready' } });
  const { value } = await served.get('/v1/status?mailbox=reviewer');
  expect(value.items).toMatchObject([{ mailbox: 'reviewer', ready: 1 }]);
});

test('what cannot be done is a problem with its code and what to do', async () => {
  const refused = await served.post('/v1/send', { to: 'reviwer', body: 'hello' }, { as: 'planner' });
  expect(refused.headers['content-type']).toBe('application/problem+json');
  expect(refused).toMatchObject({ status: 404, value: { code: 'AGENT_NOT_FOUND' } });
});
