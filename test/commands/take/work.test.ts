import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

// With real handlers: test/e2e/working.long.test.ts.
let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('`work reviewer ./handle` is told where the dashes go', async () => {
  const { code, err } = await rig.dreamos('work reviewer ./handle x --as planner');
  expect(code).toBe(2);
  expect(err).toContain('Next: So: dreamos work reviewer --as planner -- ./handle x\n');
});

test.each(['work', 'work reviewer', 'work reviewer --'])('"%s" has no command, and the hint has one', async (line) => {
  const { code, err } = await rig.dreamos(line);
  expect(code).toBe(2);
  expect(err).toContain('behind "--"');
  expect(err).toContain('dreamos work --help');
});

test('a second agent is refused', async () => {
  const { code, err } = await rig.dreamos('work reviewer planner -- true');
  expect(code).toBe(2);
  expect(err).toContain("Of one agent's mail, not of 2's.");
});

test('without a name it is the acting agent whose mail is worked on', async () => {
  expect((await rig.dreamos('work -- true')).err).toContain('dreamos work planner -- true');
  const { code, err } = await rig.dreamos('work --as reviewer --wait 1ms -- true');
  expect(code).toBe(3);
  expect(err).toContain('Nothing came for reviewer within 1ms.');
});

test('an agent that is not there is exit 4', async () => {
  expect((await rig.dreamos('work nobody -- true')).code).toBe(4);
});

test('with --json an idle worker says nothing but its error', async () => {
  const { code, out, err } = await rig.dreamos('work reviewer --wait 1ms --json -- true');
  expect({ code, out }).toEqual({ code: 3, out: '' });
  expect(JSON.parse(err)).toMatchObject({ error: { code: 'NOTHING_THERE' } });
});
