import { cpus, release, totalmem, type } from 'node:os';
import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename } from 'node:path';

/** What the figures hold for. */
export function describeMachine(folder) {
  return {
    cpu: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()}`,
    disk: fileSystemOf(folder),
    node: process.version,
  };
}

function fileSystemOf(folder) {
  try {
    const mounts = readFileSync('/proc/self/mounts', 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    const holds = ([, point]) => folder === point || folder.startsWith(point.endsWith('/') ? point : `${point}/`);
    const [, , kind] = mounts
      .filter(holds)
      .sort((a, b) => a[1].length - b[1].length)
      .at(-1);
    return kind === 'ext4' && hasJournal(folder) === false ? 'ext4 without a journal' : kind;
  } catch {
    return 'unknown';
  }
}

/** It decides what an fsync does. @returns `undefined` where that cannot be seen */
function hasJournal(folder) {
  try {
    const { dev } = statSync(folder, { bigint: true });
    const [major, minor] = [(dev >> 8n) & 0xfffn, (dev & 0xffn) | ((dev >> 12n) & 0xfff00n)];
    const device = basename(readlinkSync(`/sys/dev/block/${major}:${minor}`));
    return readdirSync('/proc/fs/jbd2').some((name) => name.startsWith(`${device}-`));
  } catch {
    return undefined;
  }
}
