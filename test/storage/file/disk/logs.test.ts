import { appendFileSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Logs, openLogs } from '../../../../src/storage/file/disk/logs.ts';
import { scratch } from '../../../scratch.ts';

/** @param rooms how many bytes there is room for in each of the next writes; then for all */
function onDisk(...rooms: number[]): Logs {
  return openLogs((fd, text) => {
    const bytes = Buffer.from(text).subarray(0, rooms.shift());
    if (bytes.length === 0) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    return writeSync(fd, bytes);
  });
}

const full: unknown = expect.objectContaining({ code: 'ENOSPC' });

function cutShort(...then: number[]): { logs: Logs; log: string } {
  const logs = onDisk(6, 3, 0, ...then);
  const log = join(scratch(), 'log');
  logs.append(log, 'first\n');
  expect(() => logs.append(log, 'second\n')).toThrow(full);
  return { logs, log };
}

test('behind what a full disk has cut short the same process begins a new line', () => {
  const { logs, log } = cutShort(0);
  expect(() => logs.append(log, 'third\n')).toThrow(full);
  logs.append(log, 'fourth\n');
  logs.append(log, 'fifth\n');
  expect(readFileSync(log, 'utf8')).toBe('first\nsec\nfourth\nfifth\n');
});

test('and so does another one, which has seen nothing of it', () => {
  const { log } = cutShort();
  onDisk().append(log, 'third\n');
  expect(readFileSync(log, 'utf8')).toBe('first\nsec\nthird\n');
});

test('of a new line that does not fit either nothing is lost but itself', () => {
  const { logs, log } = cutShort(3, 0);
  expect(() => logs.append(log, 'third\n')).toThrow(full);
  logs.append(log, 'fourth\n');
  expect(readFileSync(log, 'utf8')).toBe('first\nsec\nth\nfourth\n');
});

test('a line that was cut short is told to be lost, also where it could be ended at once', () => {
  const logs = onDisk(4);
  const log = join(scratch(), 'log');
  expect(() => logs.append(log, 'first\n')).toThrow(full);
  logs.append(log, 'second\n');
  expect(readFileSync(log, 'utf8')).toBe('firs\nsecond\n');
});

test('what ends with a whole line is appended to as it is; what does not, on a new one', () => {
  const log = join(scratch(), 'log');
  writeFileSync(log, 'first\n');
  onDisk().append(log, 'second\n');
  expect(readFileSync(log, 'utf8')).toBe('first\nsecond\n');
  appendFileSync(log, 'third');
  onDisk().append(log, 'fourth\n');
  expect(readFileSync(log, 'utf8')).toBe('first\nsecond\nthird\nfourth\n');
});
