import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { demand, missing, said, skips } from '../../lack.ts';
import { type Proxy, startProxy } from '../../storage/redis/proxy.ts';
import { startServer, type TestServer } from '../../storage/redis/server.ts';
import { makeRedisScene } from './redis-scene.ts';
import { tellLittle } from './scene.ts';

vi.setConfig({ testTimeout: 120_000 });

const lack = await missing('redis-server');
const durability = 'relaxed';

describe.skipIf(skips(lack))(said('a connection that is cut behind a command, before its answer', lack), () => {
  let server: TestServer;
  let proxy: Proxy;
  beforeAll(async () => {
    demand(lack);
    server = await startServer([]);
    proxy = await startProxy(server.socket, `${server.socket}.proxy`);
  });
  afterAll(async () => {
    await proxy.close();
    await server.close();
  });

  test('is no end of a move, on its way in, back out, or given back', async (context) => {
    const one = await makeRedisScene(tellLittle);
    context.onTestFinished(() => one.close());
    const before = await one.tally();
    const stop = (step: string): void => {
      if (step === 'loaded') throw new Error('stopped');
    };
    const ways = (at: number) => [
      () => one.move({ to: proxy.address, durability, onStep: stop }),
      () => one.move({ to: proxy.address, durability }),
      () => one.move({ to: `file:${join(one.dir, `not${at}`)}`, onStep: stop }),
      () => one.move({ to: `file:${join(one.dir, `back${at}`)}` }),
    ];
    const [given, moved] = ['stopped', 'moved'];
    let most = 1;
    for (let at = 1; at <= most; at++) {
      const ends: unknown[] = [];
      for (const way of ways(at)) {
        proxy.cut({ at, side: 'before its answer' });
        ends.push(await way().then((done) => done?.state, (error: Error) => error.message)); // prettier-ignore
        most = Math.max(most, proxy.commands());
        proxy.cut(undefined);
      }
      expect({ at, ends }).toEqual({ at, ends: [given, moved, given, moved] });
      expect({ at, tally: await one.tally() }).toEqual({ at, tally: before });
    }
    expect(most).toBeGreaterThan(30);
  });
});
