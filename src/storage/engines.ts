/** Which storages there are: a root's format.json says which of them keeps its mail. */
import { DreamosError } from '../model/errors.ts';
import { findFileRoot, type FindOptions, type FoundRoot } from './file/find-root.ts';
import { type FileStoreDeps, openFileStore } from './file/open.ts';
import type { RestoredRoot, RestoreOptions } from './file/restore/restore.ts';
import type { Store } from './port/store.ts';

/** By the name in format.json; a new one comes in here. */
const engines = { files: openFileStore };

export type { FindOptions };
export type RootPlace = Omit<FoundRoot, 'engine'> & { readonly engine: keyof typeof engines };

/** @throws as findFileRoot, and FORMAT_UNKNOWN of an engine that is not known here */
export async function findRoot(options: FindOptions): Promise<RootPlace> {
  return known(await findFileRoot(options));
}

/** @throws as initFileStore, and FORMAT_UNKNOWN */
export async function initRootFolder(options: FindOptions): Promise<RootPlace & { readonly created: boolean }> {
  const { initFileStore } = await import('./file/make-root.ts');
  const { created, ...found } = await initFileStore(options);
  return { ...known(found), created };
}

/** @throws as restoreFileStore */
export async function restoreRootFolder(
  file: string,
  options: RestoreOptions,
): Promise<(Omit<RestoredRoot, 'engine'> & RootPlace) | undefined> {
  const { restoreFileStore } = await import('./file/restore/restore.ts');
  const restored = await restoreFileStore(file, options);
  return restored && { ...restored, ...known(restored) };
}

export function openStore({ path, engine }: RootPlace, deps: FileStoreDeps): Promise<Store> {
  return engines[engine](path, deps);
}

function known({ path, engine, ...found }: FoundRoot): RootPlace {
  if (Object.hasOwn(engines, engine)) return { ...found, path, engine: engine as keyof typeof engines };
  throw new DreamosError(
    'invalid',
    'FORMAT_UNKNOWN',
    `The root ${path} keeps its mail in "${engine}"; this dreamos knows ${Object.keys(engines).join(', ')}.`,
    { hint: 'Update dreamos: npm install -g dreamos@latest' },
  );
}
