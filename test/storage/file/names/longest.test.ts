import { expect, test } from 'vitest';
import { longestPathIn } from '../../../../src/storage/file/names/longest.ts';

test('what is made in a root takes less than half of what the smallest system takes, so that only a deep root is measured', () => {
  for (const root of ['/r', `/${'r'.repeat(2000)}`]) expect(longestPathIn(root) - root.length).toBeLessThan(1023 / 2);
});
