import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { isLine, lineIn } from '../../../src/core/audit/line.ts';

const good: Readonly<Record<string, unknown>> = {
  at: '2026-11-20T11:23:38.472Z',
  op: 'config.set',
  by: 'planner',
  result: 'denied',
  code: 'FORBIDDEN',
  why: 'no rule allows it',
  args: ['signatures', { to: null }],
  id: '01M7WB58387PK65PGM2FXBXP3C',
  mailbox: 'reviewer',
  to: ['reviewer'],
  pid: 12,
  user: 0,
};
const times = ['2026-02-29T11:23:38Z', '2026-11-20', '2026-11-20T11:23:38+01:00', '2026-11-20T24:00:00Z'];
const odd = fc.oneof(fc.constantFrom(...times, null, -1, 1.5, 2 ** 60, '', [], {}, [1], ['a'], 'done'), fc.jsonValue());

it('is one of ours where the schema says so, whichever of its fields are missing or say something else', () => {
  expect([isLine(JSON.stringify(good)), isLine('{'), isLine('null')]).toEqual([true, false, false]);
  const changes = fc.dictionary(fc.constantFrom(...Object.keys(good), 'other'), odd, { maxKeys: 3 });
  const dropped = fc.subarray(Object.keys(good), { maxLength: 4 });
  fc.assert(
    fc.property(changes, dropped, (changed, without) => {
      const kept = Object.entries({ ...good, ...changed }).filter(([name]) => !without.includes(name));
      const text = JSON.stringify(Object.fromEntries(kept));
      expect(isLine(text), text).toBe(lineIn(text) !== undefined);
    }),
    { numRuns: 2000 },
  );
});
