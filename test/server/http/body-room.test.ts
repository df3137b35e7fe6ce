/** How many bytes of bodies there are at once, and who waits for room. */
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Session } from '../../../src/core/root/root.ts';
import { createBodyRoom } from '../../../src/server/http/body-room.ts';
import { removeScratch, scratch } from '../../scratch.ts';
import { dial, rawly } from '../raw.ts';
import { createServed } from '../rig.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  removeScratch();
});

const mib = 1024 * 1024;

function createAsking(limits: { agent: number; all: number }, waitMs?: number) {
  const room = createBodyRoom(limits, waitMs);
  return (acting: string | undefined, bytes: number) => {
    const outgoing = Object.assign(new EventEmitter(), { closed: false });
    let state = 'waits';
    const session = { acting, proved: acting !== undefined } as Session;
    const taking = room.take(session, outgoing as unknown as ServerResponse, bytes);
    taking.then(
      () => (state = 'has it'),
      (error: { code: string }) => (state = error.code),
    );
    return {
      state: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return state;
      },
      close: () => outgoing.emit('close'),
      taking,
    };
  };
}

test('one agent has so much, then waits, and keeps no other from his', async () => {
  const ask = createAsking({ agent: 3 * mib, all: 5 * mib });
  const [first, second, small] = [ask('planner', 2 * mib), ask('planner', 2 * mib), ask('PLANNER', 1000)];
  expect([await first.state(), await second.state(), await small.state()]).toEqual(['has it', 'waits', 'has it']);
  const other = ask('reviewer', 3 * mib);
  expect(await other.state()).toBe('has it');
  // Together they have as much as there is.
  const own = ask(undefined, mib);
  expect(await own.state()).toBe('waits');
  other.close();
  expect([await second.state(), await own.state()]).toEqual(['waits', 'has it']);
  first.close();
  expect(await second.state()).toBe('has it');
});

test('one that is longer than all that is read when nothing else is', async () => {
  const ask = createAsking({ agent: mib, all: mib });
  const first = ask('planner', 9 * mib);
  expect(await first.state()).toBe('has it');
  const second = ask('planner', 9 * mib);
  expect(await second.state()).toBe('waits');
  first.close();
  expect(await second.state()).toBe('has it');
});

test('who waits for too long is told so, and who goes meanwhile takes no room', async () => {
  const ask = createAsking({ agent: mib, all: mib }, 20);
  const first = ask('planner', mib);
  await expect(ask('planner', mib).taking).rejects.toMatchObject({
    code: 'SERVER_BUSY',
    status: 503,
    headers: { 'retry-after': '1' },
  });
  const going = ask('planner', mib);
  going.close();
  expect(await going.state()).toBe('SERVER_BUSY');
  first.close();
  expect(await ask('planner', mib).state()).toBe('has it');
});

test('what is not read yet is read when the one before it is answered', async () => {
  const folder = scratch();
  const served = await createServed(['planner', 'reviewer'], {
    agentSockets: { folder, users: {} },
    limits: { bodyBytes: { agent: 150_000 } },
  });
  closing.push(() => served.close(0));
  const draft = JSON.stringify({ to: 'reviewer', body: 'x'.repeat(100_000) });
  const head = [
    'POST /v1/send HTTP/1.1',
    'Host: localhost',
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${draft.length}`,
  ];
  const begin = `${head.join('\r\n')}\r\n\r\n`;
  const at = (agent: string): string => join(folder, agent, 'sock');
  const first = dial(at('planner'));
  first.write(begin.replace('Host', 'Expect: 100-continue\r\nHost'));
  const answered = new Promise<string>((resolve) => {
    let text = '';
    first.on('data', (chunk) => (text += String(chunk))).on('close', () => resolve(text));
  });
  // It is told to go on when it has the room.
  await new Promise((resolve) => first.once('data', resolve));
  let isOver = false;
  const second = rawly(at('planner'), begin + draft, 30_000).finally(() => (isOver = true));
  expect((await rawly(at('reviewer'), begin + draft, 30_000)).statuses).toEqual([201]);
  expect(isOver).toBe(false);
  first.write(draft);
  expect(await answered).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
  expect((await second).statuses).toEqual([201]);
});
