import { expect, test } from 'vitest';
import { rootOver } from '../../../src/core/open-root.ts';
import { retryDead } from '../../../src/core/keep/dlq.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { makeRoom } from '../../storage/file/room.ts';
import { must } from '../rig.ts';

const orders: Record<string, (ids: readonly string[]) => readonly string[] | 'all'> = {
  all: () => 'all',
  'in the contrary order': (ids) => ids.toReversed(),
  'in any order': (ids) => [5, 2, 9, 0, 11, 7, 1, 3, 10, 8, 4, 6].map((i) => must(ids[i])),
};

test.for(Object.keys(orders).flatMap((order) => [undefined, 'k'].map((key) => [order, key] as const)))(
  'what is retried, %s, under the ordering key %s, comes again in the order in which it was sent',
  async ([order, key]) => {
    const room = makeRoom();
    const { root: path, clock, ids: made } = room;
    const store = await room.open();
    const root = rootOver(store, { path, clock, ids: made }, { as: 'ann' });
    const retry = store.mail.retry.bind(store.mail);
    store.mail.retry = (...args) => {
      clock.advance(1);
      return retry(...args);
    };
    const ids: string[] = [];
    for (let n = 0; n < 12; n++) {
      ids.push((await send(root, { to: 'bob', body: `${n}`, ...(key !== undefined && { orderingKey: key }) })).id);
      clock.advance(1);
    }
    for (let n = 0; n < 12; n++) await nack(root, must(await readNext(root, 'bob')).receipt, { dead: true });
    const which = must(orders[order])(ids);
    const results = await retryDead(root, 'bob', which);
    expect(results.map((result) => (result instanceof DreamosError ? result.code : result.id))).toEqual(
      which === 'all' ? ids : which,
    );
    const came: string[] = [];
    for (let next = await readNext(root, 'bob'); next; next = await readNext(root, 'bob')) {
      came.push(next.message.id);
      await ack(root, next.receipt);
    }
    expect(came).toEqual(ids);
    await store.close();
  },
);
