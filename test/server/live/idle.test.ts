/** What a server does while nothing happens, by what it asks of the file system: that does not grow with those who follow. */
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
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
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

/** @returns what is asked for in two minutes, with so many streams of each kind */
async function askedBy(ofEach: number): Promise<string[]> {
  const dir = scratch();
  const clock = { now: () => Date.now(), uptime: () => performance.now() };
  const { root } = await meanwhile(initRoot({ root: dir, agents: ['planner', 'reviewer'], as: 'planner', clock }));
  const socket = join(dir, 's');
  const served = await meanwhile(serve(root, { socket }));
  const readings: Reading[] = [];
  for (let i = 0; i < ofEach * kinds.length; i++)
    readings.push(await meanwhile(open(socket, kinds[i % kinds.length] ?? '', { headers: asEvents })));
  for (let past = 0; past < 30; past++) await second();
  const told = readings.map((one) => one.text().length);
  asked = [];
  for (let past = 0; past < 120; past++) await second();
  const all = asked.map((call) => call.replace(dir, ''));
  const alive = ':\n\n';
  expect(readings.map((one, i) => one.text().slice(told[i]))).toEqual(readings.map(() => alive.repeat(8)));
  for (const one of readings) one.destroy();
  await meanwhile(served.close());
  await meanwhile(root.close());
  return all;
}

test(
  'twenty streams on a root at rest ask as little of the disk as one of each kind',
  { timeout: 60_000 },
  async () => {
    const [four, twenty] = [await askedBy(1), await askedBy(5)].map(({ length }) => length) as [number, number];
    // In two minutes; each stream has one look at everything in a minute.
    expect(four).toBeLessThan(1100);
    expect(twenty).toBeLessThan(four + 16 * 2 * 8);
  },
);
