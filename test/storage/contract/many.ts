import { expect } from 'vitest';
import { briefMs, leaseMs, policy, type Rig } from './rig.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import type { ClaimManyOptions, Delivery, Settled } from '../../../src/storage/port/mail.ts';
import { newToken } from './ways.ts';

/** Several claims, or several acks, in one step. */
export function manyRules(rig: Rig): void {
  const { test, onStillClock } = rig;
  const tokens = (count: number): string[] => Array.from({ length: count }, newToken);
  const claimMany = (
    count: number,
    options: Partial<ClaimManyOptions> = {},
    store: Store = rig.store,
  ): Promise<Delivery[]> => store.mail.claimMany('bob', { tokens: tokens(count), leaseMs, policy, ...options });
  const bodiesOf = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ message }) => message.body);
  const receiptsOf = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ receipt }) => receipt);
  const sendAll = async (...bodies: string[]): Promise<void> => {
    for (const body of bodies) await rig.send({ body });
  };
  const codesOf = (answers: readonly (Settled | DreamosError)[]): string[] =>
    answers.map((one) => (one instanceof DreamosError ? one.code : one.state));

  test('claims in one step are as many as are asked for, in delivery order, each under a lease of its own', async () => {
    await sendAll('one', 'two');
    await rig.send({ body: 'pressing', priority: 'urgent' });
    await rig.send({ body: 'left' });
    const deliveries = await claimMany(3, { by: 'bob', label: 'worker' });
    expect(bodiesOf(deliveries)).toEqual(['pressing', 'one', 'two']);
    for (const one of deliveries)
      expect(one).toMatchObject({ mailbox: 'bob', attempt: 1, leaseUntil: rig.around(rig.now() + leaseMs) });
    const held = await rig.entries('inflight');
    expect(held.map(({ receipt = '' }) => receipt).sort()).toEqual(receiptsOf(deliveries).sort());
    const claimed = (await rig.events()).filter(({ event }) => event === 'claimed');
    expect(claimed.map(({ id }) => id)).toEqual(deliveries.map(({ message }) => message.id));
    for (const one of claimed) expect(one).toMatchObject({ attempt: 1, by: 'bob', label: 'worker' });
    expect(await rig.drain()).toEqual(['left']);
  });

  test('where less is ready they are as many as that, and where nothing is, none', async () => {
    expect(await claimMany(3)).toEqual([]);
    await sendAll('one', 'two');
    expect(await claimMany(0)).toEqual([]);
    expect(bodiesOf(await claimMany(3))).toEqual(['one', 'two']);
    expect(await claimMany(3)).toEqual([]);
  });

  test('each is settled by its own receipt alone', async () => {
    await sendAll('one', 'two', 'three');
    const [one, two, three] = await claimMany(3);
    await rig.store.mail.nack(two?.receipt ?? '', { policy, dead: true });
    await rig.store.mail.ack(one?.receipt ?? '', {});
    expect((await rig.only('inflight')).receipt).toBe(three?.receipt);
    expect((await rig.only('dead')).id).toBe(two?.message.id);
  });

  test('of an ordering key one is taken, and the next only when that is settled', async () => {
    for (const body of ['k1', 'k2', 'k3']) await rig.send({ body, orderingKey: 'k' });
    await rig.send({ body: 'other', orderingKey: 'other' });
    await rig.send({ body: 'free' });
    const first = await claimMany(5);
    expect(bodiesOf(first)).toEqual(['k1', 'other', 'free']);
    expect(await claimMany(5)).toEqual([]);
    expect(codesOf(await rig.store.mail.ackMany(receiptsOf(first), {}))).toEqual(['archived', 'archived', 'archived']);
    expect(bodiesOf(await claimMany(5))).toEqual(['k2']);
  });

  test('what comes back after its lease comes first, once for each token, as another attempt', async () => {
    await sendAll('one', 'two');
    expect(await claimMany(2, { leaseMs: briefMs })).toHaveLength(2);
    await rig.pass(briefMs);
    await sendAll('new');
    const deliveries = await claimMany(3);
    expect(deliveries.map(({ message, attempt }) => [message.body, attempt])).toEqual([
      ['one', 2],
      ['two', 2],
      ['new', 1],
    ]);
  });

  onStillClock('what has outlived its time is dead and takes no token', async () => {
    await rig.send({ body: 'over', expiresAt: new Date(rig.now() + 1000).toISOString() });
    await sendAll('one', 'two');
    await rig.pass(1001);
    expect(bodiesOf(await claimMany(2))).toEqual(['one', 'two']);
    expect(await rig.entries('dead')).toHaveLength(1);
  });

  test('how often one may be claimed is what its own claim says', async () => {
    await sendAll('one', 'two');
    const [one, two] = await claimMany(2, { maxAttempts: 1 });
    expect((await rig.store.mail.nack(one?.receipt ?? '', { policy })).state).toBe('dead');
    expect((await rig.store.mail.nack(two?.receipt ?? '', { policy })).state).toBe('dead');
  });

  test('repeated under their tokens they are the same deliveries, and nothing more is taken', async () => {
    await sendAll('one', 'two', 'three');
    const asked = { tokens: tokens(2) };
    const first = await claimMany(2, asked);
    const other = await rig.another();
    for (const store of [rig.store, other])
      expect(await claimMany(2, { ...asked, repeat: true }, store)).toEqual(first);
    await rig.store.mail.ack(first[0]?.receipt ?? '', {});
    expect(await claimMany(2, { ...asked, repeat: true })).toEqual(first.slice(1));
    expect(await rig.entries('ready')).toHaveLength(1);
    await rig.store.mail.ack(first[1]?.receipt ?? '', {});
    expect(bodiesOf(await claimMany(2, { tokens: tokens(2), repeat: true }))).toEqual(['three']);
  });

  test('of several consumers that take many each message goes to exactly one', async () => {
    const outgoing = Array.from({ length: 60 }, () => rig.outgoing());
    await rig.store.mail.send(outgoing, { durability: 'relaxed' });
    const stores = [rig.store, await rig.another(), await rig.another()];
    const consume = async (store: Store | undefined): Promise<string[]> => {
      const taken: string[] = [];
      for (let some = await claimMany(7, {}, store); some.length > 0; some = await claimMany(7, {}, store))
        taken.push(...some.map(({ message }) => message.id));
      return taken;
    };
    const taken = (await Promise.all([...stores, ...stores].map(consume))).flat();
    expect(taken.toSorted()).toEqual(outgoing.map(({ message }) => message.id).toSorted());
  });

  test('taking many is a read, also where nothing is there', async () => {
    await claimMany(2);
    const at = rig.now();
    expect(Math.abs(((await (await rig.another()).look.lastReadAt('bob')) ?? 0) - at)).toBeLessThanOrEqual(1000);
  });

  test('acks in one step archive each, with its events behind each other', async () => {
    await sendAll('one', 'two');
    const deliveries = await claimMany(2);
    const said = { by: 'bob', label: 'bridge', score: 0.5, note: 'well', forwardedTo: 'far' };
    const settled = await (await rig.another()).mail.ackMany(receiptsOf(deliveries), said);
    expect(settled).toEqual(
      deliveries.map(({ message: { id }, receipt }) => ({ id, mailbox: 'bob', state: 'archived', receipt })),
    );
    expect((await rig.entries('archived')).map(({ id }) => id).sort()).toEqual(
      settled.map((one) => 'id' in one && one.id),
    );
    const told = (await rig.events()).filter(({ event }) => event === 'acked' || event === 'forwarded');
    expect(told.map(({ event, id }) => [event, id])).toEqual(
      deliveries.flatMap(({ message: { id } }) => [
        ['acked', id],
        ['forwarded', id],
      ]),
    );
    for (const one of told) expect(one).toMatchObject({ by: 'bob', label: 'bridge' });
    expect(told[0]).toMatchObject({ attempt: 1, score: 0.5, note: 'well' });
    expect(told[1]).toMatchObject({ to: 'far' });
  });

  test('each ack has an answer of its own, in their order', async () => {
    await sendAll('lost', 'done', 'good', 'twice');
    const [lost] = await claimMany(1, { leaseMs: briefMs });
    const [done, good, twice] = receiptsOf(await claimMany(3));
    await rig.pass(briefMs);
    await rig.recover();
    await rig.store.mail.ack(done ?? '', {});
    const asked = [lost?.receipt, done, 'nonsense', good, twice, twice].map((receipt) => receipt ?? '');
    expect(codesOf(await rig.store.mail.ackMany(asked, {}))).toEqual([
      ...['LEASE_LOST', 'ALREADY_SETTLED', 'RECEIPT_INVALID', 'archived', 'archived', 'ALREADY_SETTLED'],
    ]);
    expect(await rig.entries('archived')).toHaveLength(3);
    expect(await rig.only('ready')).toMatchObject({ id: lost?.message.id });
    expect(await rig.store.mail.ackMany([], {})).toEqual([]);
    expect(codesOf(await rig.store.mail.ackMany(['nonsense'], {}))).toEqual(['RECEIPT_INVALID']);
  });

  test('acks of claims from several mailboxes are told each in its own', async () => {
    await rig.send({ body: 'one' });
    await rig.send({ body: 'two', to: ['Cy'] });
    await rig.send({ body: 'three' });
    const [one, three] = receiptsOf(await claimMany(2));
    const [two] = await rig.store.mail.claimMany('Cy', { tokens: tokens(2), leaseMs, policy });
    const asked = [one, two?.receipt, three].map((receipt) => receipt ?? '');
    expect(codesOf(await rig.store.mail.ackMany(asked, {}))).toEqual(['archived', 'archived', 'archived']);
    const of = async (name: string): Promise<number> =>
      (await rig.events([name])).filter(({ event }) => event === 'acked').length;
    expect([await of('bob'), await of('Cy')]).toEqual([2, 1]);
  });
}
