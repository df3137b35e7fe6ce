import { expect, test } from 'vitest';
import type { Store } from '../../../src/storage/port/store.ts';
import { accepted, Rig, type MakeStore, policy } from './rig.ts';
import { newToken } from './ways.ts';

const waitMs = 30_000;

export function requestRules(makeStore: MakeStore): void {
  const rig = new Rig(makeStore);

  /** ann has asked bob. @returns the request's id */
  const asked = async (): Promise<string> => {
    const request = rig.message();
    await rig.store.mail.openInbox('ann', request.id, rig.clock.now() + waitMs);
    accepted(await rig.store.mail.send([{ message: request, mailboxes: ['bob'] }], { durability: 'relaxed' }));
    return request.id;
  };
  const answer = (replyTo: string, body: string, more = {}) =>
    rig.outgoing({ from: 'bob', to: ['ann'], replyTo, body, ...more });
  const answered = async (request: string, body: string, more = {}): Promise<string> =>
    accepted(await (await rig.another()).mail.send([answer(request, body, more)], { durability: 'relaxed' })).id;
  const claim = async (inbox?: string, store: Store = rig.store) =>
    (await store.mail.claim('ann', { token: newToken(), leaseMs: 1000, policy, ...(inbox !== undefined && { inbox }) }))
      ?.message.body;

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
    await rig.send({ to: ['ann'] }, { dueAt: rig.clock.now() + 1000 });
    const id = await answered(request, 'yes');
    await rig.send({ to: ['ann'] }, { dueAt: rig.clock.now() + waitMs + 1000 });
    expect(await rig.store.look.counts('ann')).toMatchObject({ delayed: 3, ready: 0 });
    const listed = await rig.entries('delayed', 'ann');
    expect(listed.map(({ dueAt }) => (dueAt ?? 0) - rig.clock.now())).toEqual([1000, waitMs, waitMs + 1000]);
    const [entry] = await rig.store.look.find(id);
    expect(entry).toEqual(listed[1]);
    expect(entry).toMatchObject({ id, mailbox: 'ann', state: 'delayed', attempt: 0 });
    expect((await rig.store.look.read(entry as never))?.body).toBe('yes');
    await rig.store.mail.cancel(entry as never, {});
    expect(await claim(request)).toBeUndefined();
    expect((await rig.store.look.counts('ann')).archived).toBe(1);
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

  test('the inbox of a requester that died closes when its time is over, whoever looks', async () => {
    const request = await asked();
    await answered(request, 'yes');
    const other = await rig.another();
    expect(await other.mail.recover('ann', policy)).toEqual({ moved: 0, nextAt: rig.clock.now() + waitMs });
    rig.clock.advance(waitMs - 1);
    expect(await claim(undefined, other)).toBeUndefined();
    rig.clock.advance(1);
    expect((await other.mail.recover('ann', policy)).moved).toBe(1);
    expect(await claim()).toBe('yes');
    await answered(request, 'late');
    expect(await claim()).toBe('late');
    expect((await other.mail.recover('ann', policy)).nextAt).toBe(rig.clock.now() + 1000);
  });

  test('an answer that was claimed and not acked comes back as ordinary mail', async () => {
    const request = await asked();
    await answered(request, 'yes');
    expect(await claim(request)).toBe('yes');
    rig.clock.advance(1000);
    await rig.recover('ann');
    expect(await claim(request)).toBeUndefined();
    expect(await claim()).toBe('yes');
  });

  test('a delayed answer goes to the request when it is due', async () => {
    const request = await asked();
    accepted(
      await rig.store.mail.send([{ ...answer(request, 'soon'), dueAt: rig.clock.now() + 500 }], {
        durability: 'relaxed',
      }),
    );
    expect(await claim(request)).toBeUndefined();
    rig.clock.advance(500);
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

  test('the history of a message has all mailboxes and the arrival of its answers, and nothing else', async () => {
    const other = await rig.send();
    const { id } = await rig.send({ to: ['bob', 'Cy'] });
    rig.clock.advance(10);
    const { receipt } = await rig.mustClaim({ by: 'worker', filter: { id } });
    rig.clock.advance(86_400_000);
    await rig.store.mail.ack(receipt, { by: 'worker' });
    rig.clock.advance(10);
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
  });
}
