/** What the system says, wrapped once, with the path and what to do. */
import { DreamosError } from '../../../model/errors.ts';

export function attempt<T, V>(path: string, doing: string, work: () => T, expected: Record<string, V> = {}): T | V {
  try {
    return work();
  } catch (error) {
    return expectedOf(error, path, doing, expected);
  }
}

export function expectedOf<V>(error: unknown, path: string, doing: string, expected: Record<string, V>): V {
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== undefined && Object.hasOwn(expected, code)) return expected[code] as V;
  throw diskError(error, path, doing);
}

export function diskError(error: unknown, path: string, doing: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  // Not from the system but from a bug, or from the caller's own work.
  if (code === undefined || error instanceof DreamosError) return error;
  return new DreamosError('disk', 'DISK_FAILED', `Could not ${doing} ${path}: ${advice[code]?.[0] ?? ''}${code}.`, {
    hint: advice[code]?.[1].replace('PATH', () => path) ?? 'Run `dreamos doctor`.',
    cause: error,
  });
}

const advice: Record<string, [what: string, next: string]> = {
  ENOSPC: ['no space or no inodes are left on the device, ', 'Free some space, then try again: `df -h; df -i`.'],
  EDQUOT: ['your disk quota is used up, ', 'Free some space, then try again.'],
  EACCES: ['permission denied, ', 'Look at whose it is and at its mode: `ls -ld PATH`.'],
  EPERM: ['operation not permitted, ', 'Look at whose it is and at its mode: `ls -ld PATH`.'],
  EROFS: ['the file system is read-only, ', 'Use a root on a file system that can be written: `root` or DREAMOS_ROOT.'],
  EMFILE: ['too many open files in this process, ', 'Raise the limit: `ulimit -n`.'],
  ELOOP: ['it is a symbolic link, and dreamos follows none, ', 'Move it out of the root by hand: `ls -l`.'],
  ELOCKED: ['another process holds it, ', 'Try again in a moment.'],
};
