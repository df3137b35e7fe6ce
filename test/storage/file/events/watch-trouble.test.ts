import { EventEmitter } from 'node:events';
import { beforeEach, expect, test, vi } from 'vitest';
import { DreamosError } from '../../../../src/model/errors.ts';
import type { Disk } from '../../../../src/storage/file/disk/disk.ts';
import { watchedDisk } from '../disks.ts';
import { makeRoom } from '../room.ts';

class FakeWatcher extends EventEmitter {
  readonly added: string[] = [];
  closed = false;
  add(paths: string | string[]): void {
    this.added.push(...[paths].flat());
    setImmediate(() => this.emit('ready'));
  }
  getWatched(): Record<string, string[]> {
    return Object.fromEntries(this.added.map((path) => [path, []]));
  }
  async close(): Promise<void> {
    this.closed = true;
  }
}

let watcher: FakeWatcher;
vi.mock('chokidar', () => ({ watch: () => watcher }));
beforeEach(() => void (watcher = new FakeWatcher()));

function withoutAnn(): Disk {
  return watchedDisk(({ path }) => {
    if (path.endsWith('/ann/events')) throw new DreamosError('disk', 'DISK_FAILED', 'ann is in disorder.');
  });
}

test('one mailbox in disorder does not stop the watch of all; it is told once', async () => {
  const room = makeRoom();
  const store = await room.open(withoutAnn());
  const wake = await store.journal.watch(undefined, () => undefined);
  expect(watcher.added.some((path) => path.endsWith('/bob/events'))).toBe(true);
  watcher.emit('all', 'addDir', `${room.layout.mailboxes}/new`);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(room.warnings).toEqual([expect.stringContaining('The mailbox ann is not watched: ann is in disorder.')]);
  await wake.close();
});

test('a watch that cannot begin leaves no watcher behind', async () => {
  const store = await makeRoom().open(withoutAnn());
  await expect(store.journal.watch(['ann'], () => undefined)).rejects.toMatchObject({ code: 'DISK_FAILED' });
  expect(watcher.closed).toBe(true);
});

test('many events in one turn are one hint, and after the end there is none', async () => {
  const store = await makeRoom().open();
  let hints = 0;
  const wake = await store.journal.watch(['bob'], () => hints++);
  for (let i = 0; i < 100; i++) watcher.emit('raw');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(hints).toBe(1);
  watcher.emit('raw');
  await wake.close();
  watcher.emit('raw');
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(hints).toBe(1);
});

test('a push that is lost later on is told once', async () => {
  const room = makeRoom();
  const store = await room.open();
  const wake = await store.journal.watch(undefined, () => undefined);
  expect(wake.degraded).toBeUndefined();
  for (let i = 0; i < 2; i++) watcher.emit('error', Object.assign(new Error('x'), { code: 'ENOSPC' }));
  expect(room.warnings).toEqual([expect.stringContaining('no inotify watches are left')]);
  await wake.close();
});
