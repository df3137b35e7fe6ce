import { expect, test } from 'vitest';
import { Bench, leaseMs, type MakeStore, policy } from './bench.ts';
import { states } from '../../../src/model/state.ts';
import { newToken } from './ways.ts';

export function lookingRules(makeStore: MakeStore): void {
  const bench = new Bench(makeStore);

  /** One message in each state, named after it; two are ready. */
  const fill = async (): Promise<void> => {
    await bench.send({ body: 'archived' });
    await bench.send({ body: 'dead' });
    await bench.send({ body: 'inflight' });
    await bench.store.mail.ack((await bench.mustClaim()).receipt, {});
    await bench.store.mail.nack((await bench.mustClaim()).receipt, { policy, dead: true });
    await bench.mustClaim();
    await bench.send({ body: 'delayed' }, { dueAt: bench.clock.now() + 1000 });
    await bench.send({ body: 'ready' });
    bench.clock.advance(10);
    await bench.send({ body: 'ready' });
  };

  test('each message is in exactly one state, and can be read in each', async () => {
    await fill();
    for (const state of states) {
      const entries = await bench.entries(state);
      expect(entries.map((entry) => entry.state)).toEqual(state === 'ready' ? ['ready', 'ready'] : [state]);
      for (const entry of entries) expect((await bench.store.look.read(entry))?.body).toBe(state);
    }
  });

  test('counts say how much is where, since when the oldest waits and when somebody last read', async () => {
    const start = bench.clock.now();
    await fill();
    expect(await bench.store.look.counts('bob')).toMatchObject({
      ready: 2,
      inflight: 1,
      delayed: 1,
      dead: 1,
      archived: 1,
      corrupt: 0,
      oldestReadyAt: start,
    });
    expect(await bench.store.look.counts('Cy')).toEqual({
      ready: 0,
      inflight: 0,
      delayed: 0,
      dead: 0,
      archived: 0,
      corrupt: 0,
    });
  });

  test('the oldest ready message is the one sent first, whatever its priority', async () => {
    const start = bench.clock.now();
    await bench.send({ priority: 'low' });
    bench.clock.advance(60_000);
    await bench.send({ priority: 'urgent' });
    expect((await bench.store.look.counts('bob')).oldestReadyAt).toBe(start);
  });

  test('looking claims and finishes nothing, and tells no event', async () => {
    await fill();
    const { lastReadAt: _, ...before } = await bench.store.look.counts('bob');
    const cursor = await bench.store.journal.cursor(['bob'], 'now');
    for (const state of states) for (const entry of await bench.entries(state)) await bench.store.look.read(entry);
    const { lastReadAt: __, ...after } = await bench.store.look.counts('bob');
    expect(after).toEqual(before);
    expect(await bench.events(['bob'], cursor)).toEqual([]);
  });

  test('ready is listed in delivery order', async () => {
    for (const [body, priority] of [
      ['3', 'normal'],
      ['4', 'low'],
      ['2', 'high'],
      ['1', 'urgent'],
    ] as const)
      await bench.send({ body, priority });
    await bench.send({ body: 'back', priority: 'high', tags: ['back'] });
    const back = await bench.mustClaim({ filter: { tag: 'back' } });
    await bench.store.mail.nack(back.receipt, { policy, delayMs: 0 });
    const listed = await Promise.all(
      (await bench.entries('ready')).map(async (entry) => (await bench.store.look.read(entry))?.body),
    );
    expect(listed).toEqual(['1', 'back', '2', '3', '4']);
    expect(await bench.drain()).toEqual(listed);
  });

  test('delayed and inflight are listed by their time', async () => {
    for (const ms of [3000, 1000, 50_000, 2000]) await bench.send({}, { dueAt: bench.clock.now() + ms });
    const dueAt = (await bench.entries('delayed')).map((entry) => (entry.dueAt ?? 0) - bench.clock.now());
    expect(dueAt).toEqual([1000, 2000, 3000, 50_000]);
    for (const ms of [3000, 1000, 50_000, 2000]) {
      await bench.send();
      await bench.mustClaim({ leaseMs: ms });
    }
    const leaseUntil = (await bench.entries('inflight')).map((entry) => (entry.leaseUntil ?? 0) - bench.clock.now());
    expect(leaseUntil).toEqual([1000, 2000, 3000, 50_000]);
  });

  test('archived and dead are listed with the newest first', async () => {
    const ids = { archived: [] as string[], dead: [] as string[] };
    for (let i = 0; i < 6; i++) {
      const { id } = await bench.send();
      const { receipt } = await bench.mustClaim();
      if (i % 2 === 0) await bench.store.mail.ack(receipt, {});
      else await bench.store.mail.nack(receipt, { policy, dead: true });
      ids[i % 2 === 0 ? 'archived' : 'dead'].unshift(id);
      bench.clock.advance(13 * 3_600_000);
    }
    expect((await bench.entries('archived')).map(({ id }) => id)).toEqual(ids.archived);
    expect((await bench.entries('dead')).map(({ id }) => id)).toEqual(ids.dead);
  });

  test('a message is found by its id in each state and mailbox, or in one mailbox', async () => {
    const { id } = await bench.send({ to: ['bob', 'Cy'] });
    const where = async (): Promise<string[]> =>
      (await bench.store.look.find(id)).map(({ mailbox, state }) => `${mailbox} ${state}`).sort();
    expect(await where()).toEqual(['Cy ready', 'bob ready']);
    const { receipt } = await bench.mustClaim();
    expect(await where()).toEqual(['Cy ready', 'bob inflight']);
    await bench.store.mail.nack(receipt, { policy, delayMs: 1000 });
    expect(await where()).toEqual(['Cy ready', 'bob delayed']);
    bench.clock.advance(1000);
    await bench.recover();
    await bench.store.mail.nack((await bench.mustClaim()).receipt, { policy, dead: true });
    expect(await where()).toEqual(['Cy ready', 'bob dead']);
    await bench.store.mail.ack(
      (await bench.store.mail.claim('Cy', { token: newToken(), leaseMs, policy }))?.receipt ?? '',
      {},
    );
    expect(await where()).toEqual(['Cy archived', 'bob dead']);
    expect(await bench.store.look.find(id, 'Cy')).toMatchObject([{ mailbox: 'Cy', id }]);
    expect(await bench.store.look.find(id, 'ann')).toEqual([]);
    expect(await bench.store.look.find('01JD0000000000000000000000')).toEqual([]);
  });

  test('an entry that has moved on reads as nothing', async () => {
    await bench.send();
    const before = await bench.only('ready');
    await bench.mustClaim();
    expect(await bench.store.look.read(before)).toBeUndefined();
  });

  test('bytes that nobody can read are kept once, counted and told, and delivered to nobody', async () => {
    const bytes = Buffer.from('{"broken');
    for (const name of ['a.json', 'b.json'])
      await bench.store.mail.quarantine('bob', bytes, { name, why: 'it is not JSON' });
    expect(await bench.store.look.counts('bob')).toMatchObject({ corrupt: 1, ready: 0 });
    expect(await bench.events()).toMatchObject([{ event: 'corrupt', mailbox: 'bob', reason: 'it is not JSON' }]);
    await bench.store.mail.quarantine('bob', Buffer.from('other'), { name: 'a.json', why: 'it is not JSON' });
    await bench.store.mail.quarantine('Cy', bytes, { name: 'a.json', why: 'it is not JSON' });
    expect((await bench.store.look.counts('bob')).corrupt).toBe(2);
    expect((await bench.store.look.counts('Cy')).corrupt).toBe(1);
    expect(await bench.claim()).toBeUndefined();
  });

  test('a reader who changes what he was given changes nothing for the next', async () => {
    await bench.send({ data: { n: 1 }, tags: ['a'] });
    const entry = await bench.only('ready');
    const mine = await bench.store.look.read(entry);
    mine?.tags.push('b');
    expect((await bench.store.look.read(entry))?.tags).toEqual(['a']);
  });

  test('a store in order has no problems, and inspecting it changes nothing', async () => {
    await fill();
    const { lastReadAt: _, ...before } = await bench.store.look.counts('bob');
    const problems: string[] = [];
    for await (const finding of bench.store.upkeep!.inspect({ fix: false, policies: new Map(), policy })) {
      if (finding.level === 'problem') problems.push(finding.message);
    }
    expect(problems).toEqual([]);
    expect(await bench.store.look.counts('bob')).toMatchObject(before);
  });

  test("an entry's key is no other entry's of its mailbox, and another one after each change of state", async () => {
    await fill();
    await bench.send({ to: ['ann', 'bob'] });
    const keys: string[] = [];
    for (const state of states) for (const { key } of await bench.entries(state)) keys.push(key);
    expect(new Set(keys).size).toBe(keys.length);
    const [ready] = await bench.entries('ready');
    const { receipt } = await bench.mustClaim();
    const { key } = (await bench.store.look.find(ready?.id ?? '', 'bob'))[0] ?? {};
    expect(key).not.toBe(ready?.key);
    await bench.store.mail.ack(receipt, {});
  });

  test('what is found in several mailboxes comes in the order of their names', async () => {
    const { id } = await bench.send({ to: ['bob', 'Cy', 'ann'] });
    expect((await bench.store.look.find(id)).map(({ mailbox }) => mailbox)).toEqual(['Cy', 'ann', 'bob']);
  });
}
