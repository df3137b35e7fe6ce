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

test.for([
  ['/v1/sned', 'Did you mean /v1/send? What there is: /openapi.json'],
  ['/v1/dlq/retri', 'Did you mean /v1/dlq/retry? What there is: /openapi.json'],
  ['/v1/backup', 'dreamos backup --help'],
  ['/v1/identity/create', 'dreamos identity create --help'],
  ['/v1/bakcup', 'What there is: /openapi.json'],
  ['/healtz', 'Did you mean /healthz? What there is: /openapi.json'],
  ['/v1/constructor', 'What there is: /openapi.json'],
] as const)('what is not at %s is said, and what is like it', async ([path, hint]) => {
  expect(await served.post(path, {})).toMatchObject({ status: 404, value: { code: 'USAGE', hint } });
});

test.for(['/v1/send', '/v1/request'])('who does not say to %s who he is hears how that is said', async (path) => {
  const refused = await served.post(path, { to: 'reviewer', body: 'hello' });
  expect(refused).toMatchObject({ status: 400, value: { code: 'USAGE' } });
  expect(refused.value.hint).toContain('Dreamos-Agent');
});

test('who sends several to where one goes is told where several do', async () => {
  const headers = { 'content-type': 'application/jsonl' };
  const lines = '{"to":"reviewer","body":"1"}\n{"to":"reviewer","body":"2"}\n';
  const refused = await served.post('/v1/send', lines, { as: 'planner', headers });
  expect(refused).toMatchObject({ status: 400, value: { code: 'USAGE', hint: 'Several at once: /v1/sendAll' } });
});

test.for(['/v1/status', '/v1/nothing', '/healthz', '/metrics', '/openapi.json', '/v1/-/page', '/v1/-/server'])(
  '%s is kept by nobody, and taken for nothing else',
  async (path) => {
    const { headers } = await served.get(path);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  },
);
