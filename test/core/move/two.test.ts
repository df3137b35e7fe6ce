/** Two who work on the same move at once: by its lock one of them is told so, and without it neither loses mail. */
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { moveBetween } from '../../../src/core/move/move.ts';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';
import { fileMoveSource } from '../../../src/storage/file/move/source.ts';
import { fileMoveTarget } from '../../../src/storage/file/move/target.ts';
import { watchedDisk } from '../../storage/file/disks.ts';
import { refusal } from '../rig.ts';
import { scene, type Scene, tellLittle } from './scene.ts';

vi.setConfig({ testTimeout: 60_000 });

async function failed(work: Promise<unknown>): Promise<string> {
  const { code, message } = await refusal(work);
  return `${code}: ${message}`;
}

/** Moves it, and does `meanwhile` once behind this step. */
async function moveWith(one: Scene, step: string, disk: Disk, meanwhile: () => Promise<void>): Promise<unknown> {
  const at = { cwd: dirname(dirname(dirname(one.root))), root: one.root, env: {}, disk };
  const source = await fileMoveSource(at);
  const target = fileMoveTarget(one.to, [source.root], at);
  let isDone = false;
  // The first read of the target comes behind the step, and can be waited for.
  let isDue = false;
  const { dump } = target;
  target.dump = async (take, how) => {
    if (isDue && !isDone) {
      isDone = true;
      await meanwhile();
    }
    return dump(take, how);
  };
  return moveBetween({ source, target }, { onStep: (now) => void (now === step && (isDue = true)) });
}

/** A disk that takes its locks. */
const locking = (): Disk => ({ ...watchedDisk(), withLock: nodeDisk().withLock });

for (const how of ['resume', 'abort', 'purge', undefined] as const)
  test(`while a move is alive, ${how ?? 'another one'} says so and changes nothing`, async (context) => {
    const one = await scene(context, tellLittle);
    const before = await one.view();
    let said = '';
    const moved = await moveWith(one, 'frozen', locking(), async () => {
      said = await failed(one.move(how, { disk: locking() }));
    });
    expect(said).toMatch(how === undefined ? /^ROOT_MOVED: / : /^STATE_CHANGED: Another process is moving the root /);
    expect(moved).toMatchObject({ state: 'moved' });
    expect(await one.view()).toEqual(before);
    expect(readdirSync(dirname(one.root)).filter((name) => name.includes('.move.'))).toEqual([]);
  });

for (const step of ['frozen', 'loaded'])
  for (const how of ['resume', 'abort'] as const)
    test(`who has lost the lock, and ${how} came in between behind "${step}", ends nothing`, async (context) => {
      const one = await scene(context, tellLittle);
      const before = await one.view();
      // These disks take no locks.
      const moved = await failed(
        moveWith(one, step, watchedDisk(), async () => {
          expect(await one.move(how)).toMatchObject({ state: how === 'abort' ? 'aborted' : 'moved' });
        }),
      );
      expect(moved).toMatch(/^STATE_CHANGED: /);
      expect(await one.view()).toEqual(before);
      const { version } = JSON.parse(readFileSync(join(one.root, 'format.json'), 'utf8')) as { version: number };
      expect(version).toBe(how === 'abort' ? 1 : 2);
      expect(existsSync(join(one.root, 'agent_mailboxes'))).toBe(how === 'abort');
    });

test('who was stopped in front of taking away what he loaded leaves it to who has moved there since', async (context) => {
  const one = await scene(context, tellLittle);
  const before = await one.view();
  const at = { cwd: dirname(dirname(dirname(one.root))), root: one.root, env: {}, disk: watchedDisk() };
  const source = await fileMoveSource(at);
  const target = fileMoveTarget(one.to, [source.root], at);
  const { check } = source;
  let isDone = false;
  source.check = async () => {
    await check();
    if (isDone) return;
    isDone = true;
    expect(await one.move('resume')).toMatchObject({ state: 'moved' });
  };
  const onStep = (step: string): void => {
    if (step === 'compared') throw new Error('it fails');
  };
  expect(await failed(moveBetween({ source, target }, { onStep }))).toMatch(/^STATE_CHANGED: /);
  expect(isDone).toBe(true);
  expect(await one.view()).toEqual(before);
  expect(readdirSync(dirname(one.to)).filter((name) => name.startsWith('elsewhere'))).toEqual(['elsewhere']);
});

test('who was stopped in front of giving it back leaves it to who has ended the move since', async (context) => {
  const one = await scene(context, tellLittle);
  const before = await one.view();
  const source = await fileMoveSource({ cwd: one.dir, root: one.root, env: {}, disk: watchedDisk() });
  await source.begin(`file:${one.to}`);
  await source.freeze();
  let isDone = false;
  const disk = watchedDisk(async ({ method, path, to }) => {
    if (method !== 'rename' || path !== one.root || !to?.startsWith(`${one.root}.next-`) || isDone) return;
    isDone = true;
    expect(await one.move('resume')).toMatchObject({ state: 'moved' });
  });
  expect(await failed(one.move('abort', { disk }))).toMatch(/^STATE_CHANGED: /);
  expect(isDone).toBe(true);
  expect(await one.view()).toEqual(before);
  expect(readdirSync(one.root).sort()).toEqual(['.gitignore', 'format.json']);
  expect(readdirSync(dirname(one.root)).filter((name) => name.includes('.next-'))).toEqual([]);
});

test('killed as he found it ended, he leaves a folder of which it is said where it belongs, and not the old mail', async (context) => {
  const one = await scene(context, tellLittle);
  const before = await one.view();
  await one.move();
  const next = `${one.root}.next-ABCDEFGHJK`;
  renameSync(one.root, next);
  const { code, hint } = await refusal(one.open());
  expect({ code, hint }).toEqual({
    code: 'ROOT_NOT_FOUND',
    hint: expect.stringMatching(`^Its mail was moved.* mv ${next} ${one.root}$`) as string,
  });
  renameSync(next, one.root);
  expect(await one.view()).toEqual(before);
});
