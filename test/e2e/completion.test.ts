import { expect } from 'vitest';
import { test } from './rig.ts';

const complete = (...words: string[]): string => `
source <(dreamos completion bash)
COMP_WORDS=(dreamos ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
_dreamos; echo "\${COMPREPLY[@]}"`;

test('bash completes commands, options, agents, groups, topics and ids', async ({ rig }) => {
  await rig.dreamos('agent register tester --group testers');
  const id = await rig.sent('send reviewer x --as planner');
  await rig.dreamos('publish build.x y --as planner');
  const completed = async (...words: string[]): Promise<string> =>
    (await rig.shell(complete(...words), { cwd: rig.dir })).out.trim();
  expect(await completed('se')).toBe('send search serve setup');
  expect(await completed('send', '')).toBe('planner reviewer tester @testers @all');
  // bash takes the @ for a word of its own, and puts what is completed behind it.
  expect(await completed('send', '@', 'te')).toBe('testers');
  expect(await completed('read', '--as', 'pl')).toBe('planner');
  expect(await completed('read', '--wa')).toBe('--wait');
  expect(await completed('show', '01')).toBe(id);
  expect(await completed('listen', '')).toBe('build.x');
  expect(await completed('send', 'reviewer', '--priority', '')).toBe('urgent high normal low');
  expect(await completed('list', 'reviewer', '--state', 're')).toBe('ready');
  expect(await completed('agent', 'delete', 'te')).toBe('tester');
  expect(await completed('config', 'get', 'le')).toBe('lease');
  expect(await completed('explain', 'LEASE')).toBe('LEASE_LOST');
  // A file, which the shell completes where nothing is said.
  expect(await completed('send', 'reviewer', '--body-file', '')).toBe('');
  expect(await completed('agent', 'register', '')).not.toContain('planner');
});

test('outside of a root completion says nothing', async ({ bare }) => {
  const { out, err } = await bare.shell(complete('send', ''), { cwd: bare.dir });
  expect({ out, err }).toEqual({ out: '\n', err: '' });
});
