import { EventEmitter } from 'node:events';
import { beforeEach, expect, test, vi } from 'vitest';
import { makeRoom } from '../room.ts';

class FakeWatcher extends EventEmitter {
  closed = false;
  add(): void {
    setImmediate(() => this.emit('ready'));
  }
  async close(): Promise<void> {
    this.closed = true;
  }
}

let watcher: FakeWatcher;
vi.mock('chokidar', () => ({ watch: () => watcher }));
beforeEach(() => {
  watcher = new FakeWatcher();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  return () => vi.useRealTimers();
});

test('without pushes a document is looked for once a second, until the end', async () => {
  const { documents } = await makeRoom().open();
  let hints = 0;
  const wake = await documents.watch('reservations', () => hints++);
  expect(wake.degraded).toBeUndefined();
  watcher.emit('raw', 'rename', 'reservations.json', {});
  expect(hints).toBe(1);
  // As of inotify, when its watches are used up.
  watcher.emit('error', Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }));
  expect(hints).toBe(2);
  expect(wake.degraded).toMatch(/no push from the file system \(ENOSPC: no inotify watches are left/);
  vi.advanceTimersByTime(3000);
  expect(hints).toBe(5);
  await wake.close();
  vi.advanceTimersByTime(3000);
  expect(hints).toBe(5);
  expect(watcher.closed).toBe(true);
});

test('a watch that fails at once is said to, and waits for nothing', async () => {
  watcher.add = () => void setImmediate(() => watcher.emit('error', Object.assign(new Error('x'), { code: 'EMFILE' })));
  const wake = await (await makeRoom().open()).documents.watch('reservations', () => undefined);
  expect(wake.degraded).toMatch(/EMFILE/);
  await wake.close();
});
