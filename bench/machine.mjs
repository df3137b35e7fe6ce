import { cpus, release, totalmem, type } from 'node:os';
import { readFileSync } from 'node:fs';

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
    return kind;
  } catch {
    return 'unknown';
  }
}
