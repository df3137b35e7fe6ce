import { expect } from 'vitest';
import type { Store } from '../../../src/storage/port/store.ts';
import type { Entry } from '../../../src/storage/port/look.ts';
import { briefMs, expectRefusal, leaseMs, policy, refusal, type Rig } from './rig.ts';
import { changeAgentIn } from './ways.ts';

const task = { requires: ['review'] };

export function handOverRules(rig: Rig): void {
  const { test } = rig;
  const claimAs = (mailbox: string) =>
    rig.store.mail.claim(mailbox, { token: rig.ids.token(), leaseMs, policy, by: mailbox });
  const rename = async (from: string, to: string): Promise<void> => {
    const until = new Date(rig.now()).toISOString();
    await changeAgentIn(rig.store, from, (card) => ({
      ...(card ?? { name: from, createdAt: until }),
      formerNames: [{ name: from, until }],
    }));
    expect(await rig.store.documents.rename(from, to)).toBe('renamed');
  };

  test.for(['ready', 'delayed', 'inflight'] as const)(
    'a %s message is handed over to another mailbox, and is ready there',
    async (state) => {
      await rig.send({ body: 'over' }, state === 'delayed' ? { dueAt: rig.now() + leaseMs } : {});
      const held = state === 'inflight' ? await rig.mustClaim() : undefined;
      const entry = await rig.only(state);
      const cursor = await rig.store.journal.cursor(['bob', 'ann'], 'now');
      const now = await rig.store.mail.handOver(entry, 'ann', { by: 'Cy', reason: 'gone' });
      expect(now).toMatchObject({ id: entry.id, mailbox: 'ann', state: 'ready', attempt: entry.attempt });
      expect(await rig.only('ready', 'ann')).toEqual(now);
      for (const left of ['ready', 'delayed', 'inflight'] as const) expect(await rig.entries(left)).toEqual([]);
      const told = await rig.events(['bob', 'ann'], cursor);
      expect(told).toMatchObject([
        { mailbox: 'bob', event: 'handed_over', id: entry.id, to: 'ann', by: 'Cy', reason: 'gone' },
        { mailbox: 'ann', event: 'delivered', id: entry.id, by: 'Cy', type: 'message' },
      ]);
      if (held) await expectRefusal(rig.store.mail.ack(held.receipt, {}), 'LEASE_LOST');
      const delivery = await claimAs('ann');
      expect(delivery).toMatchObject({ attempt: entry.attempt + 1, message: { body: 'over', to: ['bob'] } });
      await rig.store.mail.ack(delivery?.receipt ?? '', {});
    },
  );

  test('of two that hand over what was listed one does, and the other is told', async () => {
    await rig.send();
    const entry = await rig.only('ready');
    await rig.store.mail.handOver(entry, 'ann', {});
    await expectRefusal(rig.store.mail.handOver(entry, 'Cy', {}), 'STATE_CHANGED');
    await rig.mustClaim({}).catch(() => undefined);
    expect(await rig.entries('ready', 'Cy')).toEqual([]);
  });

  test('what is finished is not handed over', async () => {
    await rig.send();
    await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
    await expectRefusal(rig.store.mail.handOver(await rig.only('archived'), 'ann', {}), 'STATE_CHANGED');
  });

  test('it goes to no mailbox that is not there, and to none that has it already, and stays where it is', async () => {
    await rig.send({ to: ['bob', 'ann'] });
    const entry = await rig.only('ready');
    await expectRefusal(rig.store.mail.handOver(entry, 'nobody', {}), 'AGENT_NOT_FOUND');
    await expectRefusal(rig.store.mail.handOver(entry, 'ann', {}), 'ALREADY_EXISTS');
    expect(await rig.only('ready')).toEqual(entry);
  });

  test('a task is not handed over to where it is, and nothing goes to the log of a topic', async () => {
    await rig.send({ task });
    const entry = await rig.only('ready');
    await expectRefusal(rig.store.mail.handOver(entry, 'bob', {}), 'ALREADY_EXISTS');
    await expectRefusal(rig.store.mail.handOver(entry, '#news', {}), 'AGENT_NOT_FOUND');
    expect(await rig.only('ready')).toEqual(entry);
    expect(await rig.store.look.listTopics()).toEqual([]);
  });

  test('an answer that a request waits for stays in its inbox, and goes once it is claimed', async () => {
    const request = rig.ids.next(rig.now());
    await rig.store.mail.openInbox('bob', request, rig.now() + leaseMs);
    await rig.send({ replyTo: request });
    const waiting = await rig.only('delayed');
    await expectRefusal(rig.store.mail.handOver(waiting, 'ann', {}), 'STATE_CHANGED');
    expect(await rig.only('delayed')).toEqual(waiting);
    const { receipt } = await rig.mustClaim({ inbox: request });
    await rig.store.mail.handOver(await rig.only('inflight'), 'ann', {});
    await expectRefusal(rig.store.mail.ack(receipt, {}), 'LEASE_LOST');
    expect((await claimAs('ann'))?.message.replyTo).toBe(request);
  });

  test('handed on and back it is there again, with its attempts, and an old receipt of it holds nothing', async () => {
    await rig.send({ orderingKey: 'k' });
    const { receipt } = await rig.mustClaim();
    const there = await rig.store.mail.handOver(await rig.only('inflight'), 'ann', {});
    const on = await rig.store.mail.handOver(there, 'Cy', {});
    await rig.store.mail.handOver(on, 'bob', {});
    const again = await rig.mustClaim();
    expect(again.attempt).toBe(2);
    for (const settle of [
      () => rig.store.mail.ack(receipt, {}),
      () => rig.store.mail.nack(receipt, { policy }),
      () => rig.store.mail.renew(receipt, { leaseMs }),
      () => rig.store.mail.checkClaim(receipt),
    ])
      await expectRefusal(settle(), 'LEASE_LOST');
    await rig.store.mail.ack(again.receipt, {});
  });

  const wins = async (...all: readonly Promise<unknown>[]): Promise<number[]> => {
    const results = await Promise.allSettled(all);
    return results.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []));
  };
  const settles: Readonly<Record<string, (store: Store, receipt: string) => Promise<unknown>>> = {
    ack: (store, receipt) => store.mail.ack(receipt, {}),
    nack: (store, receipt) => store.mail.nack(receipt, { policy, delayMs: briefMs }),
    renew: (store, receipt) => store.mail.renew(receipt, { leaseMs: 2 * leaseMs }),
  };

  test.for(Object.keys(settles))(
    'of two stores of which one hands over while the other does %s one wins',
    async (how) => {
      const other = await rig.another();
      for (let round = 0; round < 10; round++) {
        await rig.send();
        const { receipt, message } = await rig.mustClaim();
        const entry = await rig.only('inflight');
        const calls = [
          () => rig.store.mail.handOver(entry, 'ann', {}),
          () => settles[how]?.(other, receipt) ?? Promise.reject(new Error(how)),
        ];
        const [first, second] = round % 2 === 0 ? calls : calls.reverse();
        const won = await wins(first!(), second!());
        expect(won).toHaveLength(1);
        const isOver = won[0] === round % 2;
        const found = await rig.store.look.find(message.id);
        expect(found).toMatchObject([{ mailbox: isOver ? 'ann' : 'bob' }]);
        for (const one of found) if (one.state !== 'archived') await rig.store.mail.cancel(one, { held: true });
      }
    },
  );

  test('of two stores of which one hands over while the other claims, one has it', async () => {
    const other = await rig.another();
    for (let round = 0; round < 10; round++) {
      const { id } = await rig.send();
      const entry = await rig.only('ready');
      const over = (): Promise<unknown> => rig.store.mail.handOver(entry, 'ann', {});
      const taken = (): Promise<unknown> =>
        rig.claim({}, other).then((delivery) => delivery ?? Promise.reject(new Error('nothing there')));
      const won = round % 2 === 0 ? await wins(over(), taken()) : (await wins(taken(), over())).map((i) => 1 - i);
      expect(won).toHaveLength(1);
      const [found, ...more] = await rig.store.look.find(id);
      expect(more).toEqual([]);
      expect(found).toMatchObject(won[0] === 0 ? { mailbox: 'ann', state: 'ready' } : { mailbox: 'bob' });
      if (found) await rig.store.mail.cancel(found, { held: true });
    }
  });

  test('of two stores that hand over the same to two mailboxes one does', async () => {
    const other = await rig.another();
    for (let round = 0; round < 10; round++) {
      const { id } = await rig.send();
      const entry = await rig.only('ready');
      const won = await wins(
        rig.store.mail.handOver(entry, 'ann', {}),
        other.mail.handOver(entry, round % 2 === 0 ? 'Cy' : 'ann', {}),
      );
      expect(won).toHaveLength(1);
      const found = await rig.store.look.find(id);
      expect(found).toMatchObject([{ mailbox: won[0] === 1 && round % 2 === 0 ? 'Cy' : 'ann', state: 'ready' }]);
      for (const one of found) await rig.store.mail.cancel(one, {});
    }
  });

  test('what lies in a mailbox that is renamed meanwhile stays there, and goes from where it is now', async () => {
    await rig.send();
    const before = await rig.only('ready');
    await rename('bob', 'rob');
    await expectRefusal(rig.store.mail.handOver(before, 'ann', {}), 'STATE_CHANGED');
    await rig.store.mail.handOver(await rig.only('ready', 'rob'), 'ann', {});
    expect(await rig.store.look.find(before.id)).toMatchObject([{ mailbox: 'ann', state: 'ready' }]);
  });

  test('to a mailbox that is renamed meanwhile nothing goes, and its new name is said', async () => {
    // So that this store has put something there before.
    await rig.send({ to: ['ann'] });
    await rig.send();
    const entry = await rig.only('ready');
    const other = await rig.another();
    await other.mail.handOver(await rig.only('ready', 'ann'), 'Cy', {});
    await rename('ann', 'anna');
    const error = await refusal(rig.store.mail.handOver(entry, 'ann', {}));
    expect(error.code).toBe('AGENT_NOT_FOUND');
    expect(error.message).toContain('anna now');
    expect(await rig.only('ready')).toEqual(entry);
    await rig.store.mail.handOver(entry, 'anna', {});
    expect(await rig.only('ready', 'anna')).toMatchObject({ id: entry.id });
  });

  test('what has outlived its time dies where it was handed over to, with the attempts that it had', async () => {
    const expiresAt = new Date(rig.now() + briefMs).toISOString();
    await rig.send({ expiresAt });
    await rig.mustClaim();
    await rig.pass(2 * briefMs);
    await rig.store.mail.handOver(await rig.only('inflight'), 'ann', {});
    expect(await claimAs('ann')).toBeUndefined();
    expect(await rig.only('dead', 'ann')).toMatchObject({ attempt: 1 });
  });

  test('of what dies where it was handed over to it is known what was tried before, and not what became of its copy', async () => {
    await rig.send({ to: ['bob', 'Cy'] });
    await rig.store.mail.ack((await claimAs('Cy'))?.receipt ?? '', {});
    await rig.mustClaim();
    await rig.store.mail.handOver(await rig.only('inflight'), 'ann', {});
    await rig.store.mail.nack((await claimAs('ann'))?.receipt ?? '', { policy, dead: true });
    const { attempts, history = [] } = (await rig.store.look.deadReason(await rig.only('dead', 'ann'))) ?? {};
    expect(attempts).toBe(2);
    expect(history.map(({ mailbox, event }) => `${mailbox} ${event}`)).toEqual([
      'bob delivered',
      'bob claimed',
      'bob handed_over',
      'ann delivered',
      'ann claimed',
    ]);
  });

  test('what rests and holds its ordering key lets go of it where it was', async () => {
    await rig.send({ orderingKey: 'k', body: 'first' });
    await rig.send({ orderingKey: 'k', body: 'second' });
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, delayMs: leaseMs });
    expect(await rig.claim()).toBeUndefined();
    await rig.store.mail.handOver(await rig.only('delayed'), 'ann', {});
    expect((await rig.mustClaim()).message.body).toBe('second');
    expect((await claimAs('ann'))?.message.body).toBe('first');
  });

  test('with an ordering key it frees the next of its key where it was, and goes in turn where it is', async () => {
    await rig.send({ orderingKey: 'k', body: 'first' });
    await rig.send({ orderingKey: 'k', body: 'second' });
    await rig.mustClaim();
    expect(await rig.claim()).toBeUndefined();
    await rig.store.mail.handOver(await rig.only('inflight'), 'ann', {});
    expect((await rig.mustClaim()).message.body).toBe('second');
    const first = await claimAs('ann');
    expect(first?.message.body).toBe('first');
    await rig.store.mail.nack(first?.receipt ?? '', { policy, delayMs: briefMs });
    await rig.send({ to: ['ann'], orderingKey: 'k', body: 'third' });
    expect(await claimAs('ann')).toBeUndefined();
  });

  test('a task is told by its entry and its receipt, and can be claimed among others', async () => {
    await rig.send({ body: 'mail' });
    await rig.send({ body: 'task', task });
    const tasks = (entries: readonly Entry[]) => entries.map((entry) => entry.task ?? false);
    expect(tasks(await rig.entries('ready'))).toEqual([false, true]);
    const { receipt, message } = await rig.mustClaim({ filter: { task: true } });
    expect(message).toMatchObject({ body: 'task', task });
    expect(rig.store.mail.parseReceipt(receipt)).toMatchObject({ id: message.id, task: true });
    expect(await rig.claim({ filter: { task: true } })).toBeUndefined();
    const { receipt: other } = await rig.mustClaim();
    expect(rig.store.mail.parseReceipt(other)).not.toHaveProperty('task');
    await rig.store.mail.ack(receipt, {});
    expect(await rig.only('archived')).toMatchObject({ task: true });
  });

  test('what was cancelled is told from what was acked', async () => {
    await rig.send();
    await rig.store.mail.cancel(await rig.only('ready'), {});
    expect(await rig.only('archived')).toMatchObject({ withdrawn: true });
    await rig.store.mail.restore(await rig.only('archived'), {});
    await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
    expect(await rig.only('archived')).not.toHaveProperty('withdrawn');
  });
}
