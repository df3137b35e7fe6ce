import { expect } from 'vitest';
import { type Store } from '../../../src/storage/port/store.ts';
import { briefMs, expectRefusal, leaseMs, policy, type Rig } from './rig.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import { type State, states } from '../../../src/model/state.ts';

export function handRules(rig: Rig): void {
  const { test } = rig;

  /** Brings one message into a state and returns its entry. */
  const inState = async (state: State): Promise<Entry> => {
    await rig.send({}, state === 'delayed' ? { dueAt: rig.now() + briefMs } : {});
    if (state !== 'ready' && state !== 'delayed') {
      const { receipt } = await rig.mustClaim();
      if (state === 'archived') await rig.store.mail.ack(receipt, {});
      if (state === 'dead') await rig.store.mail.nack(receipt, { policy, dead: true });
    }
    return rig.only(state);
  };

  test.for(['ready', 'delayed'] as const)('a %s message can be cancelled, and is then archived', async (state) => {
    const entry = await inState(state);
    await rig.pass(10);
    expect(await rig.store.mail.cancel(entry, { by: 'ann' })).toMatchObject({
      id: entry.id,
      mailbox: 'bob',
      state: 'archived',
    });
    expect(await rig.only('archived')).toMatchObject({ id: entry.id, ackedAt: rig.around(rig.now()) });
    await rig.pass(2 * briefMs);
    await rig.recover();
    expect(await rig.claim()).toBeUndefined();
  });

  test('what is claimed can be cancelled if that is asked for, and its receipt holds no more', async () => {
    await rig.send({ orderingKey: 'k', body: 'first' });
    await rig.send({ orderingKey: 'k', body: 'second' });
    const { receipt } = await rig.mustClaim();
    const entry = await rig.only('inflight');
    expect(await rig.store.mail.cancel(entry, { held: true, by: 'ann' })).toMatchObject({
      id: entry.id,
      state: 'archived',
    });
    expect((await rig.only('archived')).id).toBe(entry.id);
    await expectRefusal(rig.store.mail.ack(receipt, {}), 'LEASE_LOST');
    expect(await rig.drain()).toEqual(['second']);
  });

  test.for(['delayed', 'resting'] as const)('a %s message can be delivered now', async (how) => {
    if (how === 'delayed') await rig.send({}, { dueAt: rig.now() + leaseMs });
    else {
      await rig.send();
      await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, delayMs: leaseMs });
    }
    const entry = await rig.only('delayed');
    const cursor = await rig.store.journal.cursor(['bob'], 'now');
    const ready = await rig.store.mail.deliver(entry, { by: 'ann' });
    expect(ready).toMatchObject({ id: entry.id, mailbox: 'bob', state: 'ready', attempt: entry.attempt });
    expect(await rig.only('ready')).toEqual(ready);
    expect(await rig.events(['bob'], cursor)).toMatchObject([
      { event: 'delivered', id: entry.id, by: 'ann', from: 'ann', type: 'message' },
    ]);
    expect(await rig.mustClaim()).toMatchObject({ message: { id: entry.id }, attempt: entry.attempt + 1 });
  });

  test.for([-10_000, 10_000])('a delayed message can be delayed until another time (%d ms)', async (byMs) => {
    await rig.send({}, { dueAt: rig.now() + leaseMs });
    const entry = await rig.only('delayed');
    const dueAt = (entry.dueAt ?? 0) + byMs;
    const cursor = await rig.store.journal.cursor(['bob'], 'now');
    const moved = await rig.store.mail.deliver(entry, { by: 'ann', dueAt });
    expect(moved).toMatchObject({ id: entry.id, state: 'delayed', dueAt });
    expect(await rig.only('delayed')).toEqual(moved);
    expect(await rig.events(['bob'], cursor)).toMatchObject([
      { event: 'scheduled', id: entry.id, by: 'ann', reason: `to be delivered at ${new Date(dueAt).toISOString()}` },
    ]);
    // Once more for the same time changes nothing.
    expect(await rig.store.mail.deliver(moved, { dueAt })).toMatchObject({ id: entry.id, state: 'delayed', dueAt });
    expect(await rig.claim()).toBeUndefined();
    expect((await rig.store.mail.recover('bob', policy)).nextAt).toBeLessThanOrEqual(dueAt);
  });

  rig.onStillClock('what was delayed until another time comes then, and not before', async () => {
    await rig.send({}, { dueAt: rig.now() + 90 * leaseMs });
    await rig.store.mail.deliver(await rig.only('delayed'), { dueAt: rig.now() + leaseMs });
    await rig.pass(leaseMs - 1);
    await rig.recover();
    expect(await rig.claim()).toBeUndefined();
    await rig.pass(1);
    await rig.recover();
    expect((await rig.mustClaim()).attempt).toBe(1);
  });

  test('what rests is first of its ordering key, also delivered by hand', async () => {
    await rig.send({ orderingKey: 'k', body: 'first' });
    await rig.send({ orderingKey: 'k', body: 'second' });
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, delayMs: leaseMs });
    expect(await rig.claim()).toBeUndefined();
    await rig.store.mail.deliver(await rig.only('delayed'), {});
    expect(await rig.drain()).toEqual(['first', 'second']);
  });

  test('of a delivery by hand and a cancel at the same moment exactly one succeeds', async () => {
    const entry = await inState('delayed');
    const other = await rig.another();
    const results = await Promise.allSettled([rig.store.mail.deliver(entry, {}), other.mail.cancel(entry, {})]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await rig.entries('ready')).length + (await rig.entries('archived')).length).toBe(1);
  });

  test('an archived message can be restored and is delivered again', async () => {
    const entry = await inState('archived');
    expect(await rig.store.mail.restore(entry, {})).toMatchObject({ id: entry.id, state: 'ready' });
    expect(await rig.entries('archived')).toEqual([]);
    const delivery = await rig.mustClaim();
    expect(delivery.message.id).toBe(entry.id);
    expect((await rig.store.mail.ack(delivery.receipt, {})).state).toBe('archived');
  });

  test('a restored message has all its attempts again, and no time-to-live', async () => {
    await rig.send({ expiresAt: new Date(rig.now() + 3 * briefMs).toISOString() });
    await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
    await rig.pass(3 * briefMs);
    await rig.store.mail.restore(await rig.only('archived'), {});
    expect((await rig.mustClaim()).attempt).toBe(1);
  });

  test('each change by hand is refused in every state that it is not for', async () => {
    const allowed: Record<'cancel' | 'deliver' | 'restore' | 'retry' | 'purge', readonly State[]> = {
      cancel: ['ready', 'delayed'],
      deliver: ['delayed'],
      restore: ['archived'],
      retry: ['dead'],
      purge: ['dead'],
    };
    for (const state of states) {
      const { store } = await rig.elsewhere();
      rig.store = store;
      const entry = await inState(state);
      for (const change of ['cancel', 'deliver', 'restore', 'retry', 'purge'] as const) {
        if (!allowed[change].includes(state)) await expectRefusal(store.mail[change](entry, {}), 'STATE_CHANGED');
      }
      expect(await rig.only(state)).toEqual(entry);
    }
  });

  test('an entry that has moved on since it was listed cannot be changed', async () => {
    const listed = await inState('ready');
    const { receipt } = await rig.mustClaim();
    await expectRefusal(rig.store.mail.cancel(listed, {}), 'STATE_CHANGED');
    await rig.store.mail.nack(receipt, { policy, dead: true });
    const dead = await rig.only('dead');
    await rig.store.mail.retry(dead, {});
    await expectRefusal(rig.store.mail.retry(dead, {}), 'STATE_CHANGED');
    await expectRefusal(rig.store.mail.purge(dead, {}), 'STATE_CHANGED');
  });

  test('what was purged cannot be purged or retried', async () => {
    const dead = await inState('dead');
    await rig.store.mail.purge(dead, {});
    await expectRefusal(rig.store.mail.purge(dead, {}), 'STATE_CHANGED');
    await expectRefusal(rig.store.mail.retry(dead, {}), 'STATE_CHANGED');
  });

  test('of a cancel and a claim at the same moment exactly one succeeds', async () => {
    const entry = await inState('ready');
    const other = await rig.another();
    const [cancelled, claimed] = await Promise.allSettled([other.mail.cancel(entry, {}), rig.claim()]);
    expect(claimed.status).toBe('fulfilled');
    const delivered = claimed.status === 'fulfilled' && claimed.value !== undefined;
    expect(cancelled.status).toBe(delivered ? 'rejected' : 'fulfilled');
    expect(await rig.entries('archived')).toHaveLength(delivered ? 0 : 1);
  });

  test.for(['retry', 'restore'] as const)('of several %s at the same moment exactly one succeeds', async (change) => {
    const entry = await inState(change === 'retry' ? 'dead' : 'archived');
    const stores: Store[] = [rig.store, await rig.another()];
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, (_, i) => (stores[i % 2] ?? rig.store).mail[change](entry, {})),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await rig.entries('ready')).toHaveLength(1);
  });

  test('a receipt of before a retry or a restore is not good for the claim after it', async () => {
    await rig.send();
    const first = await rig.mustClaim();
    await rig.store.mail.ack(first.receipt, {});
    await rig.store.mail.restore(await rig.only('archived'), {});
    const second = await rig.mustClaim();
    await expect(rig.store.mail.ack(first.receipt, {})).rejects.toMatchObject({ kind: 'conflict' });
    expect((await rig.store.mail.ack(second.receipt, {})).state).toBe('archived');
  });

  test('a message from elsewhere is archived with its own time, and can be read', async () => {
    const at = rig.now() - 40 * 24 * 3_600_000;
    const message = rig.message({ id: rig.ids.next(at), body: 'old', createdAt: new Date(at).toISOString() });
    expect(await rig.store.mail.deposit('bob', message, 'archived', { at })).toMatchObject({
      id: message.id,
      state: 'archived',
      ackedAt: at,
    });
    expect(await rig.claim()).toBeUndefined();
    const entry = await rig.only('archived');
    expect(entry.ackedAt).toBe(at);
    expect(await rig.store.look.read(entry)).toMatchObject({ id: message.id, body: 'old' });
  });

  test('a message from elsewhere can be made ready, and is delivered', async () => {
    const message = rig.message({ body: 'unfinished' });
    expect(await rig.store.mail.deposit('bob', message, 'ready', { at: rig.now() })).toMatchObject({
      state: 'ready',
      attempt: 0,
    });
    expect(await rig.drain()).toEqual(['unfinished']);
  });

  test('a task from elsewhere is one in the archive, too, and done', async () => {
    const done = rig.message({ task: { requires: ['ts'] } });
    expect(await rig.store.mail.deposit('bob', done, 'archived', { at: rig.now() })).toMatchObject({ task: true });
    await rig.store.mail.deposit('bob', rig.message(), 'archived', { at: rig.now() });
    const entries = await rig.entries('archived');
    expect(entries.map(({ task, withdrawn }) => ({ task, withdrawn }))).toEqual(
      entries.map(({ id }) => (id === done.id ? { task: true } : { withdrawn: true })),
    );
  });

  test.for(states)('a message that the mailbox holds already, %s, is not doubled', async (state) => {
    const before = await inState(state);
    const message = rig.message({ id: before.id });
    for (const to of ['ready', 'archived'] as const) {
      expect(await rig.store.mail.deposit('bob', message, to, { at: rig.now() })).toMatchObject({
        id: before.id,
        state,
      });
    }
    expect(await rig.store.look.find(before.id)).toHaveLength(1);
  });

  test('two deposits of one message leave one', async () => {
    const message = rig.message();
    await rig.store.mail.deposit('bob', message, 'archived', { at: rig.now() });
    await rig.store.mail.deposit('bob', message, 'archived', { at: rig.now() });
    expect(await rig.entries('archived')).toHaveLength(1);
    await rig.store.mail.deposit('Cy', message, 'archived', { at: rig.now() });
    expect(await rig.store.look.find(message.id)).toHaveLength(2);
  });

  test('a lease that was renewed while its entry was listed cannot be mistaken for the old one', async () => {
    await rig.send();
    const { receipt } = await rig.mustClaim();
    const listed = await rig.only('inflight');
    await rig.store.mail.renew(receipt, { leaseMs: 2 * leaseMs });
    expect((await rig.only('inflight')).leaseUntil).not.toBe(listed.leaseUntil);
  });
}
