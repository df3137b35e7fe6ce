import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createIds } from '../../../src/model/id.ts';
import type { DumpRecord } from '../../../src/storage/port/dump/records.ts';
import { Tally } from '../../../src/storage/port/dump/tally.ts';
import { redisMoveTarget } from '../../../src/storage/redis/move/target.ts';
import { linkTo } from '../../../src/storage/redis/store.ts';
import { createFakeClock } from '../../storage/contract/fake-clock.ts';
import { placeFor, recordsOf } from '../../storage/dump/engines.ts';
import { Actor } from '../../storage/dump/story.ts';
import { demand, missing, said, skips } from '../../lack.ts';
import { type Proxy, startProxy } from '../../storage/redis/proxy.ts';
import { startServer, type TestServer } from '../../storage/redis/server.ts';
import { makeRedisScene } from './redis-scene.ts';
import { tellLittle } from './scene.ts';

vi.setConfig({ testTimeout: 120_000 });

const lack = await missing('redis-server');
const durability = 'relaxed';

function tallyOf(records: readonly DumpRecord[]): unknown {
  const tally = new Tally();
  for (const record of records) tally.add(record);
  return tally.mailboxes();
}

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

  test('is no end of a loading, behind whichever it is', async (context) => {
    const deps = { clock: createFakeClock(), ids: createIds(), warn: () => undefined, patienceMs: 2000 };
    const source = await placeFor('memory', deps);
    await tellLittle(new Actor(await source.open(), deps.clock, deps.ids));
    const records = await recordsOf(await source.open());
    const known = tallyOf(records);
    let most = 1;
    for (let at = 1; at <= most; at++) {
      const place = { address: proxy.address, id: deps.ids.next(Date.now()), durability: 'relaxed' } as const;
      const target = redisMoveTarget(
        { link: linkTo(place, deps), warn: deps.warn },
        { to: place.address, how: {}, descriptor: {} },
      );
      context.onTestFinished(() => target.close?.());
      proxy.cut({ at, side: 'before its answer' });
      await target.takeOver?.();
      const loading = await target.load();
      for (const record of records) await loading.take(record);
      await loading.finish();
      await target.settled?.();
      most = Math.max(most, proxy.commands());
      proxy.cut(undefined);
      const there: DumpRecord[] = [];
      await target.dump(async (record) => void there.push(record));
      expect({ at, tally: tallyOf(there) }).toEqual({ at, tally: known });
    }
    expect(most).toBeGreaterThan(15);
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
    // All places take a minute: these lie in every part of a move.
    for (let at = 1; at <= most; at += 16) {
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
    expect(most).toBeGreaterThan(20);
  });
});
