import * as fc from 'fast-check';
import { createIds } from '../../../../src/model/id.ts';
import { type EntryName, formatEntryName, hasRoomForSince } from '../../../../src/storage/file/names/entry-name.ts';

export const ids = createIds();
const base32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.split('');
export const token = fc.string({ unit: fc.constantFrom(...base32), minLength: 10, maxLength: 10 });
const time = fc.integer({ min: 0, max: 9_999_999_999_999 });

const anyName: fc.Arbitrary<EntryName> = fc.record(
  {
    tag: fc.constantFrom('t', 'u', 'd', 'k'),
    time,
    id: fc.integer({ min: 0, max: 2 ** 48 - 1 }).map((at) => ids.next(at)),
    rank: fc.integer({ min: 0, max: 3 }),
    attempt: fc.integer({ min: 0, max: 1000 }),
    token,
    maxAttempts: fc.integer({ min: 1, max: 1000 }),
    settled: token,
    dueBy: fc.integer({ min: 0, max: 253_402_300_799_999 }),
    expiresAt: fc.integer({ min: 0, max: 253_402_300_799_999 }),
    range: fc.record({
      offset: fc.integer({ min: 0, max: 999_999_999_999 }),
      length: fc.integer({ min: 0, max: 75_000_000 }),
    }),
    handedIn: fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 32, maxLength: 32 }),
    withdrawn: fc.constant(true),
    order: fc.record({
      key: fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 16, maxLength: 16 }),
      life: fc.integer({ min: 0, max: 999_999 }),
    }),
    since: time,
    origin: fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 10, maxLength: 10 }),
    unknown: fc.constant(['z9', 'nNEW_tag-1']),
  },
  { requiredKeys: ['tag', 'time', 'id', 'rank', 'attempt'] },
);
/** Any name of an entry. What was handed in is a file of its own, and due by no time; a claim says since when it is where that fits. */
export const entryName = anyName.map(({ range, since, dueBy, ...name }): EntryName => {
  const ofOurs = { ...(range && { range }), ...(dueBy !== undefined && { dueBy }) };
  const entry = { ...name, ...(!name.handedIn && ofOurs) };
  return since !== undefined && hasRoomForSince(formatEntryName({ ...entry, token: undefined, maxAttempts: undefined }))
    ? { ...entry, since }
    : entry;
});
