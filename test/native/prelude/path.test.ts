import * as nodePath from 'node:path/posix';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import * as hostPath from '../../../native/prelude/node/path.ts';

const path: Pick<
  typeof nodePath,
  'normalize' | 'dirname' | 'basename' | 'extname' | 'isAbsolute' | 'join' | 'resolve'
> = hostPath;
const part = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/', ' ', '..', 'é'), maxLength: 8 });

test.each(['normalize', 'dirname', 'basename', 'extname', 'isAbsolute'] as const)('%s as in Node', (name) => {
  fc.assert(
    fc.property(part, (given) => {
      expect(path[name](given)).toBe(nodePath[name](given));
    }),
    { numRuns: 3000 },
  );
});

test.each(['join', 'resolve'] as const)('%s as in Node', (name) => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (given) => {
      expect(path[name](...given)).toBe(nodePath[name](...given));
    }),
    { numRuns: 3000 },
  );
});

test('relative as in Node', () => {
  fc.assert(
    fc.property(part, part, (one, other) => {
      expect(hostPath.relative(one, other)).toBe(nodePath.relative(one, other));
    }),
    { numRuns: 3000 },
  );
});
