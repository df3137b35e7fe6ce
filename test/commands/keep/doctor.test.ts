import { beforeEach, expect, test, vi } from 'vitest';
import type { Session } from '../../../src/core/root/root.ts';
import { must } from '../../core/rig.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('doctor on a sound root finds nothing wrong', async () => {
  expect(await rig.dreamos('doctor')).toMatchObject({ code: 0, err: 'Nothing is wrong.\n' });
});

test('doctor says in its last line that there are warnings', async () => {
  await rig.dreamos('send reviewer hello --as planner');
  rig.time.nowMs += 2 * 3_600_000;
  expect(await rig.dreamos('doctor')).toMatchObject({ code: 0, err: 'Nothing is wrong, but there is 1 warning.\n' });
});

test('doctor names --fix where it can repair something, and only there', async () => {
  const env = { DREAMOS_LEASE: 'soon' };
  const { code, err } = await rig.dreamos('doctor', { env });
  expect({ code, err }).toMatchObject({ code: 6, err: expect.stringContaining('Next: What each finding says') });
  expect(err).not.toContain('--fix');
  const onRoot = ({ store }: Session): void => {
    vi.spyOn(must(store.upkeep), 'inspect').mockImplementation(async function* () {
      yield { rule: 'folder', level: 'problem', message: 'The folder tmp/ is missing.', fixed: false };
    });
  };
  expect((await rig.dreamos('doctor', { onRoot })).err).toContain('Next: dreamos doctor --fix');
});
