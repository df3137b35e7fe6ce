import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test.each(['search', 'archive search'])('%s of two words without quotes says where they go', async (verb) => {
  expect(await rig.dreamos(`${verb} release notes`)).toMatchObject({
    ...{ code: 4, out: '' },
    err: expect.stringContaining(
      `Next: A text of several words needs quotes: dreamos ${verb} 'release notes'\n`,
    ) as string,
  });
  expect((await rig.dreamos(`${verb} release reviewr`)).err).toContain('Did you mean "reviewer"?');
});

test('search says what is where; nothing found is exit 0', async () => {
  const id = await rig.sent();
  expect(await rig.dreamos('search HELLO')).toMatchObject({
    code: 0,
    err: '',
    out: `ready     ${id}  reviewer  from planner: hello\n`,
  });
  expect((await rig.dreamos('search hello reviewer --state dead --json')).json).toEqual([]);
  expect((await rig.dreamos('search hello -n 1 --from planner --json')).json).toMatchObject([{ id, state: 'ready' }]);
  expect(await rig.dreamos('search nothing')).toMatchObject({ code: 0, out: '', err: 'Nothing has "nothing".\n' });
  expect((await rig.dreamos(['search', ''])).code).toBe(2);
  expect((await rig.dreamos('search x --state lost')).code).toBe(2);
  expect((await rig.dreamos('search x nobody')).code).toBe(4);
});
