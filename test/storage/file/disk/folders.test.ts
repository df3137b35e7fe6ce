import { expect, test } from 'vitest';
import type { FileContext } from '../../../../src/storage/file/disk/context.ts';
import { ensureFolder } from '../../../../src/storage/file/disk/folders.ts';
import { watchedDisk } from '../disks.ts';
import { makeRoom } from '../room.ts';

test('a folder that cannot be kept is an error, never passed over in silence', async () => {
  const { layout } = makeRoom();
  const disk = { ...watchedDisk(), makeDir: () => 'missing' as const };
  const ctx = { disk, layout, memories: [] } as unknown as FileContext;
  await expect(ensureFolder(ctx, `${layout.root}/away`)).rejects.toMatchObject({ kind: 'disk', code: 'DISK_FAILED' });
});
