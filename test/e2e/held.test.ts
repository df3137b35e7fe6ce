import { expect } from 'vitest';
import { test } from './rig.ts';

test('what a cut-off read has claimed is said by the next one, and finished by a bare ack', async ({ bare }) => {
  const { code } = await bare.shell(
    'dreamos init planner reviewer && dreamos send reviewer "Is it ready?" --as planner',
  );
  expect(code).toBe(0);
  await bare.shell('dreamos read reviewer | head -4');
  const again = await bare.shell('dreamos read reviewer');
  expect(again.code).toBe(3);
  expect(again.err).toContain('reviewer still holds what it has not finished:');
  const [show = '', ack = ''] = again.err.match(/^dreamos .*$/gm) ?? [];
  expect((await bare.shell(`${show} --body`)).out).toBe('Is it ready?');
  expect((await bare.shell('dreamos ack --as planner')).code).toBe(4);
  expect((await bare.shell('dreamos ack')).code).toBe(0);
  expect((await bare.shell(ack)).code).toBe(5);
});

test('a question is answered and finished with what is typed in a moment', async ({ bare }) => {
  await bare.shell('dreamos init planner reviewer');
  const { code, out } = await bare.shell(
    `dreamos request reviewer "Which colour?" --as planner --wait 30s &
     dreamos read reviewer --wait 20s >/dev/null && dreamos reply "blue" --ack >/dev/null; wait $!`,
  );
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('\nblue\n') as string });
});
