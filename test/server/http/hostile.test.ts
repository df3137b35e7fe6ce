/** What no client of good will sends, byte by byte. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createToken } from '../../../src/core/tokens/tokens.ts';
import { removeScratch } from '../../scratch.ts';
import { dial, rawly } from '../raw.ts';
import { createServed } from '../rig.ts';

let served: Awaited<ReturnType<typeof createServed>>;
let http = '';
let host = '';
let bearer = '';
beforeAll(async () => {
  served = await createServed(['planner', 'reviewer'], { http: { host: '127.0.0.1', port: 0 } });
  http = served.about.http ?? '';
  host = http.slice('http://'.length);
  bearer = `Authorization: Bearer ${(await createToken(served.root, 'planner')).token}`;
});
afterAll(async () => {
  await served.close();
  removeScratch();
});

const head = (line: string, ...headers: string[]): string => [line, ...headers, '', ''].join('\r\n');
const toTcp = (line: string, ...headers: string[]): string => head(line, `Host: ${host}`, bearer, ...headers);
const ready = async (): Promise<number> => (await served.get('/v1/status?mailbox=reviewer')).value.items[0].ready;
const draft = JSON.stringify({ to: 'reviewer', body: 'hello' });

describe('whom it is called by', () => {
  test.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example:80',
    '192.168.1.9',
    '[::2]',
    'localhost:x',
    '',
  ])('by the name %j nobody is answered, by TCP and by the socket', async (name) => {
    const line = head('GET /v1/status HTTP/1.1', `Host: ${name}`, bearer);
    const found = await Promise.all([http, served.socket].map((at) => rawly(at, line)));
    expect(found.map(({ statuses }) => statuses)).toEqual([[421], [421]]);
  });

  test.each(['localhost', '127.0.0.1:1', 'LOCALHOST:7420', '[::1]:80'])('%s is its own name', async (name) => {
    const { statuses } = await rawly(http, head('GET /v1/status HTTP/1.1', `Host: ${name}`, bearer));
    expect(statuses).toEqual([200]);
  });

  test('without a name, or with two, it is no request', async () => {
    expect((await rawly(http, head('GET /v1/status HTTP/1.1', bearer))).statuses).toEqual([400]);
    const two = head('GET /v1/status HTTP/1.1', `Host: ${host}`, 'Host: evil.example', bearer);
    expect((await rawly(http, two)).statuses).toEqual([400]);
  });

  test('a page of another origin is refused, and of its own is not', async () => {
    const from = (origin: string) => rawly(http, toTcp('GET /v1/status HTTP/1.1', `Origin: ${origin}`));
    for (const origin of ['http://evil.example', 'null', 'http://localhost:1', `https://${host}`])
      expect((await from(origin)).statuses, origin).toEqual([403]);
    expect((await from(http)).statuses).toEqual([200]);
    const cross = await rawly(http, toTcp('GET /v1/status HTTP/1.1', 'Sec-Fetch-Site: cross-site'));
    expect(cross.statuses).toEqual([403]);
  });

  test('no answer lets pages of others in', async () => {
    const asked = toTcp('OPTIONS /v1/send HTTP/1.1', `Origin: ${http}`, 'Access-Control-Request-Method: POST');
    const { statuses, text } = await rawly(http, asked);
    expect(statuses).toEqual([405]);
    expect(text.toLowerCase()).not.toContain('access-control');
    expect(text.toLowerCase()).not.toContain('set-cookie');
  });
});

describe('tokens', () => {
  test.each([
    '',
    'Authorization: Bearer',
    'Authorization: Basic eDp5',
    'Authorization: Bearer dreamos_X_aaaa',
    'Cookie: token=x',
  ])('with %j nobody is let in over TCP', async (header) => {
    const { statuses, text } = await rawly(http, head('GET /v1/status HTTP/1.1', `Host: ${host}`, header || 'X: y'));
    expect(statuses).toEqual([401]);
    expect(text).toContain('www-authenticate: Bearer');
  });

  test('a token acts as its agent, and as no other', async () => {
    const as = (name: string) => rawly(http, toTcp('GET /v1/status HTTP/1.1', `Dreamos-Agent: ${name}`));
    expect((await as('PLANNER')).statuses).toEqual([200]);
    const { statuses, text } = await as('reviewer');
    expect(statuses).toEqual([403]);
    expect(text).toContain('This token is of planner, and you say that you are reviewer.');
  });
});

test.each(['/healthz', '/openapi.json', '/', '/v1/status', '/nowhere'])(
  'over TCP %s without a token keeps no connection, and by the socket it does',
  async (path) => {
    const [tcp, socket] = await Promise.all(
      [http, served.socket].map((at) => rawly(at, head(`GET ${path} HTTP/1.1`, 'Host: localhost'))),
    );
    expect(tcp?.text.toLowerCase()).toContain('\r\nconnection: close\r\n');
    expect(tcp?.ended).toBe(true);
    expect(socket?.ended).toBe(false);
  },
);

test('over TCP a connection with a token is kept', async () => {
  expect((await rawly(http, toTcp('GET /v1/status HTTP/1.1'))).ended).toBe(false);
});

describe('paths and methods', () => {
  test.each([
    '/v1%2Fstatus',
    '/v1/%73tatus',
    '//v1/status',
    '/v1//status',
    '/v1/status/',
    '/v1/./status',
    '/v1/x/../status',
    '/V1/status',
    '/v1/status;x',
    '/v1/status%00',
    '/v1/__proto__',
    '/v1',
    '*',
    'http://evil.example/v1/status',
  ])('there is nothing at %s', async (path) => {
    const { statuses, text } = await rawly(http, toTcp(`GET ${path} HTTP/1.1`));
    expect(statuses).toEqual([404]);
    expect(text).toContain('application/problem+json');
  });

  test.each(['PUT', 'DELETE', 'PATCH', 'TRACE', 'OPTIONS', 'POST', 'PROPFIND'])(
    '%s of what is looked at names what it takes',
    async (method) => {
      const { statuses, text } = await rawly(http, toTcp(`${method} /v1/status HTTP/1.1`, 'Content-Length: 0'));
      expect(statuses).toEqual([405]);
      expect(text).toMatch(/^allow: GET, HEAD\r$/im);
    },
  );

  test('CONNECT is refused, and so is what is no method', async () => {
    const { statuses, text, ended } = await rawly(http, head('CONNECT evil.example:443 HTTP/1.1', `Host: ${host}`));
    expect({ statuses, ended }).toEqual({ statuses: [405], ended: true });
    expect(text).toMatch(/^Allow: /m);
    expect((await rawly(http, head('GETT /v1/status HTTP/1.1', `Host: ${host}`))).statuses).toEqual([400]);
  });

  test('a CONNECT whose client resets its connection ends nobody else', async () => {
    const ended: unknown[] = [];
    const uncaught = (error: unknown): void => void ended.push(error);
    process.on('uncaughtException', uncaught);
    try {
      for (const at of [http, served.socket])
        for (let round = 0; round < 5; round++) await resetBehind(at, head('CONNECT x HTTP/1.1', `Host: ${host}`));
      expect((await rawly(http, toTcp('GET /v1/status HTTP/1.1'))).statuses).toEqual([200]);
      expect(ended).toEqual([]);
    } finally {
      process.off('uncaughtException', uncaught);
    }
  });

  test('HEAD answers as GET, without a body', async () => {
    const { statuses, text } = await rawly(http, toTcp('HEAD /v1/status HTTP/1.1'));
    expect(statuses).toEqual([200]);
    expect(text).toMatch(/^content-type: application\/json\r$/m);
    expect(text.split('\r\n\r\n')[1]).toBe('');
  });

  test('an upgrade is passed over', async () => {
    const { statuses } = await rawly(
      http,
      toTcp('GET /v1/status HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket'),
    );
    expect(statuses).toEqual([200]);
  });
});

describe('bodies', () => {
  const post = (...headers: string[]): string => toTcp('POST /v1/send HTTP/1.1', ...headers);
  const typed = 'Content-Type: application/json';

  test('a length and chunks at once are no request, however they are written', async () => {
    const before = await ready();
    const inner = `${draft.length.toString(16)}\r\n${draft}\r\n0\r\n\r\n`;
    for (const headers of [
      ['Content-Length: 4', 'Transfer-Encoding: chunked'],
      ['Transfer-Encoding: chunked', 'Content-Length: 4'],
      ['Transfer-Encoding : chunked'],
      ['Transfer-Encoding: xchunked'],
      ['Transfer-Encoding: chunked, identity'],
      ['Content-Length: 4', 'Content-Length: 5'],
      ['Content-Length: +40'],
      ['Content-Length: 0x28'],
      ['Transfer-Encoding:\u000bchunked'],
    ]) {
      const { statuses, ended } = await rawly(http, post(typed, ...headers) + inner);
      expect({ headers, statuses, ended }).toEqual({ headers, statuses: [400], ended: true });
    }
    expect(await ready()).toBe(before);
  });

  test('what is behind a body is a request of its own, with what that says', async () => {
    const one = post(typed, `Content-Length: ${draft.length}`) + draft;
    const { statuses } = await rawly(
      http,
      one + head('GET /v1/status HTTP/1.1', `Host: ${host}`, 'Connection: close'),
      3000,
    );
    expect(statuses).toEqual([201, 401]);
  });

  test('more than a message may have is refused, before it is read where it says so', async () => {
    const { statuses, ended, text } = await rawly(http, post(typed, 'Content-Length: 99999999'));
    expect({ statuses, ended }).toEqual({ statuses: [413], ended: true });
    expect(text).toContain('MESSAGE_TOO_LARGE');
  });

  test('more than a message may have is refused in chunks, once it is more', async () => {
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const many = Array.from({ length: 400 }, () => chunk);
    const { statuses, ended } = await rawly(http, [post(typed, 'Transfer-Encoding: chunked'), ...many], 1000);
    expect({ statuses, ended }).toEqual({ statuses: [413], ended: true });
  });

  test('a client that waits to be told to go on is not told to send too much', async () => {
    const asked = (length: number) => post(typed, 'Expect: 100-continue', `Content-Length: ${length}`);
    expect((await rawly(http, asked(99_999_999))).text).not.toContain('100 Continue');
    expect((await rawly(http, [asked(draft.length), draft])).statuses).toEqual([100, 201]);
    expect((await rawly(http, post(typed, 'Expect: magic', 'Content-Length: 2') + '{}')).statuses).toEqual([417]);
  });

  test.each([
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['multipart/form-data; boundary=x', 415],
    ['application/json; charset=utf-8', 201],
    ['APPLICATION/JSON', 201],
    ['application/jsonx', 415],
    ['application/jsonl', 400],
  ])('of %s the answer is %i', async (kind, status) => {
    const { statuses } = await rawly(http, post(`Content-Type: ${kind}`, `Content-Length: ${draft.length}`) + draft);
    expect(statuses).toEqual([status]);
  });

  test('without a type it is no JSON', async () => {
    expect((await rawly(http, post(`Content-Length: ${draft.length}`) + draft)).statuses).toEqual([415]);
  });

  test.each([
    Buffer.from('{"to":"reviewer","body":"\xff"}', 'latin1'),
    Buffer.from('{"to":"reviewer"'),
    Buffer.from('[1]'),
    Buffer.from('7'),
    Buffer.from('null'),
    Buffer.from('\ufeff{"to":'),
    Buffer.from('['.repeat(200_000)),
  ])('what is no draft is refused: %s', async (bytes) => {
    const { statuses } = await rawly(http, [post(typed, `Content-Length: ${bytes.length}`), bytes]);
    expect([400, 415, 422]).toContain(statuses[0]);
    expect(statuses).toHaveLength(1);
  });

  test('a client that goes in the middle of its body has sent nothing', async () => {
    const before = await ready();
    const socket = dial(http);
    socket.write(post(typed, `Content-Length: ${draft.length + 1}`) + draft);
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await ready()).toBe(before);
  });
});

describe('heads', () => {
  test('64 KiB of headers are taken, and more than 256 KiB are not', async () => {
    const long = (bytes: number): string => toTcp('GET /v1/status HTTP/1.1', `X-Long: ${'x'.repeat(bytes)}`);
    expect((await rawly(http, long(64 * 1024))).statuses).toEqual([200]);
    const { statuses, ended } = await rawly(http, long(300 * 1024));
    expect({ statuses, ended }).toEqual({ statuses: [431], ended: true });
  });

  test('a line that ends where it should not is no request', async () => {
    const { statuses } = await rawly(http, `GET /v1/status HTTP/1.1\nHost: ${host}\n${bearer}\r\rX: y\n\n`);
    expect(statuses).toEqual([400]);
    const split = toTcp('GET /v1/status?mailbox=a%0d%0aX-Made:%201 HTTP/1.1');
    expect((await rawly(http, split)).text).not.toMatch(/^x-made/im);
  });
});

/** Sends, and resets at once, before the answer is read. */
async function resetBehind(at: string, text: string): Promise<void> {
  const socket = dial(at);
  await once(socket, 'connect');
  socket.write(text);
  await new Promise((resolve) => setTimeout(resolve, 5));
  if (at.startsWith('http:')) socket.resetAndDestroy();
  else socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 20));
}
