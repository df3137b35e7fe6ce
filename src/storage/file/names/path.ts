import { dirname } from 'node:path';

/** Paths put together and taken apart, whatever the names in them mean. */

/** The most that a name may have; one in outbox/ has it. */
export const longestName = 255;

export function pathIn(folder: string, name: string): string {
  return `${folder}/${name}`;
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function folderOf(path: string): string {
  return dirname(path);
}

/** Whether a path is that folder's, or lies in it. */
export function isIn(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** What of a path lies below a folder that it is in. */
export function pathBelow(folder: string, path: string): string {
  return path.slice(folder.length + 1);
}
