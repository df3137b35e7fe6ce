import { expect, test } from 'vitest';
import { createReceiver } from '../../../src/core/bridge/receive.ts';
import { Received } from '../../../src/core/bridge/received.ts';
import { createWorld, parcelOf } from './rig.ts';

const page = (ids: readonly (readonly unknown[])[], open = 0) => ({ v: 1, ids, open });

test('how many roots messages have left is known, also where it is asked for two mailboxes at once', async () => {
  const b = await createWorld();
  const { clock, ids } = b.root;
  const one = ids.next(clock.now());
  const other = ids.next(clock.now());
  const { documents } = b.root.store;
  const put = async (rows: readonly (readonly unknown[])[]) =>
    documents.put(`received/${ids.next(clock.now())}`, page(rows), undefined);
  await put([
    [one, 'bob', 3, 'x'],
    [other, 'carl', 3, 'x'],
  ]);
  await put([[ids.next(clock.now()), 'bob', 1, 'x']]);
  await put([[ids.next(clock.now()), 'bob', 1, 'x']]);
  const [oldest] = (await documents.list('received')).sort();
  const get: typeof documents.get = async (name) => {
    if (name === `received/${oldest}`) await new Promise((resolve) => setTimeout(resolve, 20));
    return documents.get(name);
  };
  const received = new Received({ ...b.root, store: { ...b.root.store, documents: { ...documents, get } } });
  const [x, y] = await Promise.all([received.hops([one], 'bob'), received.hops([other], 'carl')]);
  expect([x.get(one), y.get(other)]).toEqual([3, 3]);
});

test('what a killed one was not sure of is known by who stored it since, in another document, however many came later', async () => {
  const [a, b] = [await createWorld('b'), await createWorld()];
  const take = createReceiver(b.as(undefined));
  const { clock, ids } = b.root;
  const { documents } = b.root.store;
  const put = async (rows: readonly (readonly unknown[])[], open = 0) =>
    documents.put(`received/${ids.next(clock.now())}`, page(rows, open), undefined);
  const parcel = parcelOf(await a.send({}));
  const filler = () => [ids.next(clock.now()), 'bob', 1, 'x'] as const;
  // A killed process: one full document whose last row was about to be stored, and was not.
  await put([...Array.from({ length: 255 }, filler), [parcel.id, 'bob', 1]], 1);
  expect(await take.take([parcel])).toEqual([{ is: 'stored' }]);
  await take.close();
  await put(Array.from({ length: 256 }, filler));
  await put(Array.from({ length: 256 }, filler));
  b.mail.mailboxes.get('bob')?.clear();
  const later = createReceiver(b.as(undefined));
  expect(await later.take([parcel])).toEqual([{ is: 'stored', again: true }]);
});
