import { readdirSync, rmSync, utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import type { FileContext } from '../../../../src/storage/file/disk/context.ts';
import { dedupeFileOf } from '../../../../src/storage/file/send/dedupe.ts';
import { diskFailure, watchedDisk } from '../disks.ts';
import { inspected, makeRoom } from '../room.ts';

test.for([
  ['the same words', 'hello'],
  ['other words', 'other'],
] as const)(
  'who was swept while it was paused does not take the key of another, with %s, for its own',
  async ([, body]) => {
    const room = makeRoom();
    const other = await room.open();
    const taken = room.outgoing({ dedupeKey: 'k', body });
    const sent = room.outgoing({ dedupeKey: 'k' });
    const disk = watchedDisk(async ({ method, path, to }) => {
      if (method !== 'rename' || to !== room.layout.committed(sent.message.id)) return;
      rmSync(path, { recursive: true });
      rmSync(dedupeFileOf({ layout: room.layout } as FileContext, sent.message));
      await other.mail.send([taken], { durability: 'full' });
    });
    const store = await room.open(disk);
    const results = await store.mail.send([sent], { durability: 'full' });
    expect(results).toMatchObject([
      body === 'hello' ? { id: taken.message.id, duplicate: true } : { code: 'DEDUPE_MISMATCH' },
    ]);
    expect(await store.look.find(sent.message.id)).toEqual([]);
    expect(await store.look.find(taken.message.id)).toHaveLength(1);
  },
);

test('a key that was made while who forgets an older one was stopped is remembered, wherever that was', async () => {
  for (let n = 1, over = false; !over; n++) {
    const room = makeRoom();
    const other = await room.open();
    const [first] = await other.mail.send([room.outgoing({ dedupeKey: 'k' })], { durability: 'full' });
    const path = dedupeFileOf({ layout: room.layout } as FileContext, room.message({ dedupeKey: 'k' }));
    const before = Date.now() / 1000 - 3 * 86_400;
    utimesSync(path, before, before);
    const again: unknown[] = [];
    const send = async (): Promise<void> => {
      again.push(...(await other.mail.send([room.outgoing({ dedupeKey: 'k' })], { durability: 'full' })));
    };
    let calls = 0;
    over = true;
    const disk = watchedDisk(async () => {
      if (++calls !== n) return;
      over = false;
      await send();
    });
    const results = await (
      await room.open(disk)
    ).mail.send([room.outgoing({ dedupeKey: 'k' })], {
      durability: 'full',
    });
    if (over) break;
    await send();
    const ids = [...again, ...results].map((result) => (result as { id: string }).id);
    expect(new Set(ids), `stopped in front of call ${n}`).toHaveLength(1);
    expect(ids, `stopped in front of call ${n}`).not.toContain((first as { id: string }).id);
    expect(readdirSync(dirname(path))).toHaveLength(1);
    expect(await inspected(other, false)).toEqual([]);
  }
});

test('a taking back that is stopped in front of its key leaves the key that another has made since', async () => {
  const room = makeRoom();
  const other = await room.open();
  const sent = room.outgoing({ dedupeKey: 'k' });
  const taken = room.outgoing({ dedupeKey: 'k' });
  const path = dedupeFileOf({ layout: room.layout } as FileContext, sent.message);
  let stopped = false;
  const disk = watchedDisk(async (call) => {
    if (call.method === 'rename' && call.to === room.layout.committed(sent.message.id)) throw diskFailure(call);
    if (stopped || (call.method !== 'remove' && call.method !== 'rename') || call.path !== path) return;
    stopped = true;
    rmSync(path);
    await other.mail.send([taken], { durability: 'full' });
  });
  const store = await room.open(disk);
  expect(await store.mail.send([sent], { durability: 'full' })).toMatchObject([{ code: 'DISK_FAILED' }]);
  expect(stopped).toBe(true);
  expect(await other.mail.send([room.outgoing({ dedupeKey: 'k' })], { durability: 'full' })).toMatchObject([
    { id: taken.message.id, duplicate: true },
  ]);
});
