import { expect } from 'vitest';
import type { MailEvent, WatchedEvent } from '../../../src/model/event.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { briefMs, expectRefusal, leaseMs, policy, type Rig } from './rig.ts';
import { changeAgentIn, newToken } from './ways.ts';

export function eventRules(rig: Rig): void {
  const { test, onStillClock } = rig;
  const told = (events: readonly MailEvent[]): string[] => events.map(({ event, id }) => `${event} ${id}`);

  test('a delivery says from whom it is and what it is about', async () => {
    const fields = {
      from: 'ann',
      type: 'task',
      priority: 'high',
      subject: 'Build',
      thread: 't1',
      replyTo: '01JD0000000000000000000000',
    } as const;
    const { id } = await rig.send(fields);
    const [event] = await rig.events();
    expect(event).toMatchObject({
      at: rig.around(new Date(rig.now()).toISOString()),
      mailbox: 'bob',
      event: 'delivered',
      id,
      ...fields,
    });
    expect(event?.cursor).toMatch(/^\S+$/);
  });

  test('a message for later is scheduled, with the same words, and delivered when it is due', async () => {
    const { id } = await rig.send({ subject: 'Later' }, { dueAt: rig.now() + 1000 });
    await rig.pass(1000);
    await rig.recover();
    expect(await rig.events()).toMatchObject([
      { event: 'scheduled', id, from: 'ann', subject: 'Later', type: 'message', priority: 'normal' },
      { event: 'delivered', id, from: 'ann', subject: 'Later', type: 'message', priority: 'normal' },
    ]);
  });

  test('claim, renewal and ack are told, with who did it', async () => {
    await rig.send();
    const { receipt } = await rig.mustClaim({ by: 'bob' });
    await rig.store.mail.renew(receipt, { leaseMs, by: 'bob' });
    await rig.store.mail.ack(receipt, { by: 'bob' });
    expect((await rig.events()).slice(1)).toMatchObject([
      { event: 'claimed', by: 'bob', attempt: 1 },
      { event: 'renewed', by: 'bob' },
      { event: 'acked', by: 'bob' },
    ]);
  });

  test('a claim and what ends it carry the label of their consumer, if there is one', async () => {
    for (const dead of [false, true]) {
      await rig.send();
      const { receipt } = await rig.mustClaim({ by: 'bob', label: 'build-2' });
      await rig.store.mail.renew(receipt, { leaseMs, by: 'bob', label: 'build-3' });
      await rig.store.mail.nack(receipt, { policy, by: 'bob', label: 'build-4', delayMs: 0, dead });
    }
    await rig.send();
    await rig.store.mail.ack((await rig.mustClaim({ by: 'bob' })).receipt, { label: 'build-5' });
    const of = (event: string, label?: string) => ({ event, label });
    expect((await rig.events()).map(({ event, label }) => ({ event, label }))).toEqual([
      of('delivered'),
      ...[of('claimed', 'build-2'), of('renewed', 'build-3'), of('nacked', 'build-4')],
      of('delivered'),
      ...[of('claimed', 'build-2'), of('renewed', 'build-3'), of('dead', 'build-4')],
      of('delivered'),
      ...[of('claimed'), of('acked', 'build-5')],
    ]);
    for (const event of await rig.events()) expect('label' in event).toBe(event.label !== undefined);
  });

  test('an ack is told with what its consumer says of the work', async () => {
    await rig.send();
    await rig.store.mail.ack((await rig.mustClaim()).receipt, { score: 0, note: 'nothing was right' });
    expect((await rig.events()).at(-1)).toMatchObject({ event: 'acked', score: 0, note: 'nothing was right' });
    await rig.send();
    await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
    for (const field of ['score', 'note']) expect((await rig.events()).at(-1)).not.toHaveProperty(field);
  });

  test('a nack is told with its reason', async () => {
    await rig.send();
    await rig.store.mail.nack((await rig.mustClaim()).receipt, {
      policy,
      delayMs: 0,
      reason: 'no disk',
      by: 'bob',
    });
    expect((await rig.events()).at(-1)).toMatchObject({ event: 'nacked', reason: 'no disk', by: 'bob', attempt: 1 });
  });

  test('a lease that ran out is told when the message is taken back', async () => {
    await rig.send();
    await rig.mustClaim({ leaseMs: briefMs });
    await rig.pass(briefMs);
    await rig.recover();
    expect(await rig.eventNames()).toEqual(['delivered', 'claimed', 'lease_expired']);
  });

  test('a dead message is told once, last, with the reason', async () => {
    await rig.send();
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true, reason: 'poison' });
    const events = await rig.events();
    expect(events.filter(({ event }) => event === 'dead')).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ event: 'dead', reason: 'poison' });
  });

  test('changes by hand are told, with who made them', async () => {
    await rig.send();
    await rig.store.mail.cancel(await rig.only('ready'), { by: 'ann' });
    await rig.store.mail.restore(await rig.only('archived'), { by: 'ann' });
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true });
    await rig.store.mail.retry(await rig.only('dead'), { by: 'ann' });
    await rig.store.mail.nack((await rig.mustClaim()).receipt, { policy, dead: true });
    await rig.store.mail.purge(await rig.only('dead'), { by: 'ann' });
    await rig.store.mail.deposit('bob', rig.message(), 'archived', { by: 'ann', at: rig.now() });
    const byHand = (await rig.events()).filter(({ event }) =>
      ['cancelled', 'restored', 'retried', 'purged', 'imported'].includes(event),
    );
    expect(byHand.map(({ event, by }) => `${event} by ${by}`)).toEqual([
      'cancelled by ann',
      'restored by ann',
      'retried by ann',
      'purged by ann',
      'imported by ann',
    ]);
  });

  test('a cursor of now sees only what happens behind it', async () => {
    await rig.send();
    const cursor = await rig.store.journal.cursor(['bob'], 'now');
    expect(await rig.store.journal.readEvents(['bob'], cursor)).toMatchObject({ events: [], warnings: [] });
    const { id } = await rig.send();
    expect(told(await rig.events(['bob'], cursor))).toEqual([`delivered ${id}`]);
  });

  test('what happened since a moment is told, and at least the last events of each mailbox', async () => {
    for (let i = 0; i < 3; i++) await rig.send({ to: ['ann', 'bob'] });
    await rig.pass(briefMs);
    const since = rig.now();
    await rig.pass(briefMs);
    for (let i = 0; i < 2; i++) await rig.send();
    const all = await rig.events('all');
    const recent = (least: number) => rig.store.journal.recent(since, least);
    expect(told(await recent(0))).toEqual(told(all.slice(-2)));
    const four = await recent(4);
    expect(four.map(({ mailbox }) => mailbox).sort()).toEqual(['ann', 'ann', 'ann', 'bob', 'bob', 'bob', 'bob']);
    expect(told(four.slice(-2))).toEqual(told(all.slice(-2)));
    expect(four.map(({ at }) => at)).toEqual(four.map(({ at }) => at).sort());
    expect(four[0]).not.toHaveProperty('cursor');
  });

  onStillClock('what was told yesterday counts among the last events', async () => {
    const { id } = await rig.send();
    await rig.pass(24 * 3_600_000);
    const { id: second } = await rig.send();
    expect(told(await rig.store.journal.recent(rig.now(), 2))).toEqual([`delivered ${id}`, `delivered ${second}`]);
    expect(told(await rig.store.journal.recent(rig.now() - 1, 0))).toEqual([`delivered ${second}`]);
  });

  test('reading goes on from every event and every batch, and sees each event once', async () => {
    for (let i = 0; i < 5; i++) await rig.send();
    await rig.drain();
    const all = await rig.events();
    expect(all).toHaveLength(15);
    for (const [i, event] of all.entries())
      expect(told(await rig.events(['bob'], event.cursor))).toEqual(told(all.slice(i + 1)));
  });

  onStillClock('a cursor goes on in another handle, and over midnight', async () => {
    await rig.send();
    const first = (await rig.events()).at(-1)?.cursor;
    await rig.pass(16 * 3_600_000);
    const { id } = await rig.send();
    const other = await rig.another();
    expect(told(await rig.events(['bob'], first, other))).toEqual([`delivered ${id}`]);
    await other.mail.claim('bob', { token: newToken(), leaseMs, policy });
    expect((await rig.events(['bob'], first)).map(({ event }) => event)).toEqual(['delivered', 'claimed']);
  });

  test('a watcher of several mailboxes goes on from each event without gap or repeat', async () => {
    for (let i = 0; i < 3; i++) await rig.send({ to: ['ann', 'bob', 'Cy'] });
    const key = ({ mailbox, id }: WatchedEvent): string => `${mailbox} ${id}`;
    const all = await rig.events(['bob', 'Cy']);
    expect(all).toHaveLength(6);
    expect(new Set(all.map(key)).size).toBe(6);
    for (const [i, event] of all.entries()) {
      const rest = await rig.events(['bob', 'Cy'], event.cursor);
      expect(rest.map(key).sort()).toEqual(
        all
          .slice(i + 1)
          .map(key)
          .sort(),
      );
    }
  });

  test('a watcher of all mailboxes also sees those that are registered later', async () => {
    const cursor = await rig.store.journal.cursor(undefined, 'now');
    await rig.send();
    await changeAgentIn(rig.store, 'dora', () => ({
      name: 'dora',
      createdAt: new Date(rig.now()).toISOString(),
    }));
    await rig.send({ to: ['dora'] });
    expect((await rig.events('all', cursor)).map(({ mailbox }) => mailbox).sort()).toEqual(['bob', 'dora']);
  });

  test('what happens while somebody reads is neither missed nor repeated', async () => {
    const other = await rig.another();
    const seen: string[] = [];
    let cursor = await rig.store.journal.cursor(['bob'], 'start');
    const read = async (): Promise<void> => {
      const batch = await rig.store.journal.readEvents(['bob'], cursor);
      cursor = batch.cursor;
      seen.push(...told(batch.events));
    };
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) {
      const outgoing = rig.outgoing();
      ids.push(outgoing.message.id);
      await Promise.all([other.mail.send([outgoing], { durability: 'relaxed' }), read()]);
    }
    while (seen.length < 20) await read();
    await read();
    expect(seen).toEqual(ids.map((id) => `delivered ${id}`));
  });

  test('what happened elsewhere than where it is looked for comes in another look, once', async () => {
    let cursor = await rig.store.journal.cursor(undefined, 'now');
    const seen: string[] = [];
    const read = async (among?: ReadonlySet<string>): Promise<string[]> => {
      const batch = await rig.store.journal.readEvents(undefined, cursor, among);
      cursor = batch.cursor;
      seen.push(...batch.events.map(({ mailbox, id }) => `${mailbox} ${id}`));
      return batch.events.map(({ mailbox }) => mailbox);
    };
    const sent: string[] = [];
    for (const to of ['bob', 'Cy', 'bob', 'Cy']) {
      sent.push(`${to} ${(await rig.send({ to: [to] })).id}`);
      expect(await read(new Set([to]))).toContain(to);
      sent.push(`ann ${(await rig.send({ to: ['ann'] })).id}`);
    }
    expect(await read(new Set(['bob']))).not.toContain('bob');
    await read();
    expect(await read()).toEqual([]);
    expect(seen.toSorted()).toEqual(sent.toSorted());
  });

  test.for(['', 'nonsense', '{}', '\u0000', 'e30='])('%j is not a cursor', async (text) => {
    await expectRefusal(rig.store.journal.readEvents(['bob'], text), 'CURSOR_INVALID');
    await expectRefusal(rig.store.journal.readEvents(undefined, text), 'CURSOR_INVALID');
  });

  const nextHint = async (
    mailboxes: readonly string[] | undefined,
    act: (other: Store) => Promise<unknown>,
    hinted: (ReadonlySet<string> | undefined)[] = [],
  ): Promise<true> => {
    const other = await rig.another();
    let ring = (): void => undefined;
    const rung = new Promise<void>((resolve) => (ring = resolve));
    const wake = await rig.store.journal.watch(mailboxes, (where) => {
      hinted.push(where);
      ring();
    });
    try {
      await act(other);
      await rung;
      return true;
    } finally {
      await wake.close();
    }
  };

  test('a watcher is woken by what another handle does', async () => {
    expect(await nextHint(['bob'], (other) => other.mail.send([rig.outgoing()], { durability: 'relaxed' }))).toBe(true);
    expect(await nextHint(undefined, (other) => other.mail.claim('bob', { token: newToken(), leaseMs, policy }))).toBe(
      true,
    );
  });

  test('a hint says where something happened, or does not say where', async () => {
    const hinted: (ReadonlySet<string> | undefined)[] = [];
    await nextHint(undefined, (other) => other.mail.send([rig.outgoing()], { durability: 'relaxed' }), hinted);
    const [where] = hinted;
    expect(where === undefined || where.has('bob')).toBe(true);
  });

  test('a watcher of all mailboxes is woken by one that was registered later', async () => {
    const registerAndSend = async (other: Store): Promise<void> => {
      await changeAgentIn(other, 'dora', () => ({
        name: 'dora',
        createdAt: new Date(rig.now()).toISOString(),
      }));
      await other.mail.send([rig.outgoing({ to: ['dora'] })], { durability: 'relaxed' });
    };
    expect(await nextHint(undefined, registerAndSend)).toBe(true);
  });

  test('a closed watcher hears nothing more', async () => {
    let hints = 0;
    const closed = await rig.store.journal.watch(['bob'], () => hints++);
    await closed.close();
    await closed.close();
    await nextHint(['bob'], (other) => other.mail.send([rig.outgoing()], { durability: 'relaxed' }));
    expect(hints).toBe(0);
  });
}
