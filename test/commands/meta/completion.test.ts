import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test.each(['bash', 'zsh', 'fish'])('completion %s knows every command and option', async (shell) => {
  const { code, out } = await rig.dreamos(`completion ${shell}`);
  expect(code).toBe(0);
  for (const word of ['send', 'register', 'purge', shell === 'fish' ? '-l dedupe-key' : '--dedupe-key'])
    expect(out).toContain(word);
});

test('completion for another shell is refused', async () => {
  expect((await rig.dreamos('completion tcsh')).code).toBe(2);
});
