/** How many connections there are at once, and who goes, and who is turned away, when there are more. */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { connectRoot } from '../../../src/core/remote/connect.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { createToken } from '../../../src/core/tokens/tokens.ts';
import { systemClock } from '../../../src/model/clock.ts';
import type { Door } from '../../../src/server/http/access.ts';
import { createPlaces } from '../../../src/server/http/places.ts';
import { removeScratch, scratch } from '../../scratch.ts';
import { open } from '../live/rig.ts';
import { dial, rawly } from '../raw.ts';
import { createServed } from '../rig.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  removeScratch();
});

describe('places', () => {
  const most = { agent: 2, tcp: 3, all: 4 };
  let nowMs = 0;
  const clock = { ...systemClock, uptime: () => nowMs };

  function createRoom() {
    const places = createPlaces(clock, most);
    const come = (door: Door) => {
      const told: string[] = [];
      const ended = { yet: false };
      const socket = Object.assign(new EventEmitter(), {
        destroy: () => {
          ended.yet = true;
          socket.emit('close');
        },
        end: (text: string) => void told.push(text),
      });
      const one = socket as unknown as Socket;
      places.come(one, door);
      return {
        begin: () => places.begin(one)?.message,
        end: () => places.end(one),
        prove: (agent: string) => places.prove(one, agent),
        close: socket.destroy,
        ended,
        told,
      };
    };
    const of = (agent: string) => come({ by: 'agent socket', agent: () => agent });
    return { of, overTcp: () => come({ by: 'token' }), own: () => come({ by: 'socket' }) };
  }

  test('of an agent the one that has rested for longest makes room, and who is answered none', () => {
    const { of } = createRoom();
    const [first, second] = [of('planner'), of('planner')];
    first.begin();
    second.begin();
    nowMs += 1;
    second.end();
    const third = of('PLANNER');
    expect([first.ended.yet, second.ended.yet]).toEqual([false, true]);
    expect(third.begin()).toBeUndefined();
    const fourth = of('planner');
    expect(fourth.begin()).toBe('planner has 2 connections, and no more at once.');
    fourth.end();
    expect(of('reviewer').begin()).toBeUndefined();
    // As soon as there is a place it is answered, also on the same connection.
    first.end();
    expect(fourth.begin()).toBeUndefined();
    expect(first.ended.yet).toBe(true);
  });

  test('who has just come and said nothing yet keeps his place for a while', () => {
    const { of } = createRoom();
    const silent = [of('planner'), of('planner')];
    expect(of('planner').begin()).toBeDefined();
    nowMs += 5000;
    expect(of('planner').begin()).toBeUndefined();
    expect(silent.filter(({ ended }) => ended.yet)).toHaveLength(1);
  });

  test('over TCP a connection is of whom it proves, and all together have so many', () => {
    const { overTcp, own } = createRoom();
    const three = [overTcp(), overTcp(), overTcp()];
    for (const one of three) expect(one.begin()).toBeUndefined();
    expect(overTcp().begin()).toBe('Over TCP this server has 3 connections, and no more at once.');
    three[0]?.prove('planner');
    three[1]?.prove('planner');
    expect(() => three[2]?.prove('planner')).toThrow('planner has 2 connections, and no more at once.');
    three[0]?.prove('reviewer');
    three[2]?.prove('planner');
    expect(own().begin()).toBeUndefined();
    expect(own().begin()).toBe('This server has 4 connections, and no more at once.');
    three[1]?.close();
    expect(own().begin()).toBeUndefined();
  });

  test('of very many that are turned away the last are told at once', () => {
    const { own } = createRoom();
    for (let i = 0; i < 4; i++) own().begin();
    const waiting = Array.from({ length: 64 }, () => own());
    expect(waiting.flatMap(({ told }) => told)).toEqual([]);
    expect(own().told).toEqual([expect.stringMatching(/^HTTP\/1\.1 503 .*\r\nRetry-After: 1\r\n/)]);
    waiting[0]?.close();
    expect(own().told).toHaveLength(1);
    waiting[1]?.close();
    waiting[2]?.close();
    expect(own().told).toEqual([]);
  });
});

async function createCrowded(connections: { agent?: number; tcp?: number; all?: number }) {
  const folder = scratch();
  const served = await createServed(['planner', 'reviewer'], {
    agentSockets: { folder, users: {} },
    http: { host: '127.0.0.1', port: 0 },
    limits: { connections },
  });
  closing.push(() => served.close(0));
  return { ...served, at: (agent: string) => join(folder, agent, 'sock') };
}

/** The last one may not have closed yet. */
async function watching(at: string) {
  for (;;) {
    const stream = await open(at, '/v1/watch');
    if (stream.status === 200) return stream;
    stream.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('who is turned away is told when he may come again, and others are not', async () => {
  const { at } = await createCrowded({ agent: 2 });
  const streams = [await watching(at('planner')), await watching(at('planner'))];
  const draft = JSON.stringify({ to: 'reviewer', body: 'x'.repeat(100_000) });
  const length = `Content-Type: application/json\r\nContent-Length: ${draft.length}`;
  const head = (agent: string) =>
    `POST /v1/send HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nDreamos-Agent: ${agent}\r\n${length}\r\n\r\n`;
  const { statuses, text, ended } = await rawly(at('planner'), [head('planner'), draft], 30_000);
  expect({ statuses, ended }).toEqual({ statuses: [503], ended: true });
  expect(text.toLowerCase()).toContain('retry-after: 1\r\n');
  expect(text).toContain('"code":"SERVER_BUSY","kind":"unreachable"');
  expect((await rawly(at('reviewer'), [head('reviewer'), draft], 30_000)).statuses).toEqual([201]);
  for (const one of streams) one.destroy();
});

test('a connection that rests is ended for one that comes', async () => {
  const { at, get } = await createCrowded({ agent: 1 });
  const first = dial(at('planner'));
  const closed = new Promise((resolve) => first.once('close', resolve));
  first.write('GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await new Promise((resolve) => first.once('data', resolve));
  // By then it rests.
  await get('/v1/status');
  const status = 'GET /v1/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
  expect((await rawly(at('planner'), status, 30_000)).statuses).toEqual([200]);
  await closed;
});

test('over TCP one token has no more than its agent’s socket', async () => {
  const { about, root } = await createCrowded({ agent: 1 });
  const { token } = await createToken(root, 'planner');
  const line = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  const first = dial(about.http ?? '');
  first.write(line('/v1/watch'));
  await new Promise((resolve) => first.once('data', resolve));
  expect((await rawly(about.http ?? '', line('/v1/status'))).statuses).toEqual([503]);
  first.destroy();
});

test('dreamos’ own client asks again until there is a place: a send, an ack, and a look', async () => {
  const { at, root } = await createCrowded({ agent: 1 });
  const planner = await connectRoot(`unix:${at('planner')}`, { env: {}, pid: process.pid });
  /** @returns what comes of it, where the one place is taken while it begins */
  const crowded = async <T>(what: () => Promise<T>): Promise<T> => {
    const stream = await watching(at('planner'));
    let isOver = false;
    const doing = what().finally(() => (isOver = true));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(isOver).toBe(false);
    stream.destroy();
    return doing;
  };
  const { id } = await crowded(() => send(planner, { to: 'planner', body: 'x' }));
  const taken = await crowded(() => readNext(planner, 'planner'));
  expect(taken?.message.id).toBe(id);
  expect(await crowded(() => ack(planner, taken?.receipt ?? ''))).toMatchObject({ state: 'archived' });
  expect(await root.store.look.counts('planner')).toMatchObject({ ready: 0, inflight: 0, archived: 1 });
});
