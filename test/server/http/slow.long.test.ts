/** Clients that take their time, so that all places are theirs. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeScratch } from '../../scratch.ts';
import { dial, rawly } from '../raw.ts';
import { createServed } from '../rig.ts';

let served: Awaited<ReturnType<typeof createServed>>;
beforeAll(async () => {
  served = await createServed(['planner'], { http: { host: '127.0.0.1', port: 0 } });
});
afterAll(async () => {
  await served.close(0);
  removeScratch();
});

/** @returns after how many milliseconds the server has ended the connection, and what it said */
function untilEnded(first: string, every: string): Promise<{ ms: number; said: string }> {
  const begun = performance.now();
  return new Promise((resolve) => {
    const socket = dial(served.about.http ?? '');
    let said = '';
    socket.write(first);
    const drip = setInterval(() => socket.write(every), 500);
    socket.on('data', (chunk) => (said += String(chunk))).on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(drip);
      resolve({ ms: performance.now() - begun, said });
    });
  });
}

test('a head that never ends is ended', { timeout: 60_000 }, async () => {
  const { ms, said } = await untilEnded('GET /v1/status HTTP/1.1\r\n', 'X-More: 1\r\n');
  expect(said).toContain('408 Request Timeout');
  expect(ms).toBeLessThan(30_000);
});

test('a body of which nothing more comes is ended', { timeout: 90_000 }, async () => {
  const begun = performance.now();
  const head = ['POST /v1/send HTTP/1.1', 'Host: localhost', 'Content-Type: application/json', 'Content-Length: 90'];
  const { statuses, text, ended } = await rawly(served.socket, [`${head.join('\r\n')}\r\n\r\n`, '{'], 60_000);
  expect({ statuses, ended }).toEqual({ statuses: [408], ended: true });
  expect(text).toContain('Nothing more of the request has come for 20 seconds.');
  expect(performance.now() - begun).toBeLessThan(60_000);
});

test('many that say nothing keep nobody out for long', { timeout: 90_000 }, async () => {
  const idle = Array.from({ length: 300 }, () => dial(served.about.http ?? '').on('error', () => undefined));
  const end = Date.now() + 60_000;
  let status = '';
  while (!status.includes('401') && Date.now() < end) {
    ({ said: status } = await Promise.race([
      untilEnded('GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', ''),
      new Promise<{ said: string }>((resolve) => setTimeout(() => resolve({ said: '' }), 2000)),
    ]));
  }
  expect(status).toContain('401');
  expect((await served.get('/v1/status')).status).toBe(200);
  for (const socket of idle) socket.destroy();
});
