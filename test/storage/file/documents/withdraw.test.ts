import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/model/clock.ts';
import { createIds } from '../../../../src/model/id.ts';
import type { Disk } from '../../../../src/storage/file/disk/disk.ts';
import { replaceDocument } from '../../../../src/storage/file/disk/replace.ts';
import { removeAsRead } from '../../../../src/storage/file/documents/withdraw.ts';
import { contextOf } from '../../../../src/storage/file/open.ts';
import { scratch } from '../../../scratch.ts';
import { Killed, killedAt, watchedDisk } from '../disks.ts';

const whole = '{"n":1}\n';
const next = '{"n":2}\n';
const contextOn = (disk: Disk) => contextOf(disk, '/', { clock: systemClock, ids: createIds(), warn: () => undefined });
const replace = (path: string): Promise<boolean> =>
  replaceDocument(contextOn(watchedDisk()), path, next, async () => true);
const textIn = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

function makeDocument(): string {
  const path = join(scratch(), 'a.json');
  writeFileSync(path, whole);
  return path;
}

test('a document that is taken away is gone, and nothing is left beside it', async () => {
  const path = makeDocument();
  expect(await removeAsRead(contextOn(watchedDisk()), path, async (at) => existsSync(at))).toBe(true);
  expect(readdirSync(join(path, '..'))).toEqual([]);
  expect(await removeAsRead(contextOn(watchedDisk()), path, async () => true)).toBe(false);
});

test('after a kill at each step it is there whole or gone, and the next change ends what was begun', async () => {
  let kills = 0;
  for (let n = 1, living = false; !living; n++) {
    const path = makeDocument();
    const { disk, killed } = killedAt(n);
    await removeAsRead(contextOn(disk), path, async () => true).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error;
    });
    living = !killed();
    if (!living) kills++;
    expect([whole, undefined], `killed in front of change ${n}`).toContain(textIn(path));
    await replace(path);
    expect(readdirSync(join(path, '..'))).toEqual(['a.json']);
    expect(textIn(path)).toBe(next);
  }
  expect(kills).toBe(3);
});

test('it stays, if another one is in its place by then', async () => {
  const path = makeDocument();
  const isAsRead = async (at: string): Promise<boolean> => {
    const was = textIn(at) === whole;
    // Between the look and what it does a replacement comes.
    if (at === path) await replace(path);
    return was;
  };
  expect(await removeAsRead(contextOn(watchedDisk()), path, isAsRead)).toBe(false);
  expect(textIn(path)).toBe(next);
  expect(readdirSync(join(path, '..'))).toEqual(['a.json']);
});
