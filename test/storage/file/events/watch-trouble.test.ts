import { beforeEach, expect, test } from 'vitest';
import { DreamosError } from '../../../../src/model/errors.ts';
import type { Disk } from '../../../../src/storage/file/disk/disk.ts';
import { watchedDisk } from '../disks.ts';
import { makeRoom } from '../room.ts';

interface Watched {
  readonly dir: string;
  readonly changed: (kind: 'rename' | 'change') => void;
  readonly failed: (error: unknown) => void;
  closed: boolean;
}

let watches: Watched[];
beforeEach(() => void (watches = []));

/** Nothing comes of itself. */
function toldByHand(before?: Parameters<typeof watchedDisk>[0]): Disk {
  return {
    ...watchedDisk(before),
    watch(dir, changed, failed) {
      const watched: Watched = { dir, changed, failed, closed: false };
      watches.push(watched);
      return () => void (watched.closed = true);
    },
  };
}

function withoutAnn(): Disk {
  return toldByHand(({ path }) => {
    if (path.endsWith('/ann/events')) throw new DreamosError('disk', 'DISK_FAILED', 'ann is in disorder.');
  });
}

const at = (ending: string): Watched => {
  const found = watches.find(({ dir }) => dir.endsWith(ending));
  if (!found) throw new Error(`${ending} is not watched.`);
  return found;
};
const outOfWatches = Object.assign(new Error('x'), { code: 'ENOSPC' });

test('one mailbox in disorder does not stop the watch of all; it is told once', async () => {
  const room = makeRoom();
  const store = await room.open(withoutAnn());
  const wake = await store.journal.watch(undefined, () => undefined);
  at('/bob/events');
  at('/agent_mailboxes').changed('rename');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(room.warnings).toEqual([expect.stringContaining('The mailbox ann is not watched: ann is in disorder.')]);
  await wake.close();
});

test('a watch that cannot begin leaves no watcher behind', async () => {
  const store = await makeRoom().open(withoutAnn());
  await expect(store.journal.watch(['bob', 'ann'], () => undefined)).rejects.toMatchObject({ code: 'DISK_FAILED' });
  expect(watches.map(({ closed }) => closed)).toEqual([true, true]);
});

test('many events in one turn are one hint, and after the end there is none', async () => {
  const store = await makeRoom().open(toldByHand());
  let hints = 0;
  const wake = await store.journal.watch(['bob'], () => hints++);
  for (let i = 0; i < 100; i++) at('/bob/events').changed('change');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(hints).toBe(1);
  at('/bob/drop').changed('rename');
  await wake.close();
  at('/bob/drop').changed('rename');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(hints).toBe(1);
  expect(watches.every(({ closed }) => closed)).toBe(true);
});

test('a push that is not to be had from the start is said, and no more are asked for', async () => {
  const disk: Disk = {
    ...watchedDisk(),
    watch(dir, changed, failed) {
      watches.push({ dir, changed, failed, closed: false });
      failed(outOfWatches);
      return () => undefined;
    },
  };
  const room = makeRoom();
  const wake = await (await room.open(disk)).journal.watch(undefined, () => undefined);
  expect(wake.degraded).toContain('no inotify watches are left');
  expect(watches).toHaveLength(1);
  expect(room.warnings).toEqual([]);
  await wake.close();
});

test('a push that is lost later on is told once', async () => {
  const room = makeRoom();
  const store = await room.open(toldByHand());
  const wake = await store.journal.watch(undefined, () => undefined);
  expect(wake.degraded).toBeUndefined();
  for (let i = 0; i < 2; i++) at('/bob/events').failed(outOfWatches);
  expect(room.warnings).toEqual([expect.stringContaining('no inotify watches are left')]);
  await wake.close();
});
