import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { demand, missing, said, skips } from '../../lack.ts';
import { startServer, type TestServer } from '../../storage/redis/server.ts';
import { killAndGoOn } from './redis-kills.ts';

vi.setConfig({ testTimeout: 1_800_000 });

const lack = await missing('redis-server');

describe.skipIf(skips(lack))(said('a move between files and a Redis', lack), () => {
  let server: TestServer;
  beforeAll(async () => {
    demand(lack);
    server = await startServer([]);
  });
  afterAll(() => server.close());

  for (const way of ['into', 'out of', 'across'] as const)
    for (const how of ['resume', 'abort'] as const)
      test(`killed anywhere on its way ${way} it, is ${how === 'resume' ? 'gone on with' : 'taken back'}`, async () => {
        let n = 1;
        while (await killAndGoOn(server, way, how, n)) n++;
        expect(n).toBeGreaterThan(30);
      });
});
