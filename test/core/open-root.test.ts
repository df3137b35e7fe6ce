import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { expectRefusal } from './rig.ts';
import { initRoot, openRoot } from '../../src/core/open-root.ts';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'dreamos-root-')));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('init makes the root and the agents once', async () => {
  const first = await initRoot({ cwd: folder, agents: ['planner', 'reviewer'] });
  expect(first).toMatchObject({
    created: true,
    agents: [
      { name: 'planner', created: true },
      { name: 'reviewer', created: true },
    ],
  });
  const again = await initRoot({ cwd: folder, agents: ['PLANNER', 'Builder'] });
  expect(again).toMatchObject({
    created: false,
    agents: [
      { name: 'planner', created: false },
      { name: 'Builder', created: true },
    ],
  });
  await first.root.close();
  await again.root.close();
});

test('a bad name, and init makes nothing', async () => {
  for (const name of ['../x', 'all'])
    await expectRefusal(initRoot({ cwd: folder, agents: ['planner', name] }), 'NAME_INVALID');
  await expectRefusal(openRoot({ cwd: folder }), 'ROOT_NOT_FOUND');
});

test('who is acting is said, or in the environment, or nobody', async () => {
  await (await initRoot({ cwd: folder })).root.close();
  const acting = async (as: string | undefined, env: NodeJS.ProcessEnv): Promise<string | undefined> => {
    const root = await openRoot({ cwd: folder, env, ...(as !== undefined && { as }) });
    await root.close();
    return root.acting;
  };
  expect(await acting('planner', { DREAMOS_AGENT: 'reviewer' })).toBe('planner');
  expect(await acting(undefined, { DREAMOS_AGENT: 'reviewer' })).toBe('reviewer');
  expect(await acting(undefined, { DREAMOS_AGENT: '' })).toBeUndefined();
  await expectRefusal(acting(undefined, { DREAMOS_AGENT: 'a/b' }), 'NAME_INVALID');
});

test.each([
  ['{"format":"dreamos","version":1}', undefined],
  ['{"format":"dreamos","version":1,"engine":"files"}', undefined],
  ['{"format":"dreamos","version":1,"engine":"redis"}', 'FORMAT_UNKNOWN'],
  ['{"format":"dreamos","version":1,"engine":"constructor"}', 'FORMAT_UNKNOWN'],
  ['{"format":"dreamos","version":1,"engine":5}', 'FORMAT_UNKNOWN'],
] as const)('a root is opened by the engine that its format.json names: %s', async (format, code) => {
  const { root } = await initRoot({ cwd: folder, agents: ['planner'] });
  await root.close();
  await writeFile(join(root.path, 'format.json'), format);
  for (const opening of [() => openRoot({ cwd: folder }), async () => (await initRoot({ cwd: folder })).root]) {
    if (code === undefined) await (await opening()).close();
    else await expectRefusal(opening(), code);
  }
  expect(await readFile(join(root.path, 'format.json'), 'utf8')).toBe(format);
});
