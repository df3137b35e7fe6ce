import { expect, test } from 'vitest';
import { type Store } from '../../../src/storage/port/store.ts';
import { Bench, expectRefusal, leaseMs, type MakeStore, policy } from './bench.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import { type State, states } from '../../../src/model/state.ts';

export function handRules(makeStore: MakeStore): void {
  const bench = new Bench(makeStore);

  /** Brings one message into a state and returns its entry. */
  const inState = async (state: State): Promise<Entry> => {
    await bench.send({}, state === 'delayed' ? { dueAt: bench.clock.now() + 1000 } : {});
    if (state !== 'ready' && state !== 'delayed') {
      const { receipt } = await bench.mustClaim();
      if (state === 'archived') await bench.store.mail.ack(receipt, {});
      if (state === 'dead') await bench.store.mail.nack(receipt, { policy, dead: true });
    }
    return bench.only(state);
  };

  test.for(['ready', 'delayed'] as const)('a %s message can be cancelled, and is then archived', async (state) => {
    const entry = await inState(state);
    bench.clock.advance(10);
    expect(await bench.store.mail.cancel(entry, { by: 'ann' })).toMatchObject({
      id: entry.id,
      mailbox: 'bob',
      state: 'archived',
    });
    expect(await bench.only('archived')).toMatchObject({ id: entry.id, ackedAt: bench.clock.now() });
    bench.clock.advance(10_000);
    await bench.recover();
    expect(await bench.claim()).toBeUndefined();
  });

  test('an archived message can be restored and is delivered again', async () => {
    const entry = await inState('archived');
    expect(await bench.store.mail.restore(entry, {})).toMatchObject({ id: entry.id, state: 'ready' });
    expect(await bench.entries('archived')).toEqual([]);
    const delivery = await bench.mustClaim();
    expect(delivery.message.id).toBe(entry.id);
    expect((await bench.store.mail.ack(delivery.receipt, {})).state).toBe('archived');
  });

  test('a restored message has all its attempts again, and no time-to-live', async () => {
    await bench.send({ expiresAt: new Date(bench.clock.now() + 1000).toISOString() });
    await bench.store.mail.ack((await bench.mustClaim()).receipt, {});
    bench.clock.advance(1000);
    await bench.store.mail.restore(await bench.only('archived'), {});
    expect((await bench.mustClaim()).attempt).toBe(1);
  });

  test('each change by hand is refused in every state that it is not for', async () => {
    const allowed: Record<'cancel' | 'restore' | 'retry' | 'purge', readonly State[]> = {
      cancel: ['ready', 'delayed'],
      restore: ['archived'],
      retry: ['dead'],
      purge: ['dead'],
    };
    for (const state of states) {
      const { store } = await bench.elsewhere();
      bench.store = store;
      const entry = await inState(state);
      for (const change of ['cancel', 'restore', 'retry', 'purge'] as const) {
        if (!allowed[change].includes(state)) await expectRefusal(store.mail[change](entry, {}), 'STATE_CHANGED');
      }
      expect(await bench.only(state)).toEqual(entry);
    }
  });

  test('an entry that has moved on since it was listed cannot be changed', async () => {
    const listed = await inState('ready');
    const { receipt } = await bench.mustClaim();
    await expectRefusal(bench.store.mail.cancel(listed, {}), 'STATE_CHANGED');
    await bench.store.mail.nack(receipt, { policy, dead: true });
    const dead = await bench.only('dead');
    await bench.store.mail.retry(dead, {});
    await expectRefusal(bench.store.mail.retry(dead, {}), 'STATE_CHANGED');
    await expectRefusal(bench.store.mail.purge(dead, {}), 'STATE_CHANGED');
  });

  test('what was purged cannot be purged or retried', async () => {
    const dead = await inState('dead');
    await bench.store.mail.purge(dead, {});
    await expectRefusal(bench.store.mail.purge(dead, {}), 'STATE_CHANGED');
    await expectRefusal(bench.store.mail.retry(dead, {}), 'STATE_CHANGED');
  });

  test('of a cancel and a claim at the same moment exactly one succeeds', async () => {
    const entry = await inState('ready');
    const other = await bench.another();
    const [cancelled, claimed] = await Promise.allSettled([other.mail.cancel(entry, {}), bench.claim()]);
    expect(claimed.status).toBe('fulfilled');
    const delivered = claimed.status === 'fulfilled' && claimed.value !== undefined;
    expect(cancelled.status).toBe(delivered ? 'rejected' : 'fulfilled');
    expect(await bench.entries('archived')).toHaveLength(delivered ? 0 : 1);
  });

  test.for(['retry', 'restore'] as const)('of several %s at the same moment exactly one succeeds', async (change) => {
    const entry = await inState(change === 'retry' ? 'dead' : 'archived');
    const stores: Store[] = [bench.store, await bench.another()];
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, (_, i) => (stores[i % 2] ?? bench.store).mail[change](entry, {})),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await bench.entries('ready')).toHaveLength(1);
  });

  test('a receipt of before a retry or a restore is not good for the claim after it', async () => {
    await bench.send();
    const first = await bench.mustClaim();
    await bench.store.mail.ack(first.receipt, {});
    await bench.store.mail.restore(await bench.only('archived'), {});
    const second = await bench.mustClaim();
    await expect(bench.store.mail.ack(first.receipt, {})).rejects.toMatchObject({ kind: 'conflict' });
    expect((await bench.store.mail.ack(second.receipt, {})).state).toBe('archived');
  });

  test('a message from elsewhere is archived with its own time, and can be read', async () => {
    const at = bench.clock.now() - 40 * 24 * 3_600_000;
    const message = bench.message({ id: bench.ids.next(at), body: 'old', createdAt: new Date(at).toISOString() });
    expect(await bench.store.mail.deposit('bob', message, 'archived', { at })).toMatchObject({
      id: message.id,
      state: 'archived',
      ackedAt: at,
    });
    expect(await bench.claim()).toBeUndefined();
    const entry = await bench.only('archived');
    expect(entry.ackedAt).toBe(at);
    expect(await bench.store.look.read(entry)).toMatchObject({ id: message.id, body: 'old' });
  });

  test('a message from elsewhere can be made ready, and is delivered', async () => {
    const message = bench.message({ body: 'unfinished' });
    expect(await bench.store.mail.deposit('bob', message, 'ready', { at: bench.clock.now() })).toMatchObject({
      state: 'ready',
      attempt: 0,
    });
    expect(await bench.drain()).toEqual(['unfinished']);
  });

  test.for(states)('a message that the mailbox holds already, %s, is not doubled', async (state) => {
    const before = await inState(state);
    const message = bench.message({ id: before.id });
    for (const to of ['ready', 'archived'] as const) {
      expect(await bench.store.mail.deposit('bob', message, to, { at: bench.clock.now() })).toMatchObject({
        id: before.id,
        state,
      });
    }
    expect(await bench.store.look.find(before.id)).toHaveLength(1);
  });

  test('two deposits of one message leave one', async () => {
    const message = bench.message();
    await bench.store.mail.deposit('bob', message, 'archived', { at: bench.clock.now() });
    await bench.store.mail.deposit('bob', message, 'archived', { at: bench.clock.now() });
    expect(await bench.entries('archived')).toHaveLength(1);
    await bench.store.mail.deposit('Cy', message, 'archived', { at: bench.clock.now() });
    expect(await bench.store.look.find(message.id)).toHaveLength(2);
  });

  test('a lease that was renewed while its entry was listed cannot be mistaken for the old one', async () => {
    await bench.send();
    const { receipt } = await bench.mustClaim();
    const listed = await bench.only('inflight');
    await bench.store.mail.renew(receipt, { leaseMs: 2 * leaseMs });
    expect((await bench.only('inflight')).leaseUntil).not.toBe(listed.leaseUntil);
  });
}
