import { expect, test } from 'vitest';
import type { Parcel } from '../../src/carriers/port.ts';
import { createTaker } from '../../src/carriers/taker.ts';

test('large ones are stored a few at a time, in their order, and one in any case', async () => {
  const stored: string[][] = [];
  const acked: string[] = [];
  const parcels = async (some: readonly Parcel[]) => {
    stored.push(some.map(({ id }) => id));
    return some.map(() => ({ is: 'stored' }) as const);
  };
  const never = async (): Promise<never> => {
    throw new Error('it is stored');
  };
  const taker = createTaker({ parcels, returned: async () => false }, (error) => expect.fail(String(error)));
  for (const [i, mebibytes] of [0, 2, 2, 1, 9, 3].entries()) {
    const parcel = { id: `m${i}`, to: 'bob', hops: 1, bytes: new Uint8Array(mebibytes * 1024 * 1024) };
    const ack = (): void => void acked.push(parcel.id);
    taker.come({ parcel, from: 'a queue', ack, again: () => undefined, sendBack: never, putAside: never });
  }
  await taker.rested(1);
  expect(stored).toEqual([['m0'], ['m1', 'm2'], ['m3'], ['m4'], ['m5']]);
  expect(acked).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5']);
});
