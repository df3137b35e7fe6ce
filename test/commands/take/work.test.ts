import { beforeEach, expect, test } from 'vitest';
import { exitMapOption } from '../../../src/cli/handler/exit-map.ts';
import { createTail } from '../../../src/cli/handler/tail.ts';
import { type Rig, createRig } from '../rig.ts';

// With real handlers: test/e2e/working.test.ts.
let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test.each(['work', 'work reviewer', 'work reviewer true', 'work reviewer --'])(
  '"%s" has no command, and the hint has one',
  async (line) => {
    const { code, err } = await rig.dreamos(line);
    expect(code).toBe(2);
    expect(err).toContain('behind "--"');
    expect(err).toContain('dreamos work reviewer -- ./handle --fast');
  },
);

test('a second agent is refused', async () => {
  const { code, err } = await rig.dreamos('work reviewer planner -- true');
  expect(code).toBe(2);
  expect(err).toContain("Of one agent's mail, not of 2's.");
});

test('without a name it is the acting agent whose mail is worked on', async () => {
  expect((await rig.dreamos('work -- true')).err).toContain('dreamos work <agent>');
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

test('what --map-exit does not speak of keeps its meaning', () => {
  expect([...exitMapOption('1=retry, 75=fail')]).toEqual([
    [0, 'ack'],
    [65, 'dead'],
    [75, 'fail'],
    [1, 'retry'],
  ]);
});

test('a tail holds the last lines in bounded memory, also of a chunk that is cut within a character', () => {
  const tail = createTail();
  expect(tail.text()).toBe('');
  for (const part of [Buffer.from('first\n\u20ac'), Buffer.alloc(1_000_000, 'x\n'), Buffer.from('l\u00e4st\r\n\n')])
    tail.add(part);
  expect(tail.text()).toBe(`${'x\n'.repeat(19)}läst`);
  const bytes = Buffer.from('€'.repeat(10_000));
  tail.add(bytes);
  expect(tail.text()).toHaveLength(1900);
  expect(tail.text()).toMatch(/^…€+$/);
});
