import { expect, test } from 'vitest';
import type { Store } from '../../../src/storage/port/store.ts';
import { accepted, Bench, type MakeStore, policy } from './bench.ts';
import { newToken } from './ways.ts';

const waitMs = 30_000;

export function requestRules(makeStore: MakeStore): void {
  const bench = new Bench(makeStore);

  /** ann has asked bob. @returns the request's id */
  const asked = async (): Promise<string> => {
    const request = bench.message();
    await bench.store.mail.openInbox('ann', request.id, bench.clock.now() + waitMs);
    accepted(await bench.store.mail.send([{ message: request, mailboxes: ['bob'] }], { durability: 'relaxed' }));
    return request.id;
  };
  const answer = (replyTo: string, body: string, more = {}) =>
    bench.outgoing({ from: 'bob', to: ['ann'], replyTo, body, ...more });
  const answered = async (request: string, body: string, more = {}): Promise<string> =>
    accepted(await (await bench.another()).mail.send([answer(request, body, more)], { durability: 'relaxed' })).id;
  const claim = async (inbox?: string, store: Store = bench.store) =>
    (await store.mail.claim('ann', { token: newToken(), leaseMs: 1000, policy, ...(inbox !== undefined && { inbox }) }))
      ?.message.body;

  test('an answer goes to its request alone: no other claim takes it', async () => {
    const request = await asked();
    await answered(request, 'yes');
    expect(await claim()).toBeUndefined();
    expect(await claim(undefined, await bench.another())).toBeUndefined();
    expect(await claim(request)).toBe('yes');
    expect(await claim(request)).toBeUndefined();
  });

  test('a request has an inbox until it is closed', async () => {
    const request = await asked();
    expect(await bench.store.mail.hasInbox('ann', request)).toBe(true);
    expect(await bench.store.mail.hasInbox('bob', request)).toBe(false);
    await bench.store.mail.closeInbox('ann', request);
    expect(await bench.store.mail.hasInbox('ann', request)).toBe(false);
  });

  test('two requests each get their own answers, however they are sent', async () => {
    const [one, two] = [await asked(), await asked()];
    const batch = [answer(two, 'b1'), answer(one, 'a1'), answer(two, 'b2')];
    await bench.store.mail.send(batch, { durability: 'full' });
    await answered(one, 'a2', { dedupeKey: 'k' });
    await answered(one, 'a3', { to: ['Cy', 'ann'] });
    expect([await claim(one), await claim(one), await claim(one), await claim(one)]).toEqual([
      'a1',
      'a2',
      'a3',
      undefined,
    ]);
    expect([await claim(two), await claim(two), await claim(two)]).toEqual(['b1', 'b2', undefined]);
    expect((await bench.entries('ready', 'Cy')).length).toBe(1);
  });

  test('what is no answer, or one to something else, is ordinary mail', async () => {
    const request = await asked();
    await bench.send({ to: ['ann'], body: 'news' });
    await bench.send({ to: ['ann'], body: 'other', replyTo: bench.message().id });
    await bench.send({ to: ['ann'], body: 'odd', replyTo: '../x' });
    expect(await claim(request)).toBeUndefined();
    expect([await claim(), await claim(), await claim()]).toEqual(['news', 'other', 'odd']);
  });

  test('a waiting answer is delayed until the inbox closes, and is found, counted, read and cancelled there', async () => {
    const request = await asked();
    await bench.send({ to: ['ann'] }, { dueAt: bench.clock.now() + 1000 });
    const id = await answered(request, 'yes');
    await bench.send({ to: ['ann'] }, { dueAt: bench.clock.now() + waitMs + 1000 });
    expect(await bench.store.look.counts('ann')).toMatchObject({ delayed: 3, ready: 0 });
    const listed = await bench.entries('delayed', 'ann');
    expect(listed.map(({ dueAt }) => (dueAt ?? 0) - bench.clock.now())).toEqual([1000, waitMs, waitMs + 1000]);
    const [entry] = await bench.store.look.find(id);
    expect(entry).toEqual(listed[1]);
    expect(entry).toMatchObject({ id, mailbox: 'ann', state: 'delayed', attempt: 0 });
    expect((await bench.store.look.read(entry as never))?.body).toBe('yes');
    await bench.store.mail.cancel(entry as never, {});
    expect(await claim(request)).toBeUndefined();
    expect((await bench.store.look.counts('ann')).archived).toBe(1);
  });

  test('when the inbox closes, what is left is ready, and what comes later, too', async () => {
    const request = await asked();
    const ids = [await answered(request, 'one'), await answered(request, 'two')];
    expect(await bench.store.mail.closeInbox('ann', request)).toBe(2);
    await answered(request, 'three');
    expect(await claim(request)).toBeUndefined();
    expect((await bench.entries('ready', 'ann')).map(({ id }) => id).slice(0, 2)).toEqual(ids);
    expect([await claim(), await claim(), await claim(), await claim()]).toEqual(['one', 'two', 'three', undefined]);
    expect(await bench.store.mail.closeInbox('ann', request)).toBe(0);
  });

  test('closing wakes whoever waits at the mailbox', async () => {
    const request = await asked();
    const id = await answered(request, 'yes');
    const cursor = await bench.store.journal.cursor(['ann'], 'now');
    await bench.store.mail.closeInbox('ann', request);
    expect(await bench.events(['ann'], cursor)).toMatchObject([
      { event: 'delivered', id, from: 'bob', replyTo: request },
    ]);
  });

  test('the inbox of a requester that died closes when its time is over, whoever looks', async () => {
    const request = await asked();
    await answered(request, 'yes');
    const other = await bench.another();
    expect(await other.mail.recover('ann', policy)).toEqual({ moved: 0, nextAt: bench.clock.now() + waitMs });
    bench.clock.advance(waitMs - 1);
    expect(await claim(undefined, other)).toBeUndefined();
    bench.clock.advance(1);
    expect((await other.mail.recover('ann', policy)).moved).toBe(1);
    expect(await claim()).toBe('yes');
    await answered(request, 'late');
    expect(await claim()).toBe('late');
    expect((await other.mail.recover('ann', policy)).nextAt).toBe(bench.clock.now() + 1000);
  });

  test('an answer that was claimed and not acked comes back as ordinary mail', async () => {
    const request = await asked();
    await answered(request, 'yes');
    expect(await claim(request)).toBe('yes');
    bench.clock.advance(1000);
    await bench.recover('ann');
    expect(await claim(request)).toBeUndefined();
    expect(await claim()).toBe('yes');
  });

  test('a delayed answer goes to the request when it is due', async () => {
    const request = await asked();
    accepted(
      await bench.store.mail.send([{ ...answer(request, 'soon'), dueAt: bench.clock.now() + 500 }], {
        durability: 'relaxed',
      }),
    );
    expect(await claim(request)).toBeUndefined();
    bench.clock.advance(500);
    expect(await claim()).toBeUndefined();
    expect(await claim(request)).toBe('soon');
  });

  test('a repeat under the same key answers once, and says ready', async () => {
    const request = await asked();
    const id = await answered(request, 'yes', { dedupeKey: 'k' });
    const [again] = await bench.store.mail.send([answer(request, 'yes', { dedupeKey: 'k' })], { durability: 'full' });
    expect(again).toMatchObject({ id, duplicate: true, state: 'ready' });
    expect(await claim(request)).toBe('yes');
    expect(await claim(request)).toBeUndefined();
  });

  test('waiting for one answer is not reading the mailbox', async () => {
    const request = await asked();
    await claim(request);
    expect(await bench.store.look.lastReadAt('ann')).toBeUndefined();
  });

  test('the history of a message has all mailboxes and the arrival of its answers, and nothing else', async () => {
    const other = await bench.send();
    const { id } = await bench.send({ to: ['bob', 'Cy'] });
    bench.clock.advance(10);
    const { receipt } = await bench.mustClaim({ by: 'worker', filter: { id } });
    bench.clock.advance(86_400_000);
    await bench.store.mail.ack(receipt, { by: 'worker' });
    bench.clock.advance(10);
    const answerId = await answered(id, 'done');
    await bench.send({ thread: id });
    const told = await bench.store.journal.history(id);
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
    expect(await bench.store.journal.history(other.id)).toHaveLength(1);
    expect(await bench.store.journal.history(bench.message().id)).toEqual([]);
  });
}
