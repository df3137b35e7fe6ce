import { createMail } from '../../../src/storage/memory/mail.ts';
import { createMemoryStore } from '../../../src/storage/memory/store.ts';
import { storeContract } from '../contract/contract.ts';

storeContract('mail in memory', async (deps) => {
  const mail = createMail();
  return {
    store: createMemoryStore(deps, mail),
    another: async () => createMemoryStore(deps, mail),
    close: async () => undefined,
  };
});
