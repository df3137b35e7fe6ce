/** Which storages there are: a root's format.json says which of them keeps its mail. */
import type { Store } from './port/store.ts';
import { findFileRoot, type FindOptions, initFileStore } from './file/find-root.ts';
import { type FileStoreDeps, openFileStore } from './file/open.ts';

/** @throws as findFileRoot */
export function findRoot(options: FindOptions): Promise<string> {
  return findFileRoot(options);
}

/** @throws as initFileStore */
export function initRootFolder(options: FindOptions): Promise<{ path: string; created: boolean }> {
  return initFileStore(options);
}

export function openStore(path: string, deps: FileStoreDeps): Promise<Store> {
  return openFileStore(path, deps);
}
