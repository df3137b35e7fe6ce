import { expect } from 'vitest';
import type { Message } from '../../../src/model/message.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import type { Outgoing, Sent } from '../../../src/storage/port/mail.ts';
import { accepted, type Rig } from './rig.ts';

export function replaceRules(rig: Rig): void {
  const { test } = rig;
  const sendKeyed = (fields: Partial<Message> = {}, more: Partial<Outgoing> = {}): Promise<Sent> =>
    rig.send({ from: 'ann', replaceKey: 'k', ...fields }, more);
  const waiting = async (mailbox = 'bob'): Promise<string[]> =>
    [...(await rig.entries('ready', mailbox)), ...(await rig.entries('delayed', mailbox))].map(({ id }) => id);

  test('the newest takes the place of what waits, ready or delayed, which is archived and told', async () => {
    const first = await sendKeyed();
    const second = await sendKeyed({}, { dueAt: rig.now() + 3_600_000 });
    expect(second.replaced).toEqual([{ mailbox: 'bob', id: first.id }]);
    const third = await sendKeyed();
    expect(third.replaced).toEqual([{ mailbox: 'bob', id: second.id }]);
    expect(await waiting()).toEqual([third.id]);
    expect((await rig.entries('archived')).map(({ id }) => id).sort()).toEqual([first.id, second.id].sort());
    const told = (await rig.events()).filter(({ event }) => event === 'replaced');
    expect(told).toMatchObject([
      { id: first.id, by: 'ann', replacedBy: second.id },
      { id: second.id, by: 'ann', replacedBy: third.id },
    ]);
    expect(await rig.drain()).toHaveLength(1);
  });

  test('another key, none, or the same of another sender is left alone', async () => {
    const sent = [
      await sendKeyed({ replaceKey: 'other' }),
      await sendKeyed({ from: 'Cy' }),
      await rig.send({ from: 'ann' }),
      await sendKeyed(),
    ];
    expect(sent.flatMap(({ replaced = [] }) => replaced)).toEqual([]);
    expect((await waiting()).sort()).toEqual(sent.map(({ id }) => id).sort());
    await sendKeyed({ from: 'ANN' });
    expect(await waiting()).toHaveLength(4);
  });

  test('what is claimed, finished or dead stays as it is; what was given back waits again', async () => {
    const first = await sendKeyed();
    const { receipt } = await rig.mustClaim();
    const second = await sendKeyed();
    expect(second.replaced).toBeUndefined();
    expect((await rig.only('inflight')).id).toBe(first.id);
    await rig.store.mail.nack(receipt, { policy: { maxAttempts: 9, backoffMinMs: 1000, backoffMaxMs: 1000 } });
    const third = await sendKeyed();
    expect(third.replaced?.map(({ id }) => id).sort()).toEqual([first.id, second.id].sort());
    await rig.store.mail.ack((await rig.mustClaim()).receipt, {});
    expect((await sendKeyed()).replaced).toBeUndefined();
  });

  test('of several recipients it does so in each mailbox for itself', async () => {
    const first = await sendKeyed({ to: ['bob', 'Cy'] });
    await rig.mustClaim();
    const second = await sendKeyed({ to: ['ann', 'bob', 'Cy'] });
    expect(second.replaced).toEqual([{ mailbox: 'Cy', id: first.id }]);
    for (const mailbox of ['ann', 'bob', 'Cy']) expect(await waiting(mailbox)).toEqual([second.id]);
    expect((await rig.only('inflight')).id).toBe(first.id);
  });

  test('many that are sent in one call, or at once from two handles, leave the latest one', async () => {
    const other = await rig.another();
    const batch = (): Outgoing[] =>
      Array.from({ length: 5 }, () => rig.outgoing({ from: 'ann', replaceKey: 'k', to: ['bob'] }));
    const sent = await Promise.all(
      [rig.store, other].map((store) => store.mail.send(batch(), { durability: 'relaxed' })),
    );
    const ids = sent.flat().map((one) => accepted([one]).id);
    expect(await waiting()).toEqual([ids.sort().at(-1)]);
    expect(await rig.entries('archived')).toHaveLength(9);
  });

  test('it needs no room where it takes the place of another, and some where it does not', async () => {
    const limits = new Map([['bob', { maxMessages: 1, maxBytes: 10_000 }]]);
    await sendKeyed({}, { limits });
    const second = await sendKeyed({}, { limits });
    expect(await waiting()).toEqual([second.id]);
    const [refused] = await rig.store.mail.send([rig.outgoing({ replaceKey: 'x' }, { limits })], {
      durability: 'relaxed',
    });
    expect(refused).toBeInstanceOf(DreamosError);
  });

  test('the repeat of a send replaces nothing, and another replace key is another message', async () => {
    const first = await sendKeyed({ dedupeKey: 'd' });
    const second = await sendKeyed({ dedupeKey: 'e' });
    expect(second.replaced).toEqual([{ mailbox: 'bob', id: first.id }]);
    expect(await sendKeyed({ dedupeKey: 'd' })).toMatchObject({ id: first.id, duplicate: true });
    expect(await waiting()).toEqual([second.id]);
    const [refused] = await rig.store.mail.send([rig.outgoing({ from: 'ann', dedupeKey: 'd', replaceKey: 'other' })], {
      durability: 'relaxed',
    });
    expect(refused).toMatchObject({ code: 'DEDUPE_MISMATCH' });
  });

  test('an answer that a request waits for is nobody else’s to replace', async () => {
    const request = rig.ids.next(rig.now());
    await rig.store.mail.openInbox('bob', request, rig.now() + 60_000);
    const answer = await sendKeyed({ replyTo: request });
    expect((await sendKeyed()).replaced).toBeUndefined();
    expect((await rig.mustClaim({ inbox: request })).message.id).toBe(answer.id);
  });
}
