/** A mover that is stopped for longer than its lock holds, while another one goes on with its move, or takes it back. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { watchedDisk } from '../../storage/file/disks.ts';
import { demand, missing, said, skips } from '../../lack.ts';
import { startServer, type TestServer, typed } from '../../storage/redis/server.ts';
import { refusal } from '../rig.ts';
import { makeRedisScene } from './redis-scene.ts';
import { tellLittle } from './scene.ts';

vi.setConfig({ testTimeout: 120_000 });

const lack = await missing('redis-server');
const durability = 'relaxed';

describe.skipIf(skips(lack))(said('a mover that was stopped', lack), () => {
  let server: TestServer;
  beforeAll(async () => {
    demand(lack);
    server = await startServer([]);
  });
  afterAll(() => server.close());

  for (const way of ['into', 'out of'] as const)
    for (const step of ['begun', 'frozen', 'loaded', 'compared'])
      for (const how of ['resume', 'abort'] as const)
        test(`behind "${step}" on its way ${way} a Redis changes nothing after ${how}`, async (context) => {
          const one = await makeRedisScene(tellLittle);
          context.onTestFinished(() => one.close());
          if (way === 'out of') await one.move({ to: server.address, durability });
          const before = await one.tally();
          const place: { readonly to: string; readonly durability?: 'relaxed' } =
            way === 'into' ? { to: server.address, durability } : { to: `file:${join(one.dir, 'back')}` };
          const stopped = one.moveOn(watchedDisk(), place, {
            step,
            meanwhile: async () => {
              await typed(
                server,
                `EVAL "for _,k in ipairs(redis.call('keys','*:lock:move')) do redis.call('del',k) end" 0`,
              );
              const ended = await one.moveOn(watchedDisk(), { how });
              expect(ended).toMatchObject({ state: how === 'resume' ? 'moved' : 'aborted' });
            },
          });
          expect((await refusal(stopped)).code).toMatch(/^(?:STATE_CHANGED|ROOT_MOVED)$/);
          expect(await one.tally()).toEqual(before);
          const store = await one.open();
          expect(store.engine ?? 'files').toBe((how === 'resume') === (way === 'into') ? 'redis' : 'files');
          const [sent] = await store.mail.send([{ message: one.actor.message(), mailboxes: ['bob'] }], { durability });
          expect(sent).toMatchObject({ mailboxes: ['bob'] });
        });
});
