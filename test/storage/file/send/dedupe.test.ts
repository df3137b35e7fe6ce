import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { FileContext } from '../../../../src/storage/file/disk/context.ts';
import { dedupeFileOf } from '../../../../src/storage/file/send/dedupe.ts';
import { watchedDisk } from '../disks.ts';
import { makeRoom } from '../room.ts';

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
