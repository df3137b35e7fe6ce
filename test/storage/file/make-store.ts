import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskOnTime } from './disks.ts';
import { openFileStore } from '../../../src/storage/file/open.ts';
import { madeBy, type MakeStore } from '../contract/rig.ts';
import { initFileStore } from '../../../src/storage/file/make-root.ts';

/** For the contract suite: a root in a folder of its own. */
export const makeFileStore: MakeStore = async (deps) => {
  const folder = await mkdtemp(join(tmpdir(), 'dreamos-contract-'));
  const { path } = await initFileStore({ root: folder, cwd: folder, env: {} });
  const disk = diskOnTime(deps.clock);
  const made = await madeBy(() =>
    openFileStore(path, {
      ...deps,
      disk,
      warn: (message) => {
        // That is how a storage with warnings says it.
        if (!message.includes('gets no notice')) throw new Error(`A store in order warned: ${message}`);
      },
    }),
  );
  return {
    ...made,
    close: async () => {
      await made.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
