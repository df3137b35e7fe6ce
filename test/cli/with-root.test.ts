import { expect, test } from 'vitest';
import { withRoot } from '../../src/cli/as-typed.ts';

test.for([
  ['dreamos status', "dreamos --root '/a b' status"],
  ['See: dreamos show 4RCE; or: dreamos list', "See: dreamos --root '/a b' show 4RCE; or: dreamos --root '/a b' list"],
  ['echo a | dreamos reply', "echo a | dreamos --root '/a b' reply"],
  ['Run `dreamos doctor`.', "Run `dreamos --root '/a b' doctor`."],
  ['Make one: dreamos init --root /a', 'Make one: dreamos init --root /a'],
  ['Update dreamos: npm install', 'Update dreamos: npm install'],
] as const)('%s', ([text, typed]) => {
  expect(withRoot(text, '/a b')).toBe(typed);
  expect(withRoot(text, undefined)).toBe(text);
});
