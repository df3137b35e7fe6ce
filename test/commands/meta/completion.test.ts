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
  const { code, err } = await rig.dreamos('completion tcsh');
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('One of: bash, zsh, fish.\n') as string });
});

test('completion lists what a shell asks for: agents, addressees, topics and the messages that are there', async () => {
  await rig.dreamos('agent register tester --group testers');
  await rig.dreamos('agent register gone');
  await rig.dreamos('agent retire gone');
  const id = (await rig.dreamos('send reviewer x --from planner')).out.trim();
  await rig.dreamos('publish build.x y --from planner');
  const names = async (kind: string): Promise<string[]> =>
    (await rig.dreamos(`completion ${kind}`)).out.split('\n').filter(Boolean);
  expect(await names('agents')).toEqual(['planner', 'reviewer', 'tester']);
  expect(await names('addressees')).toEqual(['planner', 'reviewer', 'tester', '@testers', '@all']);
  expect(await names('topics')).toEqual(['build.x']);
  expect(await names('messages')).toEqual([id]);
});
