import { afterAll, beforeAll, describe } from 'vitest';
import { demand, missing, said, skips } from '../../lack.ts';
import { startServer, type TestServer } from '../redis/server.ts';
import { type Engine, inProcess, useRedis } from './engines.ts';
import { historiesContract } from './histories.ts';
import { dumpContract } from './pairs.ts';

const lack = await missing('redis-server');
const all: readonly Engine[] = [...inProcess, 'redis'];

describe.skipIf(skips(lack))(said('dumps of and for a Redis server', lack), () => {
  let server: TestServer;
  beforeAll(async () => {
    demand(lack);
    server = await startServer([]);
    useRedis(server.address);
  });
  afterAll(() => server.close());

  dumpContract(
    all.flatMap((from) => all.map((to) => ({ from, to }))).filter(({ from, to }) => [from, to].includes('redis')),
  );
  historiesContract([...inProcess.map((from) => ({ from, to: ['redis'] as const })), { from: 'redis', to: all }], 2);
});
