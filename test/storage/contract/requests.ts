import { expect } from 'vitest';
import { dayMs } from '../../../src/model/basics/limits.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { accepted, briefMs, expectRefusal, leaseMs, policy, type Rig } from './rig.ts';
import { newToken } from './ways.ts';

const longMs = 30_000;

export function requestRules(rig: Rig): void {
  const { test, onStillClock } = rig;

  /** ann has asked bob. @returns the request's id */
  const asked = async (waitMs = longMs): Promise<string> => {
    const request = rig.message();
    await rig.store.mail.openInbox('ann', request.id, rig.now() + waitMs);
    accepted(await rig.store.mail.send([{ message: request, mailboxes: ['bob'] }], { durability: 'relaxed' }));
    return request.id;
  };
  const answer = (replyTo: string, body: string, more = {}) =>
    rig.outgoing({ from: 'bob', to: ['ann'], replyTo, body, ...more });
  const answered = async (request: string, body: string, more = {}): Promise<string> =>
    accepted(await (await rig.another()).mail.send([answer(request, body, more)], { durability: 'relaxed' })).id;
  const claim = async (inbox?: string, store: Store = rig.store, forMs = leaseMs) =>
    (
      await store.mail.claim('ann', {
        token: newToken(),
        leaseMs: forMs,
        policy,
        ...(inbox !== undefined && { inbox }),
      })
    )?.message.body;

  test('an answer goes to its request alone: no other claim takes it', async () => {
    const request = await asked();
    await answered(request, 'yes');
    expect(await claim()).toBeUndefined();
    expect(await claim(undefined, await rig.another())).toBeUndefined();
    expect(await claim(request)).toBe('yes');
    expect(await claim(request)).toBeUndefined();
  });

  test('a request has an inbox until it is closed', async () => {
    const request = await asked();
    expect(await rig.store.mail.hasInbox('ann', request)).toBe(true);
    expect(await rig.store.mail.hasInbox('bob', request)).toBe(false);
    await rig.store.mail.closeInbox('ann', request);
    expect(await rig.store.mail.hasInbox('ann', request)).toBe(false);
  });

  test('two requests each get their own answers, however they are sent', async () => {
    const [one, two] = [await asked(), await asked()];
    const batch = [answer(two, 'b1'), answer(one, 'a1'), answer(two, 'b2')];
    await rig.store.mail.send(batch, { durability: 'full' });
    await answered(one, 'a2', { dedupeKey: 'k' });
    await answered(one, 'a3', { to: ['Cy', 'ann'] });
    expect([await claim(one), await claim(one), await claim(one), await claim(one)]).toEqual([
      'a1',
      'a2',
      'a3',
      undefined,
    ]);
    expect([await claim(two), await claim(two), await claim(two)]).toEqual(['b1', 'b2', undefined]);
    expect((await rig.entries('ready', 'Cy')).length).toBe(1);
  });

  test('what is no answer, or one to something else, is ordinary mail', async () => {
    const request = await asked();
    await rig.send({ to: ['ann'], body: 'news' });
    await rig.send({ to: ['ann'], body: 'other', replyTo: rig.message().id });
    await rig.send({ to: ['ann'], body: 'odd', replyTo: '../x' });
    expect(await claim(request)).toBeUndefined();
    expect([await claim(), await claim(), await claim()]).toEqual(['news', 'other', 'odd']);
  });

  test('a waiting answer is delayed until the inbox closes, and is found, counted, read and cancelled there', async () => {
    const request = await asked();
    const closesAt = rig.now() + longMs;
    await rig.send({ to: ['ann'] }, { dueAt: closesAt - 10_000 });
    const id = await answered(request, 'yes');
    await rig.send({ to: ['ann'] }, { dueAt: closesAt + 10_000 });
    expect(await rig.store.look.counts('ann')).toMatchObject({ delayed: 3, ready: 0 });
    const listed = await rig.entries('delayed', 'ann');
    expect(listed.map(({ dueAt }) => dueAt)).toEqual([closesAt - 10_000, rig.around(closesAt), closesAt + 10_000]);
    const [entry] = await rig.store.look.find(id);
    expect(entry).toEqual(listed[1]);
    expect(entry).toMatchObject({ id, mailbox: 'ann', state: 'delayed', attempt: 0 });
    expect((await rig.store.look.read(entry as never))?.body).toBe('yes');
    await rig.store.mail.cancel(entry as never, {});
    expect(await claim(request)).toBeUndefined();
    expect((await rig.store.look.counts('ann')).archived).toBe(1);
  });

  test('a waiting answer is delivered to its request alone, and one that is delayed goes there by hand', async () => {
    const request = await asked();
    const waiting = await answered(request, 'yes');
    const [entry] = await rig.entries('delayed', 'ann');
    await expectRefusal(rig.store.mail.deliver(entry as never, {}), 'STATE_CHANGED');
    await expectRefusal(rig.store.mail.deliver(entry as never, { dueAt: rig.now() + longMs }), 'STATE_CHANGED');
    expect(await rig.entries('delayed', 'ann')).toMatchObject([{ id: waiting }]);
    await rig.send({ to: ['ann'], body: 'later', replyTo: request }, { dueAt: rig.now() + 2 * longMs });
    const [, later] = await rig.entries('delayed', 'ann');
    const moved = await rig.store.mail.deliver(later as never, {});
    expect(moved).toMatchObject({ id: later?.id, state: 'delayed' });
    expect(await rig.store.look.find(moved.id, 'ann')).toEqual([moved]);
    expect([await claim(request), await claim(request)]).toEqual(['yes', 'later']);
  });

  test('when the inbox closes, what is left is ready, and what comes later, too', async () => {
    const request = await asked();
    const ids = [await answered(request, 'one'), await answered(request, 'two')];
    expect(await rig.store.mail.closeInbox('ann', request)).toBe(2);
    await answered(request, 'three');
    expect(await claim(request)).toBeUndefined();
    expect((await rig.entries('ready', 'ann')).map(({ id }) => id).slice(0, 2)).toEqual(ids);
    expect([await claim(), await claim(), await claim(), await claim()]).toEqual(['one', 'two', 'three', undefined]);
    expect(await rig.store.mail.closeInbox('ann', request)).toBe(0);
  });

  test('closing wakes whoever waits at the mailbox', async () => {
    const request = await asked();
    const id = await answered(request, 'yes');
    const cursor = await rig.store.journal.cursor(['ann'], 'now');
    await rig.store.mail.closeInbox('ann', request);
    expect(await rig.events(['ann'], cursor)).toMatchObject([
      { event: 'delivered', id, from: 'bob', replyTo: request },
    ]);
  });

  onStillClock('an inbox that was opened while the clock was ahead closes, whoever looks', async () => {
    await rig.pass(400 * dayMs);
    const request = await asked();
    await rig.pass(-400 * dayMs);
    const kept = await asked();
    await answered(kept, 'kept');
    const id = await answered(request, 'yes');
    expect(await (await rig.another()).mail.recover('ann', policy)).toEqual({ moved: 1, nextAt: rig.now() + longMs });
    expect(await rig.entries('ready', 'ann')).toMatchObject([{ id }]);
    expect([await rig.store.mail.hasInbox('ann', request), await rig.store.mail.hasInbox('ann', kept)]).toEqual([
      false,
      true,
    ]);
  });

  onStillClock('the inbox of a requester that died closes when its time is over, whoever looks', async () => {
    const request = await asked();
    await answered(request, 'yes');
    const other = await rig.another();
    expect(await other.mail.recover('ann', policy)).toEqual({ moved: 0, nextAt: rig.now() + longMs });
    await rig.pass(longMs - 1);
    expect(await claim(undefined, other)).toBeUndefined();
    await rig.pass(1);
    expect((await other.mail.recover('ann', policy)).moved).toBe(1);
    expect(await claim()).toBe('yes');
    await answered(request, 'late');
    expect(await claim()).toBe('late');
    expect((await other.mail.recover('ann', policy)).nextAt).toBe(rig.now() + leaseMs);
  });

  test('what is left in an inbox whose time is over, and what comes later, is ordinary mail', async () => {
    const request = await asked(briefMs);
    await answered(request, 'yes');
    await rig.pass(briefMs);
    await answered(request, 'late');
    expect([await claim(), await claim()]).toEqual(['yes', 'late']);
    expect(await claim(request)).toBeUndefined();
  });

  test('an answer that was claimed and not acked comes back as ordinary mail', async () => {
    const request = await asked();
    await answered(request, 'yes');
    expect(await claim(request, rig.store, briefMs)).toBe('yes');
    await rig.pass(briefMs);
    await rig.recover('ann');
    expect(await claim(request)).toBeUndefined();
    expect(await claim()).toBe('yes');
  });

  test('a delayed answer goes to the request when it is due', async () => {
    const request = await asked();
    accepted(
      await rig.store.mail.send([{ ...answer(request, 'soon'), dueAt: rig.now() + 3 * briefMs }], {
        durability: 'relaxed',
      }),
    );
    expect(await claim(request)).toBeUndefined();
    await rig.pass(3 * briefMs);
    expect(await claim()).toBeUndefined();
    expect(await claim(request)).toBe('soon');
  });

  test('a repeat under the same key answers once, and says ready', async () => {
    const request = await asked();
    const id = await answered(request, 'yes', { dedupeKey: 'k' });
    const [again] = await rig.store.mail.send([answer(request, 'yes', { dedupeKey: 'k' })], { durability: 'full' });
    expect(again).toMatchObject({ id, duplicate: true, state: 'ready' });
    expect(await claim(request)).toBe('yes');
    expect(await claim(request)).toBeUndefined();
  });

  test('waiting for one answer is not reading the mailbox', async () => {
    const request = await asked();
    await claim(request);
    expect(await rig.store.look.lastReadAt('ann')).toBeUndefined();
  });

  onStillClock(
    'the history of a message has all mailboxes and the arrival of its answers, and nothing else',
    async () => {
      const other = await rig.send();
      const { id } = await rig.send({ to: ['bob', 'Cy'] });
      await rig.pass(10);
      const { receipt } = await rig.mustClaim({ by: 'worker', filter: { id } });
      await rig.pass(86_400_000);
      await rig.store.mail.ack(receipt, { by: 'worker' });
      await rig.pass(10);
      const answerId = await answered(id, 'done');
      await rig.send({ thread: id });
      const told = await rig.store.journal.history(id);
      expect(
        told
          .slice(0, 2)
          .map(({ mailbox }) => mailbox)
          .sort(),
      ).toEqual(['Cy', 'bob']);
      expect(told).toMatchObject([
        { event: 'delivered', id, from: 'ann' },
        { event: 'delivered', id, from: 'ann' },
        { event: 'claimed', id, mailbox: 'bob', by: 'worker', attempt: 1 },
        { event: 'acked', id, mailbox: 'bob', by: 'worker' },
        { event: 'delivered', id: answerId, mailbox: 'ann', replyTo: id },
      ]);
      expect(await rig.store.journal.history(other.id)).toHaveLength(1);
      expect(await rig.store.journal.history(rig.message().id)).toEqual([]);
    },
  );
}
