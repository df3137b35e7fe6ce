import { expect, test } from 'vitest';
import { newest } from '../../src/page/data/newest.ts';

interface Row {
  readonly id: string;
  readonly message: { readonly createdAt: string } | null;
}

const sentAt = (ms: number, id: string): Row => ({ id, message: { createdAt: new Date(ms).toISOString() } });

function asked(lists: Readonly<Record<string, readonly Row[]>>) {
  return newest(Object.keys(lists), async (list, limit, after) => {
    const all = lists[list] ?? [];
    const from = Number(after ?? 0);
    const next = from + limit < all.length ? String(from + limit) : null;
    return { items: all.slice(from, from + limit), next };
  });
}

test('of many more than a page the newest are kept, whatever comes first, and it is said that there are older ones', async () => {
  const open = Array.from({ length: 2500 }, (_, at) => sentAt(at, `a${at}`));
  const { items, isCut } = await asked({ open, over: [sentAt(9999, 'b'), sentAt(0, 'c')] });
  expect(items.map(({ id }) => id)).toEqual(['b', ...Array.from({ length: 999 }, (_, at) => `a${2499 - at}`)]);
  expect(isCut).toBe(true);
});

test('what was sent in one millisecond is in the order of its ids, and what cannot be read is last', async () => {
  const open = [sentAt(5, '1'), { id: '9', message: null }, sentAt(5, '3'), sentAt(7, '0'), sentAt(5, '2')];
  const { items, isCut } = await asked({ open, over: [sentAt(5, '4')] });
  expect(items.map(({ id }) => id)).toEqual(['0', '4', '3', '2', '1', '9']);
  expect(isCut).toBe(false);
});
