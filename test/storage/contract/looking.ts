import { expect } from 'vitest';
import { briefMs, leaseMs, policy, type Rig } from './rig.ts';
import { type State, states } from '../../../src/model/state.ts';
import type { Entry, ListFrom } from '../../../src/storage/port/look.ts';
import { newToken } from './ways.ts';

export function lookingRules(rig: Rig): void {
  const { test, onStillClock } = rig;

  /** One message in each state, named after it; two are ready. */
  const fill = async (): Promise<void> => {
    await rig.send({ body: 'archived' });
    await rig.send({ body: 'dead' });
    await rig.send({ body: 'inflight' });
    await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true });
    await rig.mustClaim();
    await rig.send({ body: 'delayed' }, { dueAt: rig.now() + 60_000 });
    await rig.send({ body: 'ready' });
    await rig.pass(10);
    await rig.send({ body: 'ready' });
  };

  test('each message is in exactly one state, and can be read in each', async () => {
    await fill();
    for (const state of states) {
      const entries = await rig.entries(state);
      expect(entries.map((entry) => entry.state)).toEqual(state === 'ready' ? ['ready', 'ready'] : [state]);
      for (const entry of entries) expect((await rig.store.look.read(entry))?.body).toBe(state);
    }
  });

  test('counts say how much is where, since when the oldest waits and when somebody last read', async () => {
    const start = rig.now();
    await fill();
    expect(await rig.store.look.counts('bob')).toMatchObject({
      ready: 2,
      inflight: 1,
      delayed: 1,
      dead: 1,
      archived: 1,
      corrupt: 0,
      oldestReadyAt: rig.around(start),
    });
    expect(await rig.store.look.counts('Cy')).toEqual({
      ready: 0,
      inflight: 0,
      delayed: 0,
      dead: 0,
      archived: 0,
      corrupt: 0,
    });
  });

  test('who claimed what is known by its attempt, and of a claim that nobody made nothing', async () => {
    const { id } = await rig.send();
    const other = (await rig.send({ body: 'other' })).id;
    const first = await rig.mustClaim({ by: 'worker-1' });
    await rig.store.mail.nack(first.receipt, { policy, delayMs: 0 });
    const second = await rig.mustClaim({ by: 'worker-2' });
    await rig.store.mail.renew(second.receipt, { leaseMs, by: 'worker-2' });
    const { journal } = rig.store;
    const told = async (attempts: [string, number][]) =>
      [...(await journal.claims('bob', new Map(attempts))).values()].map((event) => `${event.id} ${event.by}`);
    expect(
      await told([
        [id, 2],
        [other, 1],
      ]),
    ).toEqual([`${id} worker-2`]);
    expect(await told([[id, 1]])).toEqual([`${id} worker-1`]);
    expect(await told([[id, 3]])).toEqual([]);
    expect(await told([])).toEqual([]);
    expect(await journal.claims('Cy', new Map([[id, 2]]))).toEqual(new Map());
  });

  test('the oldest ready message is the one sent first, whatever its priority', async () => {
    const start = rig.now();
    await rig.send({ priority: 'low' });
    const sent = rig.now();
    await rig.pass(briefMs);
    await rig.send({ priority: 'urgent' });
    const { oldestReadyAt } = await rig.store.look.counts('bob');
    expect(oldestReadyAt).toBeGreaterThanOrEqual(start);
    expect(oldestReadyAt).toBeLessThanOrEqual(sent);
  });

  test('looking claims and finishes nothing, and tells no event', async () => {
    await fill();
    const { lastReadAt: _, ...before } = await rig.store.look.counts('bob');
    const cursor = await rig.store.journal.cursor(['bob'], 'now');
    for (const state of states) for (const entry of await rig.entries(state)) await rig.store.look.read(entry);
    const { lastReadAt: __, ...after } = await rig.store.look.counts('bob');
    expect(after).toEqual(before);
    expect(await rig.events(['bob'], cursor)).toEqual([]);
  });

  test('ready is listed in delivery order', async () => {
    for (const [body, priority] of [
      ['3', 'normal'],
      ['4', 'low'],
      ['2', 'high'],
      ['1', 'urgent'],
    ] as const)
      await rig.send({ body, priority });
    await rig.send({ body: 'back', priority: 'high', tags: ['back'] });
    const back = await rig.mustClaim({ filter: { tag: 'back' } });
    await rig.store.mail.nack(back.receipt, { policy, delayMs: 0 });
    const listed = await Promise.all(
      (await rig.entries('ready')).map(async (entry) => (await rig.store.look.read(entry))?.body),
    );
    expect(listed).toEqual(['1', 'back', '2', '3', '4']);
    expect(await rig.drain()).toEqual(listed);
  });

  test('delayed and inflight are listed by their time', async () => {
    const now = rig.now();
    for (const ms of [30_000, 10_000, 500_000, 20_000]) await rig.send({}, { dueAt: now + ms });
    const dueAt = (await rig.entries('delayed')).map((entry) => (entry.dueAt ?? 0) - now);
    expect(dueAt).toEqual([10_000, 20_000, 30_000, 500_000]);
    for (const ms of [30_000, 10_000, 500_000, 20_000]) {
      await rig.send();
      await rig.mustClaim({ leaseMs: ms });
    }
    const leaseUntil = (await rig.entries('inflight')).map((entry) => (entry.leaseUntil ?? 0) - now);
    expect(leaseUntil).toEqual([10_000, 20_000, 30_000, 500_000].map((ms) => rig.around(ms)));
  });

  onStillClock('archived and dead are listed with the newest first', async () => {
    const ids = { archived: [] as string[], dead: [] as string[] };
    for (let i = 0; i < 6; i++) {
      const { id } = await rig.send();
      const { receipt } = await rig.mustClaim();
      if (i % 2 === 0) await rig.store.mail.ack(receipt, {});
      else await rig.store.mail.nack(receipt, { policy, dead: true });
      ids[i % 2 === 0 ? 'archived' : 'dead'].unshift(id);
      await rig.pass(13 * 3_600_000);
    }
    expect((await rig.entries('archived')).map(({ id }) => id)).toEqual(ids.archived);
    expect((await rig.entries('dead')).map(({ id }) => id)).toEqual(ids.dead);
  });

  test('a message is found by its id in each state and mailbox, or in one mailbox', async () => {
    const { id } = await rig.send({ to: ['bob', 'Cy'] });
    const where = async (): Promise<string[]> =>
      (await rig.store.look.find(id)).map(({ mailbox, state }) => `${mailbox} ${state}`).sort();
    expect(await where()).toEqual(['Cy ready', 'bob ready']);
    const { receipt } = await rig.mustClaim();
    expect(await where()).toEqual(['Cy ready', 'bob inflight']);
    await rig.store.mail.nack(receipt, { policy, delayMs: 1000 });
    expect(await where()).toEqual(['Cy ready', 'bob delayed']);
    await rig.pass(1000);
    await rig.recover();
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true });
    expect(await where()).toEqual(['Cy ready', 'bob dead']);
    await rig.store.mail.ack(
      (await rig.store.mail.claim('Cy', { token: newToken(), leaseMs, policy }))?.receipt ?? '',
      {},
    );
    expect(await where()).toEqual(['Cy archived', 'bob dead']);
    expect(await rig.store.look.find(id, 'Cy')).toMatchObject([{ mailbox: 'Cy', id }]);
    expect(await rig.store.look.find(id, 'ann')).toEqual([]);
    expect(await rig.store.look.find('01JD0000000000000000000000')).toEqual([]);
  });

  test('an entry that has moved on reads as nothing', async () => {
    await rig.send();
    const before = await rig.only('ready');
    await rig.mustClaim();
    expect(await rig.store.look.read(before)).toBeUndefined();
  });

  test('bytes that nobody can read are kept once, counted and told, and delivered to nobody', async () => {
    const bytes = Buffer.from('{"broken');
    for (const name of ['a.json', 'b.json'])
      await rig.store.mail.quarantine('bob', bytes, { name, why: 'it is not JSON' });
    expect(await rig.store.look.counts('bob')).toMatchObject({ corrupt: 1, ready: 0 });
    expect(await rig.events()).toMatchObject([{ event: 'corrupt', mailbox: 'bob', reason: 'it is not JSON' }]);
    await rig.store.mail.quarantine('bob', Buffer.from('other'), { name: 'a.json', why: 'it is not JSON' });
    await rig.store.mail.quarantine('Cy', bytes, { name: 'a.json', why: 'it is not JSON' });
    expect((await rig.store.look.counts('bob')).corrupt).toBe(2);
    expect((await rig.store.look.counts('Cy')).corrupt).toBe(1);
    expect(await rig.claim()).toBeUndefined();
  });

  test('a reader who changes what he was given changes nothing for the next', async () => {
    await rig.send({ data: { n: 1 }, tags: ['a'] });
    const entry = await rig.only('ready');
    const mine = await rig.store.look.read(entry);
    mine?.tags.push('b');
    expect((await rig.store.look.read(entry))?.tags).toEqual(['a']);
  });

  test('a store in order has no problems, and inspecting it changes nothing', async () => {
    await fill();
    const { lastReadAt: _, ...before } = await rig.store.look.counts('bob');
    const problems: string[] = [];
    for await (const finding of rig.store.upkeep!.inspect({ fix: false, policies: new Map(), policy })) {
      if (finding.level === 'problem') problems.push(finding.message);
    }
    expect(problems).toEqual([]);
    expect(await rig.store.look.counts('bob')).toMatchObject(before);
  });

  test("an entry's key is no other entry's of its mailbox, and another one after each change of state", async () => {
    await fill();
    await rig.send({ to: ['ann', 'bob'] });
    const keys: string[] = [];
    for (const state of states) for (const { key } of await rig.entries(state)) keys.push(key);
    expect(new Set(keys).size).toBe(keys.length);
    const [ready] = await rig.entries('ready');
    const { receipt } = await rig.mustClaim();
    const { key } = (await rig.store.look.find(ready?.id ?? '', 'bob'))[0] ?? {};
    expect(key).not.toBe(ready?.key);
    await rig.store.mail.ack(receipt, {});
  });

  test('what is found in several mailboxes comes in the order of their names', async () => {
    const { id } = await rig.send({ to: ['bob', 'Cy', 'ann'] });
    expect((await rig.store.look.find(id)).map(({ mailbox }) => mailbox)).toEqual(['Cy', 'ann', 'bob']);
  });

  /** Several in one state, in the order of its list, and what takes one out of it. */
  const several: Record<State, () => Promise<(entry: Entry) => Promise<unknown>>> = {
    ready: async () => {
      for (const priority of ['normal', 'low', 'urgent', 'normal'] as const) await rig.send({ priority });
      // What comes back lies in a lane of its own.
      await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, delayMs: 0 });
      await rig.recover();
      await rig.send();
      return (entry) => rig.store.mail.cancel(entry, {});
    },
    delayed: async () => {
      for (const later of [7, 1, 90, 4000, 2]) await rig.send({}, { dueAt: rig.now() + later * 60_000 });
      return (entry) => rig.store.mail.cancel(entry, {});
    },
    inflight: async () => {
      for (const times of [3, 1, 5, 2]) {
        await rig.send();
        await rig.mustClaim({ leaseMs: times * leaseMs });
      }
      return ({ receipt }) => rig.store.mail.ack(receipt ?? '', {});
    },
    archived: async () => {
      for (let i = 0; i < 4; i++) {
        await rig.send();
        await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
        await rig.pass(briefMs);
      }
      return (entry) => rig.store.mail.restore(entry, {});
    },
    dead: async () => {
      for (let i = 0; i < 4; i++) {
        await rig.send();
        await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true });
        await rig.pass(briefMs);
      }
      return (entry) => rig.store.mail.purge(entry, {});
    },
  };
  const idsFrom = async (state: State, from: ListFrom): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { id } of rig.store.look.list('bob', state, from)) ids.push(id);
    return ids;
  };

  for (const state of states)
    test(`a list of what is ${state} goes on behind any entry, also when that one has gone`, async () => {
      const takeOut = await several[state]();
      const entries = await rig.entries(state);
      const ids = entries.map(({ id }) => id);
      expect(ids.length).toBeGreaterThan(3);
      const { placeOf } = rig.store.look;
      for (const [at, entry] of entries.entries())
        expect(await idsFrom(state, { after: placeOf(entry) }), `behind ${at}`).toEqual(ids.slice(at + 1));
      const gone = entries[1] as Entry;
      await takeOut(gone);
      expect(await idsFrom(state, { after: placeOf(gone) })).toEqual(ids.slice(2));
      expect(await idsFrom(state, {})).toEqual(ids.filter((id) => id !== gone.id));
    });

  test('the place of a claim tells nothing that could settle it', async () => {
    await rig.send();
    const { receipt } = await rig.mustClaim();
    const place = rig.store.look.placeOf(await rig.only('inflight'));
    for (const part of receipt
      .split(':')
      .slice(1)
      .flatMap((one) => one.split('.')))
      if (!place.includes(part)) return;
    expect.fail(`all of ${receipt} stands in ${place}`);
  });

  test('what is archived or dead is listed from a moment on backwards, and the archive forwards behind an entry', async () => {
    await several.archived();
    await several.dead();
    for (const state of ['archived', 'dead'] as const) {
      const entries = await rig.entries(state);
      const ids = entries.map(({ id }) => id);
      const { ackedAt, deadAt } = entries[1] as Entry;
      const at = ackedAt ?? deadAt ?? 0;
      expect(await idsFrom(state, { until: at })).toEqual(ids.slice(1));
      expect(await idsFrom(state, { until: at - 1 })).toEqual(ids.slice(2));
      expect(await idsFrom(state, { until: 0 })).toEqual([]);
    }
    const oldestFirst = (await rig.entries('archived')).reverse();
    for (const [at, entry] of oldestFirst.entries()) {
      const behind: string[] = [];
      const after = rig.store.look.placeOf(entry);
      for await (const { id } of rig.store.look.listArchived('bob', { after })) behind.push(id);
      expect(behind).toEqual(oldestFirst.slice(at + 1).map(({ id }) => id));
    }
  });
}
