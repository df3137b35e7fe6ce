import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importTree } from '../../../src/core/import/import.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import type { Session } from '../../../src/core/root/root.ts';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';
import { collect, makeRoom, type Room } from '../../storage/file/room.ts';
import { scratch } from '../../scratch.ts';

function treeOf(count: number): string {
  const dir = join(scratch(), 'old');
  mkdirSync(join(dir, 'bob/inbox'), { recursive: true });
  for (let n = 0; n < count; n++)
    writeFileSync(
      join(dir, `bob/inbox/m${n}.json`),
      JSON.stringify({ id: `m${n}`, from: 'ann', to: 'bob', content: `b${n}`, timestamp: '2025-05-02T20:40:00Z' }),
    );
  return dir;
}

async function sessionOn(room: Room, disk: Disk): Promise<Session> {
  const { clock, ids } = room;
  return rootOver(await room.open(disk), { path: room.root, clock, ids });
}

test.for([true, false])(
  'an import that was paused until another took over ends, and nothing is there twice (to deliver: %s)',
  async (deliver) => {
    const room = makeRoom();
    const tree = treeOf(8);
    let made = 0;
    const disk: Disk = {
      ...nodeDisk(),
      async create(path, bytes, options) {
        if (path.startsWith(room.at('bob').tmp) && ++made === 3) {
          // As when nobody has refreshed it for so long.
          const before = Date.now() / 1000 - 20;
          utimesSync(`${room.layout.lock('import')}.lock`, before, before);
          await collect(importTree(await sessionOn(room, nodeDisk()), tree, { deliver }));
        }
        return nodeDisk().create(path, bytes, options);
      },
    };
    const paused = await sessionOn(room, disk);
    await expect(collect(importTree(paused, tree, { deliver }))).rejects.toMatchObject({
      kind: 'conflict',
      code: 'STATE_CHANGED',
      message: expect.stringMatching(/another could take over.* imported 2 until here/) as string,
    });
    const there = await collect(paused.store.look.list('bob', deliver ? 'ready' : 'archived'));
    expect(there).toHaveLength(8);
    const again = await collect(importTree(paused, tree, { deliver }));
    expect(new Set(again.map(({ result }) => result))).toEqual(new Set(['skipped']));
  },
);
