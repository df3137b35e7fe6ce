import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { metricsFormatFor } from '../../../src/server/live/system.ts';
import { removeScratch } from '../../scratch.ts';
import { createServed } from '../rig.ts';

let served: Awaited<ReturnType<typeof createServed>>;
beforeEach(async () => {
  served = await createServed(['planner', 'reviewer']);
});
afterEach(() => served.close());
afterAll(removeScratch);

/** What Prometheus 2.42 and 3.5 send, and what others do. */
const prometheus2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const prometheus3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;escaping=allow-utf-8;q=0.3,*/*;q=0.1';

test('a scraper gets the text that it prefers, and who does not say the one that all read', () => {
  expect([prometheus2, prometheus3].map(metricsFormatFor)).toEqual(['openmetrics', 'openmetrics']);
  expect(
    [undefined, '*/*', 'text/plain', 'text/plain, application/openmetrics-text;q=0', 'nonsense;;q=x'].map(
      metricsFormatFor,
    ),
  ).toEqual(Array(5).fill('prometheus'));
  expect(metricsFormatFor('application/openmetrics-text;q=0.2, text/plain;q=0.9')).toBe('prometheus');
});

test('the numbers of the root are there for a scraper', async () => {
  await served.post('/v1/send', { to: 'reviewer', body: 'hello' }, { as: 'planner' });
  const older = await served.get('/metrics');
  expect(older.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(older.text).toMatch(/^dreamos_messages\{.*mailbox="reviewer",state="ready"\} 1$/m);
  expect(older.text).not.toContain('# EOF');
  const open = await served.get('/metrics', { headers: { accept: prometheus2 } });
  expect(open.headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  expect(open.text.endsWith('# EOF\n')).toBe(true);
});
