import { expect } from 'vitest';
import { unseal, seal } from '../../../src/model/message.ts';
import { accepted, policy, type Rig } from './rig.ts';

export function sendRules(rig: Rig): void {
  const { test, onStillClock } = rig;

  test('a sent message is ready in its mailbox, whole, with its digest', async () => {
    const message = rig.message({
      subject: 'Ünïcode ✓',
      body: 'a\n"b"\u0000\u2028',
      tags: ['x'],
      data: { deep: [1, null] },
      extra: { colour: 'kept' },
    });
    const sent = accepted(await rig.store.mail.send([{ message, mailboxes: ['bob'] }], { durability: 'full' }));
    const durability = rig.store.capabilities.durability === 'full' ? 'full' : 'relaxed';
    expect(sent).toEqual({ id: message.id, mailboxes: ['bob'], state: 'ready', durability });
    const read = await rig.store.look.read(await rig.only('ready'));
    expect(read).toEqual(unseal(seal(message)));
  });

  test('another handle sees what was sent', async () => {
    const { id } = await rig.send();
    expect((await rig.mustClaim({}, await rig.another())).message.id).toBe(id);
  });

  test('a message to several mailboxes is once in each, and each has its own state', async () => {
    const { id, mailboxes } = await rig.send({ to: ['ann', 'bob', 'Cy'] });
    expect(mailboxes).toEqual(['ann', 'bob', 'Cy']);
    await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
    expect((await rig.store.look.find(id)).map(({ mailbox, state }) => `${mailbox} ${state}`).sort()).toEqual([
      'Cy ready',
      'ann ready',
      'bob archived',
    ]);
  });

  test('of several messages each has its own result, in order, and its own commit', async () => {
    const outgoing = Array.from({ length: 100 }, (_, i) =>
      rig.outgoing({ body: `${i}`, to: i % 10 === 0 ? ['bob', 'Cy'] : ['bob'] }),
    );
    const results = await rig.store.mail.send(outgoing, { durability: 'relaxed' });
    expect(results.map((result) => ('id' in result ? result.id : result))).toEqual(
      outgoing.map(({ message }) => message.id),
    );
    expect(await rig.drain()).toEqual(outgoing.map(({ message }) => message.body));
    expect(await rig.entries('ready', 'Cy')).toHaveLength(10);
  });

  test('sending nothing is fine', async () => {
    expect(await rig.store.mail.send([], { durability: 'full' })).toEqual([]);
  });

  onStillClock('a message for later is delayed until it is due, then comes before newer ones', async () => {
    const dueAt = rig.now() + 10_000;
    const sent = await rig.send({ body: 'later' }, { dueAt });
    await rig.send({ body: 'new' });
    expect(sent.state).toBe('delayed');
    expect((await rig.only('delayed')).dueAt).toBe(dueAt);
    await rig.pass(9_999);
    expect(await rig.recover()).toBe(0);
    await rig.pass(1);
    expect(await rig.recover()).toBe(1);
    expect(await rig.drain()).toEqual(['later', 'new']);
  });

  test('a message for later goes to all its mailboxes', async () => {
    await rig.send({ to: ['bob', 'Cy'] }, { dueAt: rig.now() + 1000 });
    expect(await rig.entries('delayed', 'Cy')).toHaveLength(1);
    await rig.pass(1000);
    expect(await rig.recover('bob')).toBe(1);
    expect(await rig.recover('Cy')).toBe(1);
  });

  onStillClock('recover says when the next thing falls due', async () => {
    const dueAt = rig.now() + 70_000;
    await rig.send({}, { dueAt });
    await rig.send();
    expect((await rig.store.mail.recover('bob', { maxAttempts: 5, backoffMinMs: 1, backoffMaxMs: 1 })).nextAt).toBe(
      dueAt,
    );
    await rig.mustClaim({ leaseMs: 30_000 });
    expect((await rig.store.mail.recover('bob', { maxAttempts: 5, backoffMinMs: 1, backoffMaxMs: 1 })).nextAt).toEqual(
      rig.around(rig.now() + 30_000),
    );
  });

  test('when recover says that the next thing falls due is never too late, and not much too early', async () => {
    const expectNextAt = async (at: number): Promise<void> => {
      const { nextAt } = await rig.store.mail.recover('bob', policy);
      expect(nextAt).toBeGreaterThan(at - 15_000);
      expect(nextAt).toBeLessThanOrEqual(at);
    };
    const dueAt = rig.now() + 75_000;
    await rig.send({}, { dueAt });
    await rig.send();
    await expectNextAt(dueAt);
    const { leaseUntil } = await rig.mustClaim({ leaseMs: 35_000 });
    await expectNextAt(leaseUntil);
  });
}
