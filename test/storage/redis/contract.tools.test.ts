import { afterAll, beforeAll, describe } from 'vitest';
import { createIds } from '../../../src/model/id.ts';
import { redisStore } from '../../../src/storage/redis/store.ts';
import { initRedisStore } from '../../../src/storage/redis/open.ts';
import { demand, type Lack, missing, notHere, said, skips } from '../../lack.ts';
import { storeContract } from '../contract/contract.ts';
import { madeBy, type MakeStore } from '../contract/rig.ts';
import { durable, startServer, type TestServer } from './server.ts';

// Debian 12 has no package of it.
const noValkey = (await missing('valkey-server')) && notHere('valkey-server is not installed');
const ids = createIds();

contractOn('Redis', undefined, await missing('redis-server'));
contractOn('Valkey', 'valkey-server', noValkey);

function contractOn(name: string, program: string | undefined, lack: Lack | undefined): void {
  describe.skipIf(skips(lack))(said(`a storage on a ${name} server`, lack), () => {
    let server: TestServer;
    beforeAll(async () => {
      demand(lack);
      server = await startServer(durable, [], program);
    });
    afterAll(() => server.close());

    /** A root of its own for each store. */
    const makeStore =
      (isGivenTime: boolean): MakeStore =>
      async (deps) => {
        const all = { ...deps, warn: () => undefined, patienceMs: 2000, isGivenTime };
        const place = { address: server.address, id: ids.next(Date.now()) };
        await initRedisStore(place, all);
        return madeBy(() => redisStore(place, all));
      };

    storeContract(`mail in ${name}`, makeStore(true));
    storeContract(`mail in ${name}, by the server's own clock`, makeStore(false), 'real');
  });
}
