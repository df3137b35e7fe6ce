import { createHook } from 'node:async_hooks';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { init } from '../../src/index.ts';

// A promise is what a layer of functions that wait for one another costs, and unlike time it can be counted.

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'dreamos-root-')));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const calls = 50;

/** The median of some calls: what is looked up once or gathered less under load is none of a call's own. */
async function promisesOf(work: () => Promise<unknown>): Promise<number> {
  let made = 0;
  const of: number[] = [];
  const counter = createHook({ init: (_, type) => void (made += type === 'PROMISE' ? 1 : 0) }).enable();
  try {
    for (let call = 0; call < calls; call++) {
      made = 0;
      await work();
      of.push(made);
    }
  } finally {
    counter.disable();
  }
  return of.sort((a, b) => a - b)[calls / 2]!;
}

test('a send, and a claim with its ack, wait for few promises', async () => {
  // On a clock that stands still nothing is looked at again that is looked at every so often.
  const clock = { now: () => Date.UTC(2026, 10, 20), uptime: () => 0 };
  const env = { DREAMOS_DURABILITY: 'relaxed' };
  await using mail = await init({ root: folder, agents: ['planner', 'reviewer'], as: 'planner', env, clock });
  const send = () => mail.send({ to: 'reviewer', body: 'x' });
  const batch = Array.from({ length: calls }, () => ({ to: 'reviewer', body: 'x' }));
  const jobs = mail.consume('reviewer', { waitMs: 0 });
  const claim = async () => (await jobs.next()).value?.ack();
  await send();
  await claim();

  expect(await promisesOf(send)).toBeLessThan(60);
  expect(await promisesOf(claim)).toBeLessThan(72);
  expect((await promisesOf(() => mail.sendAll(batch))) / calls).toBeLessThan(20);
  await jobs.return(undefined);
});
