import { expect, test } from 'vitest';
import { beginningOf } from '../../../src/cli/show/dead-layout.ts';

test.each([
  ['connect ETIMEDOUT 10.0.0.1:443', 'connect ETIMEDOUT'],
  ['exit 65: never', 'exit 65: never'],
  ['no such file', 'no such file'],
])('of %j others of its kind are found by %j', (reason, cause) => {
  expect(beginningOf(reason)).toBe(cause);
});
