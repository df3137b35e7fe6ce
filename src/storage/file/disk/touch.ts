import * as fs from 'node:fs';
import { appendFlags, fileMode } from './logs.ts';

export function touchFile(path: string, seconds: number): void {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  // The time of a file that has another name somewhere else is not this root's to set.
  if (stat?.isFile() && stat.nlink > 1) fs.unlinkSync(path);
  try {
    fs.lutimesSync(path, seconds, seconds);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    fs.closeSync(fs.openSync(path, appendFlags, fileMode));
    fs.lutimesSync(path, seconds, seconds);
  }
}

/** One call where there is none. @returns `false`: there is none, or it is not this root's alone */
export function refreshFile(path: string, seconds: number): boolean {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile() || stat.nlink > 1) return false;
  fs.lutimesSync(path, seconds, seconds);
  return true;
}
