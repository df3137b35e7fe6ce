import { watch } from 'node:fs';

/**
 * Node's own watch of one folder (inotify).
 * @param changed `rename`: a name in it came or went; `change`: what is behind one changed @returns what ends it
 * @throws ENOENT, ENOSPC: no watches are left, EMFILE
 */
export function watchFolder(
  dir: string,
  changed: (kind: string) => void,
  failed: (error: unknown) => void,
): () => void {
  const watcher = watch(dir, changed);
  watcher.on('error', failed);
  return () => watcher.close();
}
