import { expect, test } from 'vitest';
import { checkCommand } from '../../../src/cli/handler/find-command.ts';
import type { Surroundings } from '../../../src/cli/surroundings.ts';
import { refusal } from '../../core/rig.ts';

test.for([
  ['./handle', /chmod \+x \.\/handle/],
  ['handle', /command -v handle/],
] as const)('a command that cannot be run is refused with what helps: %s', async ([file, hint]) => {
  const around = { env: { PATH: '/bin' }, canRun: async () => false } as unknown as Surroundings;
  const refused = await refusal(checkCommand(around, [file]));
  expect(refused).toMatchObject({ kind: 'usage', code: 'COMMAND_NOT_STARTED' });
  expect(refused.hint).toMatch(hint);
});
