import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { until } from '../../../src/core/follow/until.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { onAbort } from '../../../src/core/wait/on-abort.ts';
import { work } from '../../../src/core/work/work.ts';
import { type CoreRig, createCoreRig } from '../rig.ts';

const warned = vi.fn<() => void>();
let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
  warned.mockReset();
  process.on('warning', warned);
});
afterEach(() => void process.off('warning', warned));

const names = Array.from({ length: 12 }, (_, i) => `a${i}`);
const register = async (): Promise<void> => {
  for (const name of names) await registerAgent(rig.root, { name });
};

// A warning comes one turn after its cause.
const afterwards = () => new Promise((resolve) => setTimeout(resolve, 20));

test('who waits for twelve mailboxes is warned of no leak', async () => {
  await register();
  const { id } = await send(rig.root, { to: '@all', body: 'x' });
  expect(await until(rig.root, id, 'claimed', { waitMs: 60_000, signal: AbortSignal.timeout(50) })).toHaveLength(14);
  await afterwards();
  expect(warned).not.toHaveBeenCalled();
});

test('nor is who reads twelve mailboxes with one signal, which ends all of them', async () => {
  await register();
  const stop = new AbortController();
  const reads = names.map((name) => readNext(rig.root, name, { waitMs: 60_000, signal: stop.signal }));
  await afterwards();
  stop.abort();
  expect(await Promise.all(reads)).toEqual(names.map(() => undefined));
  expect(warned).not.toHaveBeenCalled();
});

test('nor is who works on twelve messages at once', async () => {
  for (const body of names) await send(rig.root, { to: 'reviewer', body });
  const hurry = new AbortController();
  let running = 0;
  const handler = async (_: unknown, { signal }: { signal: AbortSignal }) => {
    if (++running === 12) setTimeout(() => hurry.abort(), 20);
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
  };
  const totals = await work(rig.root, 'reviewer', handler, { concurrency: 12, hurry: hurry.signal });
  expect(totals).toMatchObject({ returned: 12 });
  expect(warned).not.toHaveBeenCalled();
});

test('what has ended is not called, and a signal that is used again and again keeps one listener', () => {
  const { signal, ...controller } = withSignal();
  const added = vi.spyOn(signal, 'addEventListener');
  const [one, two] = [vi.fn<() => void>(), vi.fn<() => void>()];
  onAbort(signal, one)();
  onAbort(signal, one)();
  onAbort(signal, two);
  controller.abort();
  expect(one).not.toHaveBeenCalled();
  expect(two).toHaveBeenCalledOnce();
  expect(added).toHaveBeenCalledOnce();
});

function withSignal() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
