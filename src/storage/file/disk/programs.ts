import { readFileSync, readlinkSync } from 'node:fs';
import { kill } from 'node:process';
import { statFields } from '../../../model/basics/process-stat.ts';
import type { FileContext } from './context.ts';

/**
 * When a process of this machine began, in the kernel's words; `undefined`: there is none. Where there is no /proc, nothing
 * tells a number from the same one given again: then it is an empty text.
 */
export function startOf(pid: number): string | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  if (stat !== undefined) {
    const { begun, hasEnded } = statFields(stat);
    return hasEnded ? undefined : begun;
  }
  if (textOf('/proc/self/stat') !== undefined) return undefined;
  try {
    kill(pid, 0);
    return '';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? '' : undefined;
  }
}

/** Whether it is still the process that began then. */
export async function stillRuns(
  { disk }: FileContext,
  { pid, pidStart }: { readonly pid: number; readonly pidStart?: string | undefined },
): Promise<boolean> {
  const start = await disk.startOf(pid);
  // One that was over before it could be looked at has none.
  return start !== undefined && start === pidStart;
}

/** Processes of two spaces (containers) have numbers that mean nothing to each other; an empty text where there are none. */
export function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** @throws what is no sign that it is not there: without a free descriptor nobody may be taken for dead */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ESRCH' && code !== 'ENOTDIR') throw error;
    return undefined;
  }
}
