import { expect, test } from 'vitest';
import { Context } from '../../../src/cli/context.ts';
import { DreamosError, type ErrorCode } from '../../../src/model/errors.ts';

test.for([
  ['ROOT_NOT_FOUND', 'Nobody has a mailbox yet: dreamos init planner reviewer'],
  ['NAME_INVALID', 'For example: dreamos send reviewer hello --as planner'],
  ['ENGINE_UNREACHABLE', 'For example: dreamos send reviewer hello --as planner'],
] as const)('after %s an example says: %s', async ([code, said]) => {
  const openRoot = (): Promise<never> => Promise.reject(new DreamosError('usage', code satisfies ErrorCode, 'no'));
  const context = new Context({ env: {}, cwd: () => '/work', openRoot } as never);
  expect(await context.example((name, other) => `send ${other} hello --as ${name}`)).toBe(said);
});
