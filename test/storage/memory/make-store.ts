import { createMail } from '../../../src/storage/memory/mail.ts';
import { createMemoryStore } from '../../../src/storage/memory/store.ts';
import type { MakeStore } from '../contract/rig.ts';

/** For the contract suite. */
export const makeMemoryStore: MakeStore = async (deps) => {
  const mail = createMail();
  return {
    store: createMemoryStore(deps, mail),
    another: async () => createMemoryStore(deps, mail),
    close: async () => undefined,
  };
};
