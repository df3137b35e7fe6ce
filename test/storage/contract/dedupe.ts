import { expect } from 'vitest';
import { DreamosError } from '../../../src/model/errors.ts';
import type { Message } from '../../../src/model/message.ts';
import { accepted, type Rig } from './rig.ts';
import { changeIn } from './ways.ts';
import type { Outgoing, Sent } from '../../../src/storage/port/mail.ts';

export function dedupeRules(rig: Rig): void {
  const { test, onStillClock } = rig;
  const day = 24 * 3_600_000;
  const sendKeyed = (fields: Partial<Message> = {}, more: Partial<Outgoing> = {}): Promise<Sent> =>
    rig.send({ dedupeKey: 'k', ...fields }, more);
  const refusedAs = async (fields: Partial<Message>): Promise<DreamosError> => {
    const [result] = await rig.store.mail.send([rig.outgoing({ dedupeKey: 'k', ...fields })], {
      durability: 'relaxed',
    });
    expect(result).toBeInstanceOf(DreamosError);
    return result as DreamosError;
  };

  test('a repeat sends nothing and answers with the first id', async () => {
    const first = await sendKeyed();
    expect(first.duplicate).toBeUndefined();
    await rig.pass(1000);
    const again = await sendKeyed();
    expect(again).toMatchObject({ id: first.id, mailboxes: ['bob'], duplicate: true });
    expect(await rig.entries('ready')).toHaveLength(1);
  });

  test('a repeat with the same time-to-live is the same content, although it would expire later', async () => {
    const times = () => {
      const now = rig.now();
      return { createdAt: new Date(now).toISOString(), expiresAt: new Date(now + 60_000).toISOString() };
    };
    const first = await sendKeyed(times());
    await rig.pass(1000);
    expect(await sendKeyed(times())).toMatchObject({ id: first.id, duplicate: true });
  });

  test('sealed words under a key are compared by their code and not by their ciphertext', async () => {
    const first = await sendKeyed({ sealed: 'age', sealedMac: 'one', body: 'a ciphertext' });
    const again = { sealed: 'age', body: 'another ciphertext' };
    expect(await sendKeyed({ ...again, sealedMac: 'one' })).toMatchObject({ id: first.id, duplicate: true });
    expect((await refusedAs({ ...again, sealedMac: 'two' })).code).toBe('DEDUPE_MISMATCH');
    expect((await refusedAs({ body: 'a ciphertext' })).code).toBe('DEDUPE_MISMATCH');
    expect((await refusedAs({ ...again, sealedMac: 'one', sealed: 'otherwise' })).code).toBe('DEDUPE_MISMATCH');
    const formerly = await sendKeyed({ ...again, sealedMac: 'three' }, { formerMacs: ['two', 'one'] });
    expect(formerly).toMatchObject({ id: first.id, duplicate: true });
    const bare = await sendKeyed({ dedupeKey: 'bare', sealed: 'age', body: 'a ciphertext' });
    expect(await sendKeyed({ dedupeKey: 'bare', sealed: 'age', body: 'a ciphertext' })).toMatchObject({ id: bare.id });
    expect((await refusedAs({ dedupeKey: 'bare', ...again })).code).toBe('DEDUPE_MISMATCH');
  });

  test('a repeat from another handle is known', async () => {
    const first = await sendKeyed();
    const other = await rig.another();
    expect(accepted(await other.mail.send([rig.outgoing({ dedupeKey: 'k' })], { durability: 'full' }))).toMatchObject({
      id: first.id,
      duplicate: true,
    });
  });

  onStillClock(
    'a repeat is known after the first was acked, for two days and no longer, whoever has swept',
    async () => {
      const first = await sendKeyed();
      await rig.drain();
      await rig.pass(2 * day - 1);
      expect(await rig.store.upkeep?.sweepKeys({ dryRun: false })).toBe(0);
      expect(await sendKeyed()).toMatchObject({ id: first.id, duplicate: true });
      expect(await rig.entries('ready')).toEqual([]);
      await rig.pass(1);
      const second = await sendKeyed({ body: 'other words' });
      expect(second.duplicate).toBeUndefined();
      expect(await rig.entries('ready')).toHaveLength(1);
      await rig.pass(day);
      expect(await sendKeyed({ body: 'other words' })).toMatchObject({ id: second.id, duplicate: true });
    },
  );

  onStillClock('the setting dedupeWindow says how long, to who sends and to who sweeps', async () => {
    const other = await rig.another();
    await sendKeyed({ dedupeKey: 'old' });
    await rig.pass(3 * 3_600_000);
    const first = await sendKeyed();
    await rig.store.documents.put('settings', { dedupeWindow: '2h' }, undefined);
    await rig.pass(3_600_000);
    expect(await rig.store.upkeep?.sweepKeys({ dryRun: true })).toBe(1);
    expect(await other.upkeep?.sweepKeys({ dryRun: false })).toBe(1);
    expect(await sendKeyed()).toMatchObject({ id: first.id, duplicate: true });
    await rig.pass(2 * 3_600_000);
    const again = accepted(await other.mail.send([rig.outgoing({ dedupeKey: 'k' })], { durability: 'full' }));
    expect(again.duplicate).toBeUndefined();
  });

  onStillClock.for([3, -3])(
    'of several who send under a key %d days later at the same moment one sends',
    async (days) => {
      const stores = [rig.store, await rig.another(), await rig.another()];
      await sendKeyed();
      await rig.drain();
      await rig.pass(days * day);
      const results = await Promise.all(
        Array.from({ length: 9 }, (_, i) =>
          (stores[i % 3] ?? rig.store).mail.send([rig.outgoing({ dedupeKey: 'k' })], { durability: 'relaxed' }),
        ),
      );
      expect(results.flat().filter((sent) => !('duplicate' in sent))).toHaveLength(1);
      expect(await rig.entries('ready')).toHaveLength(1);
    },
  );

  onStillClock(
    'a key that was made while the clock was a year ahead is over, to who sends and to who sweeps',
    async () => {
      await rig.pass(365 * day);
      const ahead = [await sendKeyed(), await sendKeyed({ dedupeKey: 'swept' })];
      await rig.drain();
      await rig.pass(-365 * day);
      const other = await rig.another();
      const again = await sendKeyed({ body: 'other words' });
      expect([again.id === ahead[0]?.id, again.duplicate]).toEqual([false, undefined]);
      expect(await sendKeyed({ body: 'other words' })).toMatchObject({ id: again.id, duplicate: true });
      expect(await rig.entries('ready')).toMatchObject([{ id: again.id }]);
      expect(await other.upkeep?.sweepKeys({ dryRun: true })).toBe(1);
      expect(await rig.store.upkeep?.sweepKeys({ dryRun: false })).toBe(1);
      expect(await other.upkeep?.sweepKeys({ dryRun: false })).toBe(0);
    },
  );

  onStillClock('a clock that is set back by no more than the window lets no repeat be sent again', async () => {
    const first = await sendKeyed();
    await rig.pass(-2 * day);
    expect(await rig.store.upkeep?.sweepKeys({ dryRun: false })).toBe(0);
    expect(await sendKeyed()).toMatchObject({ id: first.id, duplicate: true });
    await rig.pass(-60_001);
    expect((await sendKeyed()).duplicate).toBeUndefined();
  });

  test('other words under the same key are refused with the first id, and nothing is sent', async () => {
    const first = await sendKeyed({ body: 'one' });
    for (const fields of [
      { body: 'two' },
      { body: 'one', subject: 's' },
      { body: 'one', data: 1 },
      { body: 'one', priority: 'high' as const },
    ]) {
      const error = await refusedAs(fields);
      expect(error).toMatchObject({ code: 'DEDUPE_MISMATCH', kind: 'conflict' });
      expect(error.message).toContain(first.id);
    }
    expect(await rig.entries('ready')).toHaveLength(1);
  });

  test('other recipients under the same key are refused', async () => {
    await sendKeyed();
    expect((await refusedAs({ to: ['bob', 'Cy'] })).code).toBe('DEDUPE_MISMATCH');
    expect((await refusedAs({ to: ['Cy'] })).code).toBe('DEDUPE_MISMATCH');
    expect(await rig.entries('ready', 'Cy')).toEqual([]);
  });

  test('to a group its name counts, whoever is in it by now, and the answer has the first mailboxes', async () => {
    const toGroup = { addressedTo: ['@crew'] };
    const first = await sendKeyed({ ...toGroup, to: ['bob', 'Cy'] });
    const again = await sendKeyed({ ...toGroup, to: ['ann'] });
    expect(again).toMatchObject({ id: first.id, mailboxes: ['bob', 'Cy'], duplicate: true });
    expect(await rig.entries('ready', 'ann')).toEqual([]);
    expect((await refusedAs({ addressedTo: ['@others'], to: ['bob', 'Cy'] })).code).toBe('DEDUPE_MISMATCH');
    expect((await refusedAs({ to: ['bob', 'Cy'] })).code).toBe('DEDUPE_MISMATCH');
  });

  onStillClock('while the settings cannot be used a key is remembered as long as they said before', async () => {
    const write = (settings: object) => changeIn(rig.store, 'settings', () => settings);
    await write({ dedupeWindow: '4d' });
    const first = await sendKeyed();
    await rig.drain();
    await rig.pass(3 * day);
    for (const wrong of [{ dedupeWindow: 'soon' }, { dedupeWindow: '1h', lease: 'soon' }, []]) {
      await write(wrong);
      expect(await sendKeyed()).toMatchObject({ id: first.id, duplicate: true });
      expect(await rig.store.upkeep?.sweepKeys({ dryRun: false })).toBe(0);
    }
    await write({ dedupeWindow: '1h' });
    expect((await sendKeyed()).duplicate).toBeUndefined();
  });

  test('what may only be a repeat is refused as it says while nothing was sent under its key, and takes nothing', async () => {
    const refusal = new DreamosError('not-found', 'AGENT_NOT_FOUND', 'Nobody is in it.');
    const toGroup = { dedupeKey: 'k', addressedTo: ['@crew'] };
    const repeat = () =>
      rig.store.mail.send([rig.outgoing({ ...toGroup, to: [] }, { refusal })], { durability: 'relaxed' });
    expect(await repeat()).toEqual([refusal]);
    const first = await sendKeyed({ ...toGroup, to: ['bob'] });
    expect(first.duplicate).toBeUndefined();
    expect(await repeat()).toMatchObject([{ id: first.id, mailboxes: ['bob'], duplicate: true }]);
    expect(await rig.entries('ready')).toHaveLength(1);
  });

  test('of a key that has kept no words, as those of older versions, the recipients count', async () => {
    const first = await sendKeyed({ to: ['bob', 'Cy'] });
    const same = await sendKeyed({ addressedTo: ['@crew'], to: ['Cy', 'bob'] });
    expect(same).toMatchObject({ id: first.id, duplicate: true });
    expect((await refusedAs({ addressedTo: ['@crew'], to: ['bob'] })).message).toContain('to other recipients');
  });

  test('a key belongs to its sender', async () => {
    await sendKeyed({ from: 'ann' });
    expect((await sendKeyed({ from: 'Cy', body: 'other' })).duplicate).toBeUndefined();
    expect(await rig.entries('ready')).toHaveLength(2);
  });

  test('the same key twice in one call sends once', async () => {
    const outgoing = [
      rig.outgoing({ dedupeKey: 'k' }),
      rig.outgoing({ dedupeKey: 'k' }),
      rig.outgoing({ dedupeKey: 'k', body: 'other' }),
    ];
    const [first, second, third] = await rig.store.mail.send(outgoing, { durability: 'relaxed' });
    expect(first).toMatchObject({ id: outgoing[0]?.message.id });
    expect(second).toMatchObject({ id: outgoing[0]?.message.id, duplicate: true });
    expect(third).toMatchObject({ code: 'DEDUPE_MISMATCH' });
    expect(await rig.entries('ready')).toHaveLength(1);
  });

  test('the same key from two handles at the same moment sends once', async () => {
    const stores = [rig.store, await rig.another()];
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        (stores[i % 2] ?? rig.store).mail.send([rig.outgoing({ dedupeKey: 'k', to: ['bob', 'Cy'] })], {
          durability: 'relaxed',
        }),
      ),
    );
    const sent = results.flat() as Sent[];
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(sent.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    await rig.recover();
    expect(await rig.entries('ready')).toHaveLength(1);
    expect(await rig.entries('ready', 'Cy')).toHaveLength(1);
  });

  test('a delayed message is deduplicated as well', async () => {
    const first = await sendKeyed({}, { dueAt: rig.now() + 60_000 });
    await rig.pass(1000);
    expect(await sendKeyed({}, { dueAt: rig.now() + 60_000 })).toMatchObject({ id: first.id, duplicate: true });
    expect(await rig.entries('delayed')).toHaveLength(1);
  });

  test('what was sent in another root is neither asked for its key nor remembered under it', async () => {
    const first = await sendKeyed();
    const carried = await sendKeyed({ body: 'of a later day' }, { carried: true });
    expect(carried.duplicate).toBeUndefined();
    expect(carried.id).not.toBe(first.id);
    expect(await sendKeyed({ dedupeKey: 'other' }, { carried: true })).not.toHaveProperty('duplicate');
    expect(await sendKeyed({ dedupeKey: 'other', body: 'sent here' })).not.toHaveProperty('duplicate');
    expect(await rig.entries('ready')).toHaveLength(4);
  });

  test('several that were sent in another root, with keys and without, are there with theirs', async () => {
    const outgoing = [{ dedupeKey: 'k' }, {}, { dedupeKey: 'k' }].map((fields) =>
      rig.outgoing(fields, { carried: true }),
    );
    for (const sent of await rig.store.mail.send(outgoing, { durability: 'full' })) accepted([sent]);
    const ids = outgoing.map(({ message }) => message.id);
    expect((await rig.entries('ready')).map(({ id }) => id)).toEqual(ids);
    expect((await rig.mustClaim()).message.dedupeKey).toBe('k');
  });
}
