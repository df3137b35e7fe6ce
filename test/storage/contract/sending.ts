import { expect, test } from 'vitest';
import { unseal, seal } from '../../../src/model/message.ts';
import { accepted, Bench, type MakeStore } from './bench.ts';

export function sendRules(makeStore: MakeStore): void {
  const bench = new Bench(makeStore);

  test('a sent message is ready in its mailbox, whole, with its digest', async () => {
    const message = bench.message({
      subject: 'Ünïcode ✓',
      body: 'a\n"b"\u0000\u2028',
      tags: ['x'],
      data: { deep: [1, null] },
      ...{ extra: 'kept' },
    });
    const sent = accepted(await bench.store.mail.send([{ message, mailboxes: ['bob'] }], { durability: 'full' }));
    const durability = bench.store.capabilities.durability === 'full' ? 'full' : 'relaxed';
    expect(sent).toEqual({ id: message.id, mailboxes: ['bob'], state: 'ready', durability });
    const read = await bench.store.look.read(await bench.only('ready'));
    expect(read).toEqual(unseal(seal(message)));
  });

  test('another handle sees what was sent', async () => {
    const { id } = await bench.send();
    expect((await bench.mustClaim({}, await bench.another())).message.id).toBe(id);
  });

  test('a message to several mailboxes is once in each, and each has its own state', async () => {
    const { id, mailboxes } = await bench.send({ to: ['ann', 'bob', 'Cy'] });
    expect(mailboxes).toEqual(['ann', 'bob', 'Cy']);
    await bench.store.mail.ack((await bench.mustClaim()).receipt, {});
    expect((await bench.store.look.find(id)).map(({ mailbox, state }) => `${mailbox} ${state}`).sort()).toEqual([
      'Cy ready',
      'ann ready',
      'bob archived',
    ]);
  });

  test('of several messages each has its own result, in order, and its own commit', async () => {
    const outgoing = Array.from({ length: 100 }, (_, i) =>
      bench.outgoing({ body: `${i}`, to: i % 10 === 0 ? ['bob', 'Cy'] : ['bob'] }),
    );
    const results = await bench.store.mail.send(outgoing, { durability: 'relaxed' });
    expect(results.map((result) => ('id' in result ? result.id : result))).toEqual(
      outgoing.map(({ message }) => message.id),
    );
    expect(await bench.drain()).toEqual(outgoing.map(({ message }) => message.body));
    expect(await bench.entries('ready', 'Cy')).toHaveLength(10);
  });

  test('sending nothing is fine', async () => {
    expect(await bench.store.mail.send([], { durability: 'full' })).toEqual([]);
  });

  test('a message for later is delayed until it is due, then comes before newer ones', async () => {
    const dueAt = bench.clock.now() + 10_000;
    const sent = await bench.send({ body: 'later' }, { dueAt });
    await bench.send({ body: 'new' });
    expect(sent.state).toBe('delayed');
    expect((await bench.only('delayed')).dueAt).toBe(dueAt);
    bench.clock.advance(9_999);
    expect(await bench.recover()).toBe(0);
    bench.clock.advance(1);
    expect(await bench.recover()).toBe(1);
    expect(await bench.drain()).toEqual(['later', 'new']);
  });

  test('a message for later goes to all its mailboxes', async () => {
    await bench.send({ to: ['bob', 'Cy'] }, { dueAt: bench.clock.now() + 1000 });
    expect(await bench.entries('delayed', 'Cy')).toHaveLength(1);
    bench.clock.advance(1000);
    expect(await bench.recover('bob')).toBe(1);
    expect(await bench.recover('Cy')).toBe(1);
  });

  test('recover says when the next thing falls due', async () => {
    await bench.send({}, { dueAt: bench.clock.now() + 70_000 });
    await bench.send();
    expect((await bench.store.mail.recover('bob', { maxAttempts: 5, backoffMinMs: 1, backoffMaxMs: 1 })).nextAt).toBe(
      bench.clock.now() + 70_000,
    );
    await bench.mustClaim({ leaseMs: 30_000 });
    expect((await bench.store.mail.recover('bob', { maxAttempts: 5, backoffMinMs: 1, backoffMaxMs: 1 })).nextAt).toBe(
      bench.clock.now() + 30_000,
    );
  });
}
