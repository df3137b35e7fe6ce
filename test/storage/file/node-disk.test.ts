import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeDisk } from '../../../src/storage/file/node-disk.ts';
import { scratch } from './room.ts';

// Signals and timers come with a turn of the event loop, and awaiting what is already there is none.
test.each(['list', 'read'] as const)(
  'a command that does nothing but %s still hears of signals and timers',
  async (method) => {
    const disk = nodeDisk();
    const dir = scratch();
    const file = join(dir, 'file');
    writeFileSync(file, 'x');
    let heard = false;
    const timer = setTimeout(() => (heard = true), 1);
    const until = performance.now() + 2000;
    while (!heard && performance.now() < until) {
      await (method === 'list' ? disk.list(dir) : disk.read(file, { maxBytes: 10 }));
    }
    clearTimeout(timer);
    expect(heard).toBe(true);
  },
);
