import { expect } from 'vitest';
import type { Limits } from '../../../src/storage/port/mail.ts';
import { MailboxFull } from '../../../src/storage/port/refusals.ts';
import { accepted, briefMs, expectRefusal, leaseMs, policy, type Rig } from './rig.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import type { Tidied } from '../../../src/storage/port/upkeep.ts';
import { newToken } from './ways.ts';

const dayMs = 86_400_000;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Retention, packing and backpressure: what a store keeps of what is finished, and how full it says it is. */
export function keepingRules(rig: Rig): void {
  const { test, onStillClock } = rig;
  const today = (): string => new Date(rig.now()).toISOString().slice(0, 10);

  const finish = async (...bodies: string[]): Promise<string[]> => {
    const ids: string[] = [];
    for (const body of bodies) {
      await rig.pass(10);
      ids.push((await rig.send({ body })).id);
      const { receipt } = await rig.mustClaim();
      await rig.store.mail.ack(receipt, {});
    }
    return ids;
  };
  const pack = (dryRun = false): Promise<Tidied[]> =>
    all(rig.store.upkeep!.packArchive('bob', { beforeDay: today(), dryRun }));
  const bodies = async (entries: readonly Entry[]): Promise<(string | undefined)[]> => {
    const found: (string | undefined)[] = [];
    for (const entry of entries) found.push((await rig.store.look.read(entry))?.body);
    return found;
  };

  onStillClock('what is packed is listed, counted, found and read as before', async () => {
    await finish('one', 'two');
    await rig.pass(dayMs);
    await finish('three');
    await rig.pass(dayMs);
    const [last] = await finish('four');
    await pack();
    expect(await bodies(await rig.entries('archived'))).toEqual(['four', 'three', 'two', 'one']);
    expect((await rig.store.look.counts('bob')).archived).toBe(4);
    const oldest = (await rig.entries('archived')).at(-1);
    expect(await rig.store.look.find(oldest?.id ?? '')).toEqual([oldest]);
    expect(oldest).toMatchObject({ state: 'archived', mailbox: 'bob', attempt: 1, priority: 'normal' });
    expect(await rig.store.look.find(last ?? '', 'bob')).toMatchObject([{ state: 'archived' }]);
    expect(await rig.store.look.find('01KAGZ0000000000000000000A')).toEqual([]);
  });

  onStillClock('packing twice, and again after more was finished, loses and doubles nothing', async () => {
    const { receipt } = await finish('one').then(() => rig.send({ body: 'late' }).then(() => rig.mustClaim()));
    await rig.pass(dayMs);
    await pack();
    await pack();
    await rig.pass(-dayMs);
    await rig.store.mail.ack(receipt, {});
    await rig.pass(dayMs);
    expect(await bodies(await rig.entries('archived'))).toEqual(['late', 'one']);
    expect((await rig.store.look.counts('bob')).archived).toBe(2);
    await pack();
    expect(await bodies(await rig.entries('archived'))).toEqual(['late', 'one']);
    expect((await rig.store.look.counts('bob')).archived).toBe(2);
  });

  onStillClock('a receipt that was used is known as used, also when its message is packed', async () => {
    await rig.send();
    const { receipt } = await rig.mustClaim();
    await rig.store.mail.ack(receipt, {});
    await rig.pass(dayMs);
    await pack();
    await expectRefusal(rig.store.mail.ack(receipt, {}), 'ALREADY_SETTLED');
  });

  onStillClock('a packed message is restored once, is ready, and can be finished and packed anew', async () => {
    const [first] = await finish('one', 'two');
    await rig.pass(dayMs);
    await pack();
    const entry = (await rig.entries('archived')).at(-1) as Entry;
    expect(await rig.store.mail.restore(entry, { by: 'ann' })).toMatchObject({
      id: first,
      state: 'ready',
      attempt: 0,
    });
    await expectRefusal(rig.store.mail.restore(entry, {}), 'STATE_CHANGED');
    expect(await bodies(await rig.entries('archived'))).toEqual(['two']);
    expect((await rig.store.look.counts('bob')).archived).toBe(1);
    expect(await rig.store.look.find(first ?? '')).toMatchObject([{ state: 'ready' }]);
    expect(await rig.drain()).toEqual(['one']);
    await rig.pass(dayMs);
    await pack();
    expect(await bodies(await rig.entries('archived'))).toEqual(['one', 'two']);
    expect(await rig.store.look.find(first ?? '')).toHaveLength(1);
    expect((await rig.store.look.counts('bob')).archived).toBe(2);
  });

  onStillClock('a dry run packs and removes nothing', async () => {
    await finish('one');
    await rig.pass(3 * dayMs);
    const before = await rig.entries('archived');
    await pack(true);
    const keep = { fromDay: today(), dryRun: true };
    expect(await all(rig.store.upkeep!.pruneArchive('bob', keep))).toMatchObject([{ count: 1 }]);
    expect((await all(rig.store.upkeep!.pruneEvents('bob', keep))).length).toBeGreaterThan(0);
    expect(await rig.entries('archived')).toEqual(before);
    expect(await rig.eventNames()).toEqual(['delivered', 'claimed', 'acked']);
  });

  onStillClock('what was archived in a span of time comes the oldest first', async () => {
    await finish('one', 'two');
    await rig.pass(dayMs);
    const since = rig.now();
    await finish('three', 'four');
    const until = rig.now() + 1;
    await rig.pass(dayMs);
    await finish('five');
    await pack();
    const found = await all(rig.store.look.listArchived('bob', { since, until }));
    expect(await bodies(found)).toEqual(['three', 'four']);
    expect(await bodies(await all(rig.store.look.listArchived('bob', {})))).toEqual([
      'one',
      'two',
      'three',
      'four',
      'five',
    ]);
    // The end does not belong to it.
    expect(await bodies(await all(rig.store.look.listArchived('bob', { since, until: until - 1 })))).toEqual(['three']);
  });

  onStillClock('pruning by age removes whole old days, packed or not', async () => {
    await finish('one');
    await rig.pass(dayMs);
    const packed = await pack();
    await finish('two');
    await rig.pass(dayMs);
    const keeping = today();
    await finish('three');
    await rig.pass(dayMs);
    await finish('four');
    const pruned = await all(rig.store.upkeep!.pruneArchive('bob', { fromDay: keeping, dryRun: false }));
    expect(pruned.map(({ count }) => count)).toEqual([1, 1]);
    expect(pruned[0]?.day).not.toBe(pruned[1]?.day);
    expect(packed.length).toBeLessThanOrEqual(1);
    expect(await bodies(await rig.entries('archived'))).toEqual(['four', 'three']);
    expect((await rig.store.look.counts('bob')).archived).toBe(2);
    expect(await all(rig.store.upkeep!.pruneArchive('bob', { fromDay: keeping, dryRun: false }))).toEqual([]);
  });

  onStillClock("pruning by size removes the oldest days until the rest fits, and never today's", async () => {
    for (const body of ['one', 'two', 'three']) {
      await finish(body);
      await rig.pass(dayMs);
    }
    await finish('four');
    const sizes = await all(rig.store.upkeep!.pruneArchive('bob', { maxBytes: 0, dryRun: true }));
    expect(sizes.map(({ count }) => count)).toEqual([1, 1, 1]);
    const maxBytes = 2 * (sizes[2]?.bytes ?? 0) + 50;
    expect(await all(rig.store.upkeep!.pruneArchive('bob', { maxBytes, dryRun: false }))).toHaveLength(2);
    expect(await bodies(await rig.entries('archived'))).toEqual(['four', 'three']);
    await all(rig.store.upkeep!.pruneArchive('bob', { maxBytes: 0, dryRun: false }));
    expect(await bodies(await rig.entries('archived'))).toEqual(['four']);
    await all(rig.store.upkeep!.pruneArchive('bob', { fromDay: '9999-01-01', dryRun: false }));
    expect(await bodies(await rig.entries('archived'))).toEqual(['four']);
  });

  onStillClock(
    'old event logs are removed but for the last two days, and old cursors go on with what is left',
    async () => {
      const start = await rig.store.journal.cursor(['bob'], 'start');
      await finish('one');
      const [within] = await rig.events();
      const between = await rig.store.journal.cursor(['bob'], 'now');
      await rig.pass(dayMs);
      await finish('two');
      await rig.pass(dayMs);
      await finish('three');
      const pruned = await all(rig.store.upkeep!.pruneEvents('bob', { fromDay: '9999-01-01', dryRun: false }));
      expect(pruned).toMatchObject([{ count: 1 }]);
      expect(pruned[0]?.bytes).toBeGreaterThan(100);
      for (const cursor of [start, between]) {
        const events = await rig.events(['bob'], cursor);
        expect(events.map(({ event }) => event)).toEqual(
          ['two', 'three'].flatMap(() => ['delivered', 'claimed', 'acked']),
        );
      }
      expect((await rig.store.journal.readEvents(['bob'], start)).warnings).toEqual([]);
      const { warnings, cursor } = await rig.store.journal.readEvents(['bob'], within?.cursor ?? '');
      expect(warnings).toEqual([expect.stringMatching(/^Events of bob .* pruned/)]);
      expect((await (await rig.another()).journal.readEvents(['bob'], cursor)).warnings).toEqual([]);
      expect(await all(rig.store.upkeep!.pruneEvents('bob', { maxBytes: 0, dryRun: false }))).toEqual([]);
    },
  );

  test('the load is what is ready, delayed and in flight, and its bytes', async () => {
    expect(await rig.store.look.load('bob')).toEqual({ messages: 0, bytes: 0 });
    await finish('gone');
    await rig.send({ body: 'x'.repeat(1000) });
    await rig.send({ body: 'x'.repeat(1000) }, { dueAt: rig.now() + 1000 });
    await rig.send({ body: 'x'.repeat(1000) });
    await rig.claim();
    const { messages, bytes } = await rig.store.look.load('bob');
    expect(messages).toBe(3);
    expect(bytes).toBeGreaterThan(3000);
    expect(bytes).toBeLessThan(5000);
  });

  test('a time-to-live by mailbox holds in that mailbox alone, and a message of its own has precedence', async () => {
    const expiresAt = new Map([['bob', rig.now() + briefMs]]);
    const mine = new Date(rig.now() + 60_000).toISOString();
    await rig.send({ body: 'to two', to: ['bob', 'Cy'] }, { expiresAt });
    await rig.send({ body: 'to one' }, { expiresAt });
    await rig.send({ body: 'own', expiresAt: mine }, { expiresAt });
    await rig.pass(2 * briefMs);
    expect(await rig.store.upkeep!.sweepExpired('bob', { dryRun: true })).toBe(2);
    expect(await rig.store.look.counts('bob')).toMatchObject({ ready: 3, expired: 2, dead: 0 });
    expect(await rig.store.upkeep!.sweepExpired('bob', { dryRun: false })).toBe(2);
    expect(await rig.store.look.counts('bob')).toMatchObject({ ready: 1, dead: 2 });
    expect(await rig.store.look.counts('bob')).not.toHaveProperty('expired');
    expect(await rig.drain()).toEqual(['own']);
    expect((await rig.store.mail.claim('Cy', { token: newToken(), leaseMs, policy }))?.message.body).toBe('to two');
  });

  test('a mailbox takes no more than its limit, by messages and by bytes, and says who is full', async () => {
    const limited = (limits: Partial<Limits>) => ({
      limits: new Map([['bob', { maxMessages: Infinity, maxBytes: Infinity, ...limits }]]),
    });
    await rig.send({}, limited({ maxMessages: 2 }));
    await rig.send({}, { ...limited({ maxMessages: 2 }), dueAt: rig.now() + 1000 });
    const outgoing = rig.outgoing({ to: ['ann', 'bob'] }, limited({ maxMessages: 2 }));
    const [refused] = await rig.store.mail.send([outgoing], { durability: 'full' });
    expect(refused).toBeInstanceOf(MailboxFull);
    expect(refused).toMatchObject({ code: 'MAILBOX_FULL', mailbox: 'bob' });
    expect(await rig.entries('ready', 'ann')).toEqual([]);
    const large = rig.outgoing({ body: 'x'.repeat(1000) }, limited({ maxBytes: 1500 }));
    const [tooLarge] = await rig.store.mail.send([large], { durability: 'full' });
    expect((tooLarge as MailboxFull).message).toMatch(/maxBytes is 1500/);
  });

  test('of many each that finds no room is refused, or, until full, nothing behind the first is tried', async () => {
    const limits = new Map([['bob', { maxMessages: 2, maxBytes: Infinity }]]);
    const outgoing = ['a', 'b', 'c'].map((body) => rig.outgoing({ body }, { limits }));
    const other = rig.outgoing({ body: 'd', to: ['Cy'] });
    const results = await rig.store.mail.send([...outgoing, other], { durability: 'full', untilFull: true });
    expect(results.map((result) => ('code' in result ? result.code : 'sent'))).toEqual([
      'sent',
      'sent',
      'MAILBOX_FULL',
    ]);
    expect(await rig.entries('ready', 'Cy')).toEqual([]);
    const rest = await rig.store.mail.send([rig.outgoing({}, { limits }), other], { durability: 'full' });
    expect(rest.map((result) => ('code' in result ? result.code : 'sent'))).toEqual(['MAILBOX_FULL', 'sent']);
  });

  test('under a dedupe key the repeat needs no room, and a refused first one leaves the key free', async () => {
    const limits = (maxMessages: number) => new Map([['bob', { maxMessages, maxBytes: Infinity }]]);
    const outgoing = rig.outgoing({ dedupeKey: 'k' });
    const send = (room: number) => rig.store.mail.send([{ ...outgoing, limits: limits(room) }], { durability: 'full' });
    expect(await send(0)).toMatchObject([{ code: 'MAILBOX_FULL' }]);
    expect(await rig.entries('ready')).toEqual([]);
    const first = accepted(await send(1));
    expect(accepted(await send(0))).toMatchObject({ id: first.id, duplicate: true });
    expect(await rig.entries('ready')).toHaveLength(1);
  });

  test('an answer that a request waits for needs no room', async () => {
    const { id } = await rig.send({ from: 'bob', to: ['ann'] });
    await rig.store.mail.openInbox('bob', id, rig.now() + 60_000);
    const limits = new Map([['bob', { maxMessages: 0, maxBytes: Infinity }]]);
    accepted(await rig.store.mail.send([rig.outgoing({ replyTo: id }, { limits })], { durability: 'full' }));
    const [stray] = await rig.store.mail.send([rig.outgoing({}, { limits })], { durability: 'full' });
    expect(stray).toMatchObject({ code: 'MAILBOX_FULL' });
  });
}
