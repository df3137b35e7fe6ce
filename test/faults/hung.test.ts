import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { watchForHang } from './hung.ts';

/** One that waits for ever. */
function sleeping() {
  const child = spawn('sleep', ['1000']);
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('what makes no progress is ended, and it is told what it did', async () => {
  const child = sleeping();
  let looks = 0;
  const watch = watchForHang(
    child.pid,
    () => ++looks && 'the same',
    () => child.kill('SIGKILL'),
    1,
  );
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  expect(looks, 'before the end of all patience').toBeLessThan(240);
  expect(watch.stop()).toMatch(/^it hangs:\n\d+ sleep \w /);
});

test('what goes on is left alone for long, and not for ever', async () => {
  const child = sleeping();
  let looks = 0;
  const looksWhenEnded = await new Promise<number>((resolve) => {
    const watch = watchForHang(
      child.pid,
      () => ++looks,
      () => {
        watch.stop();
        resolve(looks);
      },
      1,
    );
  });
  expect(looksWhenEnded).toBe(240);
});
