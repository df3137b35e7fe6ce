import { readFileSync } from 'node:fs';
import { kill } from 'node:process';
import { statFields } from '../../../model/basics/process-stat.ts';

/**
 * When a process of this machine began, in the kernel's words; `undefined`: there is none. Where there is no /proc, nothing
 * tells a number from the same one given again: then it is an empty text.
 */
export function startOf(pid: number): string | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  if (stat !== undefined) return statFields(stat).begun;
  if (textOf('/proc/self/stat') !== undefined) return undefined;
  try {
    kill(pid, 0);
    return '';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? '' : undefined;
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
