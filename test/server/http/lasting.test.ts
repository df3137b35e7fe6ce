/** Requests that go on for long: whose token ends, and who is waited for when the server ends. */
import { request } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { initRoot } from '../../../src/core/open-root.ts';
import { createToken, endTokensOf, renameInTokens, revokeToken } from '../../../src/core/tokens/tokens.ts';
import { createAccess } from '../../../src/server/http/access.ts';
import { createApp } from '../../../src/server/http/app.ts';
import { createBodyRoom } from '../../../src/server/http/body-room.ts';
import { createListener, listenAt } from '../../../src/server/http/listen.ts';
import { createPlaces } from '../../../src/server/http/places.ts';
import { createUnproved } from '../../../src/server/http/unproved.ts';
import { createHandOvers } from '../../../src/server/live/hand-over.ts';
import type { Call } from '../../../src/server/route/route.ts';
import { removeScratch, scratch } from '../../scratch.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  removeScratch();
});

/** A server with one thing to ask for, which `run` answers. */
async function createAt(run: (call: Call) => Promise<Response>) {
  const dir = scratch();
  const { root } = await initRoot({ root: dir, agents: ['planner'] });
  const ending = new AbortController();
  const places = createPlaces(root.clock);
  const app = createApp({
    root,
    routes: [],
    mounts: [{ method: 'GET', path: '/v1/wait', run }],
    access: createAccess(root),
    unproved: createUnproved(root),
    handOvers: createHandOvers(() => undefined),
    env: {},
    readOnly: false,
    mostBytes: async () => 1000,
    bodyRoom: createBodyRoom(),
    places,
    ending: ending.signal,
  });
  const tcp = createListener({ app, places, ending: ending.signal }, { by: 'token' });
  await listenAt(tcp.server, { host: '127.0.0.1', port: 0 });
  const plain = createListener({ app, places, ending: ending.signal }, { by: 'socket' });
  await listenAt(plain.server, join(dir, 's'));
  closing.push(() => root.close(), tcp.close, plain.close);
  const { port } = tcp.server.address() as { port: number };
  const get = (at: object, headers = {}): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const asked = request({ path: '/v1/wait', agent: false, headers, ...at }, (answer) => {
        let text = '';
        answer.on('data', (chunk) => (text += String(chunk))).on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      });
      asked.on('error', reject).end();
    });
  return {
    root,
    ending,
    plain,
    overTcp: (token: string) => get({ host: '127.0.0.1', port }, { authorization: `Bearer ${token}` }),
    overSocket: () => get({ socketPath: join(dir, 's') }),
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

test('whom a token names anew begins anew, also while a request of before is still there', async () => {
  const { root } = await initRoot({ root: scratch(), agents: ['planner'] });
  closing.push(() => root.close());
  const { id } = await createToken(root, 'planner');
  const access = createAccess(root);
  const before = access.hold({ agent: 'planner', by: 'token', token: { id, agent: 'planner' } });
  await renameInTokens(root, 'planner', 'lead');
  await aborted(before.signal as AbortSignal);
  // A client that reads nothing has not ended yet.
  const now = access.hold({ agent: 'lead', by: 'token', token: { id, agent: 'lead' } });
  expect(now.signal?.aborted).toBe(false);
  before.release();
  await endTokensOf(root, 'lead');
  await aborted(now.signal as AbortSignal);
  now.release();
});

test('a request goes on as long as its token holds, and ends when that is revoked', async () => {
  const begun: string[] = [];
  const served = await createAt(async ({ session, signal }) => {
    begun.push(session.acting ?? '');
    await aborted(signal);
    return new Response('it was ended');
  });
  const [one, two] = [await createToken(served.root, 'planner'), await createToken(served.root, 'planner')];
  const ended: string[] = [];
  const first = served.overTcp(one.token).then(({ text }) => ended.push(`one: ${text}`));
  const second = served.overTcp(two.token).then(({ text }) => ended.push(`two: ${text}`));
  while (begun.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  await revokeToken(served.root, 'planner', { id: one.id });
  await first;
  expect(ended).toEqual(['one: it was ended']);
  expect((await served.overTcp(one.token)).status).toBe(401);
  await revokeToken(served.root, 'planner');
  await second;
});

test('a request ends when its token expires', async () => {
  const served = await createAt(async ({ signal }) => {
    await aborted(signal);
    return new Response('it was ended');
  });
  const { token } = await createToken(served.root, 'planner', { expiresMs: 1000 });
  expect((await served.overTcp(token)).text).toBe('it was ended');
});

test('a server that ends has those told who wait, and lets those finish who do not', async () => {
  let finish: (value: string) => void = () => undefined;
  let count = 0;
  const served = await createAt(async ({ signal }) => {
    // The second one does what cannot be cut short.
    if (++count === 2) return new Response(await new Promise<string>((resolve) => (finish = resolve)));
    await aborted(signal);
    return new Response(null, { status: 204 });
  });
  const waiting = served.overSocket();
  while (count < 1) await new Promise((resolve) => setTimeout(resolve, 10));
  const working = served.overSocket();
  while (count < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  served.ending.abort();
  let isClosed = false;
  const closed = served.plain.close().then(() => (isClosed = true));
  expect((await waiting).status).toBe(204);
  await expect(served.overSocket()).rejects.toThrow(/ENOENT|ECONNREFUSED/);
  expect(isClosed).toBe(false);
  finish('it is done');
  expect(await working).toEqual({ status: 200, text: 'it is done' });
  await closed;
});

test('what does not end is cut off', async () => {
  let count = 0;
  const served = await createAt(() => {
    count++;
    return new Promise<Response>(() => undefined);
  });
  const waiting = served.overSocket();
  while (count < 1) await new Promise((resolve) => setTimeout(resolve, 10));
  served.ending.abort();
  const closed = served.plain.close();
  served.plain.cut();
  await expect(waiting).rejects.toThrow(/socket hang up|ECONNRESET/);
  await closed;
});

test('a client that goes ends what it has asked for', async () => {
  let over: Promise<void> | undefined;
  const served = await createAt(async ({ signal }) => {
    over = aborted(signal);
    await over;
    return new Response();
  });
  const asked = request({ path: '/v1/wait', socketPath: served.plain.server.address() as string });
  asked.on('error', () => undefined).end();
  while (!over) await new Promise((resolve) => setTimeout(resolve, 10));
  asked.destroy();
  await expect(over).resolves.toBeUndefined();
});
