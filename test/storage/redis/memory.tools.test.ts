import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { dayMs } from '../../../src/model/basics/limits.ts';
import { isoTime, systemClock } from '../../../src/model/clock.ts';
import type { Outgoing } from '../../../src/storage/port/mail.ts';
import { demand, missing, said, skips } from '../../lack.ts';
import { mail, makeRoot } from './rig.ts';
import { startServer, type TestServer, typed } from './server.ts';

const lack = await missing('redis-server');
const count = 20_000;
const bytes = 1024;

async function usedMemory(server: TestServer): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await typed(server, 'INFO memory'))?.[1]);
}

const words =
  'the build of branch main has failed since test in file was changed please review and merge it when lint is done 42 src/core/send.ts error: expected undefined to equal message'.split(
    ' ',
  );

/** Text as an agent writes it: words, no two bodies the same. */
function bodyOf(n: number): string {
  let text = `${n} `;
  for (let i = n * 7919 + 1; text.length < bytes; i = (i * 16807) % 2147483647) text += `${words[i % words.length]} `;
  return text.slice(0, bytes);
}

describe.skipIf(skips(lack))(said('what a Redis server needs for mail', lack), () => {
  let server: TestServer;
  beforeAll(async () => {
    demand(lack);
    // Not what is meant here, and slow.
    server = await startServer(['--appendonly', 'no']);
  });
  afterEach(() => server.close());

  test('is at most 2.5 KB of memory for a ready message of 1 KiB, and packed a fraction of it', async () => {
    const root = await makeRoot(server.address, { durability: 'relaxed' });
    const store = await root.open();
    const before = await usedMemory(server);
    for (let i = 0; i < count; i += 1000) {
      const some = Array.from({ length: 1000 }, (_, j): Outgoing => {
        const message = mail({ body: bodyOf(i + j), subject: `Number ${i + j}` });
        return { message, mailboxes: ['bob'] };
      });
      await store.mail.send(some, { durability: 'relaxed' });
    }
    const ready = ((await usedMemory(server)) - before) / count;
    expect(ready).toBeGreaterThan(bytes);
    expect(ready).toBeLessThan(2560);

    const old = systemClock.now() - 3 * dayMs;
    const start = await usedMemory(server);
    const kept = count / 10;
    for (let i = 0; i < kept; i++)
      await store.mail.deposit('ann', mail({ to: ['ann'], body: bodyOf(i) }), 'archived', { at: old + i });
    const archived = ((await usedMemory(server)) - start) / kept;
    const day = isoTime(systemClock.now()).slice(0, 10);
    const packed = [];
    for await (const one of store.upkeep!.packArchive('ann', { beforeDay: day, dryRun: false })) packed.push(one);
    const after = ((await usedMemory(server)) - start) / kept;
    expect(packed.reduce((sum, one) => sum + one.count, 0)).toBe(kept);
    expect(after).toBeLessThan(archived * 0.6);
    let read = 0;
    for await (const entry of store.look.listArchived('ann', {}))
      if (read < 5) expect((await store.look.read(entry))?.body).toBe(bodyOf(read++));
    console.log(
      `a ready message ${Math.round(ready)} B, archived ${Math.round(archived)} B, packed ${Math.round(after)} B`,
    );
    await root.close();
  }, 60_000);
});
