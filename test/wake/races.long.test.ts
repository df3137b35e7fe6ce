import { expect, test } from 'vitest';
import { missing, said, skips } from '../lack.ts';
import { race } from './races.ts';

const lack = await missing('tmux');
/** DREAMOS_RACES for more: 1,000 of each take a quarter of an hour. */
const races = Number(process.env['DREAMOS_RACES'] ?? 20);

test.skipIf(skips(lack)).each(['enter', 'turn', 'typing'] as const)(
  said('a dialog that opens around our %s is not approved', lack),
  async (around) => {
    const seen = await race(races, around, 6);
    console.log(JSON.stringify({ around, ...seen }));
    expect(seen.approved).toEqual([]);
    // Where none was open before it was too late, nothing was tried.
    expect(seen.dialogs).toBeGreaterThan(races / 4);
  },
  races * 20_000,
);
