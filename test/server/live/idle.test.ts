/** What a server does while nothing happens, by what it asks of the file system and how often it wakes: neither grows with those who follow. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { initRoot } from '../../../src/core/open-root.ts';
import { serve } from '../../../src/server/serve.ts';
import { removeScratch, scratch } from '../../scratch.ts';
import { asEvents, open, type Reading } from './rig.ts';

const kinds = ['/v1/watch', '/v1/watch?mailbox=planner', '/v1/listen?topic=build.*', '/v1/overview/watch'];
const calls = ['lstatSync', 'statSync', 'readdirSync', 'openSync'] as const;

let asked: string[] = [];
/** When a timer of ours ended. */
let woken = new Set<number>();
beforeEach(() => {
  for (const call of calls) {
    const real = fs[call] as (...how: unknown[]) => unknown;
    const counted = (...how: unknown[]): unknown => {
      asked.push(`${call} ${String(how[0])}`);
      return real.apply(fs, how);
    };
    vi.spyOn(fs, call).mockImplementation(counted as never);
  }
  syncBuiltinESMExports();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'] });
  for (const set of ['setTimeout', 'setInterval'] as const) {
    const faked = globalThis[set] as (call: (...given: unknown[]) => void, ...how: unknown[]) => unknown;
    const counted: typeof faked = (call, ...how) =>
      faked(
        (...given) => {
          woken.add(performance.now());
          call(...given);
        },
        ...how,
      );
    vi.spyOn(globalThis, set).mockImplementation(counted as never);
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  syncBuiltinESMExports();
});
afterAll(removeScratch);

/** A second, in which everything that falls due is done. */
async function second(): Promise<void> {
  vi.advanceTimersByTime(1000);
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}

/** Time goes on until it is done. */
async function meanwhile<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  const end = (): void => void (isDone = true);
  void work.then(end, end);
  while (!isDone) await second();
  return work;
}

/** What is done in two minutes, with so many streams of each kind. */
async function atRest(ofEach: number): Promise<{ readonly asked: number; readonly woken: number }> {
  const dir = scratch();
  const clock = { now: () => Date.now(), uptime: () => performance.now() };
  const { root } = await meanwhile(initRoot({ root: dir, agents: ['planner', 'reviewer'], as: 'planner', clock }));
  const socket = join(dir, 's');
  const served = await meanwhile(serve(root, { socket, agentSockets: { folder: join(dir, 'doors'), users: {} } }));
  const readings: Reading[] = [];
  for (let i = 0; i < ofEach * kinds.length; i++)
    readings.push(await meanwhile(open(socket, kinds[i % kinds.length] ?? '', { headers: asEvents })));
  for (let past = 0; past < 30; past++) await second();
  const told = readings.map((one) => one.text().length);
  asked = [];
  woken = new Set();
  for (let past = 0; past < 120; past++) await second();
  const done = { asked: asked.length, woken: woken.size };
  const alive = ':\n\n';
  expect(readings.map((one, i) => one.text().slice(told[i]))).toEqual(readings.map(() => alive.repeat(8)));
  for (const one of readings) one.destroy();
  await meanwhile(served.close());
  await meanwhile(root.close());
  return done;
}

test(
  'twenty streams on a root at rest ask as little as one of each kind, and wake it together',
  { timeout: 60_000 },
  async () => {
    const [four, twenty] = [await atRest(1), await atRest(5)];
    // Each stream has one look at everything in a minute, and agents’ sockets one at who there is in five seconds.
    expect(four.asked).toBeLessThan(1150);
    expect(twenty.asked).toBeLessThan(four.asked + 16 * 2 * 8);
    // Once in five seconds. (What Node's own server has timers for is not among it.)
    for (const { woken: times } of [four, twenty]) expect(times).toBeLessThan(28);
  },
);
