/** What a start loads of Node costs each send: a part of the build must bring nothing that only other parts need. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { native, type Rig, test } from './rig.ts';

/** What only some commands need, and takes a millisecond or more. */
const seldom = ['child_process', 'zlib', 'perf_hooks', 'worker_threads', 'readline'];

async function loadedBy(rig: Rig, words: string): Promise<string[]> {
  await rig.shell(
    `printf 'process.on("exit", () => require("fs").writeFileSync("loaded", process.moduleLoadList.join("\\\\n")));' > tell.cjs`,
  );
  const { code, err } = await rig.shell(`NODE_OPTIONS="--require $PWD/tell.cjs" ${words}`);
  expect(code, err).toBe(0);
  const loaded = readFileSync(join(rig.dir, 'loaded'), 'utf8').split('\n');
  expect(loaded).toContain('NativeModule crypto');
  return seldom.filter((name) => loaded.includes(`NativeModule ${name}`));
}

test.skipIf(native)('a send loads nothing of Node that it does not need, signed or not', async ({ rig }) => {
  expect(await loadedBy(rig, 'dreamos send reviewer hello --as planner')).toEqual([]);
  await rig.dreamos('identity create planner');
  await rig.dreamos('config set signatures require');
  expect(await loadedBy(rig, 'dreamos send reviewer hello --as planner')).toEqual([]);
});
