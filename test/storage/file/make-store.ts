import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import type { MakeStore } from '../contract/rig.ts';
import { initFileStore } from '../../../src/storage/file/find-root.ts';

/** For the contract suite: a root in a folder of its own. */
export const makeFileStore: MakeStore = async (deps) => {
  const folder = await mkdtemp(join(tmpdir(), 'dreamos-contract-'));
  const { path } = await initFileStore({ root: folder, cwd: folder, env: {} });
  const opened: Store[] = [];
  // Files have the time of the machine. Here it is the suite's.
  const real = nodeDisk();
  const create: typeof real.create = async (file, bytes, options) => {
    const made = await real.create(file, bytes, options);
    if (made) await utimes(file, new Date(), new Date(deps.clock.now()));
    return made;
  };
  const disk = { ...real, create };
  const open = async (): Promise<Store> => {
    const store = await openFileStore(path, {
      ...deps,
      disk,
      warn: (message) => {
        throw new Error(`A store in order warned: ${message}`);
      },
    });
    opened.push(store);
    return store;
  };
  return {
    store: await open(),
    another: open,
    close: async () => {
      for (const store of opened) await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
