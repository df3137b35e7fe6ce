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

test.for(['/v1/status', '/v1/nothing', '/healthz', '/metrics', '/openapi.json', '/v1/-/page', '/v1/-/server'])(
  '%s is kept by nobody, and taken for nothing else',
  async (path) => {
    const { headers } = await served.get(path);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  },
);
