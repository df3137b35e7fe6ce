/** @param cwd the process's @returns `undefined`: somebody has removed it, which the system calls ENOENT */
export function currentFolder(cwd: () => string): string | undefined {
  try {
    return cwd();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}
