/** The files that agents work on. They are nobody's here; only where they are is asked. */
import { basename, dirname, join } from 'node:path';
import { DreamosError } from '../../../../model/errors.ts';
import { placeInProject } from '../../names/layout.ts';
import type { Disk } from '../disk.ts';
import { nodeDisk } from '../node-disk.ts';

/** The folder of the project whose root this is; `undefined`: the root stands for itself. */
export function projectOf(root: string): string | undefined {
  const project = dirname(dirname(root));
  return join(project, placeInProject) === root ? project : undefined;
}

/**
 * Where a path leads to, with the links in it followed; what of it is not there yet is left as it stands.
 * @param path absolute @throws DISK_FAILED: links lead in a circle, or a folder is closed to us
 */
export async function whereIs(path: string, disk: Disk = nodeDisk()): Promise<string> {
  try {
    return await disk.realPath(path);
  } catch (error) {
    if (!(error instanceof DreamosError) || !isMissing(error.cause)) throw error;
    return join(await whereIs(dirname(path), disk), basename(path));
  }
}

/** @param path as `whereIs` has it @returns `undefined`: it is not there */
export async function isFile(path: string, disk: Disk = nodeDisk()): Promise<boolean | undefined> {
  const found = await disk.stat(path);
  return found && found.kind !== 'directory';
}

function isMissing(cause: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
}
