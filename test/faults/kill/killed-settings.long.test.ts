/**
 * Eight at a time set two settings to the same number, and half of them are killed at any moment. Whatever the moment: both
 * are in force or none, what was acknowledged is in the history with its number, and nothing but what was killed is undone.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { pause, type Rig, type Running, test } from '../../e2e/rig.ts';
import type { ConfigVersion } from '../../../src/contract/system.ts';

const rounds = 6;
const racers = 8;

interface Pair {
  readonly maxAttempts?: number;
  readonly eventDays?: number;
}

function inForce(rig: Rig): Pair {
  return JSON.parse(readFileSync(join(rig.root, 'config.json'), 'utf8')) as Pair;
}

test('eight who set at once, half of them killed: no version is lost, and none is half in force', async ({
  bare: rig,
}) => {
  expect(await rig.dreamos('init ann')).toMatchObject({ code: 0 });
  expect(await rig.dreamos('config set maxAttempts=900 eventDays=900')).toMatchObject({ code: 0 });
  const started = performance.now();
  await rig.dreamos('config set maxAttempts=901 eventDays=901');
  const wholeMs = performance.now() - started;
  const acknowledged = [900, 901];
  const killed: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const racing = Array.from({ length: racers }, (_, i) => {
      const n = 1 + round * racers + i;
      const setting = rig.start(`config set maxAttempts=${n} eventDays=${n} --as agent-${i} --json`);
      return { n, setting, isKilled: i % 2 === 0 };
    });
    let over = false;
    const watching = (async () => {
      while (!over) {
        const { maxAttempts, eventDays } = inForce(rig);
        expect(eventDays).toBe(maxAttempts);
        await pause(1);
      }
    })();
    await Promise.all(racing.map((one) => endOf(one, wholeMs)));
    over = true;
    await watching;
  }

  const { json } = await rig.dreamos('config history --json');
  const history = json as unknown as ConfigVersion[];
  expect(history.map(({ version }) => version)).toEqual(history.map((_, i) => history.length - i));
  expect(history.filter(({ byHand }) => byHand)).toEqual([]);
  const numbers = (states: readonly string[]): number[] =>
    history.filter(({ state }) => states.includes(state)).map(({ changes }) => changes[0]?.to as number);
  const done = numbers(['in force', 'replaced']);
  expect(done).toEqual(expect.arrayContaining(acknowledged));
  for (const { changes, state } of history)
    if (state !== 'undone') expect(changes.map(({ to }) => to)).toEqual([changes[0]?.to, changes[0]?.to]);
  // Who lives makes one undone only where his lock was another's by then, which nobody paused him for.
  for (const n of numbers(['undone'])) expect(killed).toContain(n);
  expect(inForce(rig).maxAttempts).toBe(numbers(['in force'])[0]);
  expect((await rig.dreamos('config set maxAttempts=999 eventDays=999')).code).toBe(0);
  const { out } = await rig.dreamos('doctor');
  expect(out).not.toMatch(/problem/);

  async function endOf({ n, setting, isKilled }: { n: number; setting: Running; isKilled: boolean }, ms: number) {
    if (!isKilled) {
      expect(await setting.ended).toMatchObject({ code: 0 });
      acknowledged.push(n);
      return;
    }
    await pause(ms * (0.3 + Math.random() * 2));
    killed.push(n);
    if ((await setting.kill('SIGKILL')).out.split('\n').length > 2) acknowledged.push(n);
  }
});
