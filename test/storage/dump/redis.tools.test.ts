import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { dayMs } from '../../../src/model/basics/limits.ts';
import { isoTime } from '../../../src/model/clock.ts';
import { createIds } from '../../../src/model/id.ts';
import { demand, missing, said, skips } from '../../lack.ts';
import { createFakeClock } from '../contract/fake-clock.ts';
import { startServer, type TestServer } from '../redis/server.ts';
import { type Engine, inProcess, loadAll, placeFor, recordsOf, useRedis } from './engines.ts';
import { historiesContract } from './histories.ts';
import { dumpContract } from './pairs.ts';
import { changeAgentIn } from '../contract/ways.ts';
import { Actor, policy } from './story.ts';

const lack = await missing('redis-server');
const all: readonly Engine[] = [...inProcess, 'redis'];

/** Somebody who works in a new root, and a place on the server for its dump. */
async function begun(from: Engine) {
  const clock = createFakeClock();
  const deps = { clock, ids: createIds() };
  const [source, target] = [await placeFor(from, deps), await placeFor('redis', deps)];
  onTestFinished(async () => {
    await source.remove();
    await target.remove();
  });
  await source.init();
  const actor = new Actor(await source.open(), clock, deps.ids);
  await actor.begin();
  return { clock, target, actor };
}

describe.skipIf(skips(lack))(said('dumps of and for a Redis server', lack), () => {
  let server: TestServer;
  beforeAll(async () => {
    demand(lack);
    server = await startServer([]);
    useRedis(server.address);
  });
  afterAll(() => server.close());

  test('a cursor stays good in another one, also behind events that were pruned', async () => {
    const { clock, target, actor } = await begun('redis');
    const { store } = actor;
    await actor.send();
    const early = await store.journal.cursor(['bob'], 'now');
    for (let i = 0; i < 20; i++) await actor.send();
    const late = await store.journal.cursor(['bob'], 'now');
    clock.advance(3 * dayMs);
    const fromDay = isoTime(clock.now()).slice(0, 10);
    for await (const tidied of store.upkeep?.pruneEvents('bob', { fromDay, dryRun: false }) ?? [])
      expect(tidied.count).toBe(1);
    const loaded = await loadAll(target, await recordsOf(store));
    expect(await loaded.journal.cursor(['bob'], 'now')).toBe(late);
    for (const of of [['bob'], undefined]) {
      const known = await store.journal.readEvents(of, early);
      expect(known).toMatchObject({ events: [], warnings: [expect.stringContaining('pruned')] });
      expect(await loaded.journal.readEvents(of, early)).toEqual(known);
      expect((await loaded.journal.readEvents(of, late)).warnings).toEqual([]);
    }
    const message = actor.message();
    await loaded.mail.send([{ message, mailboxes: ['bob'] }], { durability: 'full' });
    const { events } = await loaded.journal.readEvents(['bob'], late);
    expect(events.map(({ id }) => id)).toContain(message.id);
  });

  test.each(['files', 'redis'] as const)(
    'of %s, what was handed over is known by the name that its mailbox has now, and may be gone',
    async (from) => {
      const { clock, target, actor } = await begun(from);
      const { store } = actor;
      const handOver = async (to: string): Promise<string> => {
        const { id } = await actor.send({ to: ['bob'] });
        const [entry] = await store.look.find(id, 'bob');
        if (entry) await store.mail.handOver(entry, to, { by: 'bob' });
        return id;
      };
      const gone = await handOver('Cy');
      const receipt = (await actor.claim('Cy')) ?? '';
      await store.mail.nack(receipt, { policy, dead: true });
      const [dead] = await store.look.find(gone, 'Cy');
      if (dead) await store.mail.purge(dead, {});
      const kept = await handOver('ann');
      clock.advance(10);
      const until = isoTime(clock.now());
      await changeAgentIn(store, 'ann', (card) => ({
        ...{ name: 'ann', createdAt: until, ...card },
        formerNames: [{ name: 'ann', until }],
      }));
      expect(await store.documents.rename('ann', 'anna')).toBe('renamed');
      const records = await recordsOf(store);
      const recordIn = (told: typeof records): unknown =>
        told.find((record) => record.kind === 'entry' && record.id === kept && record.mailbox === 'anna');
      const loaded = await loadAll(target, records);
      expect(recordIn(records)).toMatchObject({ origin: expect.any(String) });
      expect(recordIn(await recordsOf(loaded))).toMatchObject({
        origin: (recordIn(records) as { origin: string }).origin,
      });
      expect(await loaded.look.find(gone)).toEqual([]);
    },
  );

  dumpContract(
    all.flatMap((from) => all.map((to) => ({ from, to }))).filter(({ from, to }) => [from, to].includes('redis')),
  );
  historiesContract([...inProcess.map((from) => ({ from, to: ['redis'] as const })), { from: 'redis', to: all }], 2);
});
