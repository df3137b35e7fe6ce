import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EntryName, formatEntryName, parseEntryName } from '../../../../src/storage/file/names/entry-name.ts';
import { leaseMs, policy } from '../../contract/rig.ts';
import { drain, makeRoom, only } from '../room.ts';
import { renameSync } from 'node:fs';
import { newToken } from '../../contract/ways.ts';
import { slotOf } from '../../../../src/storage/file/names/slots.ts';
import { entryName, ids } from './any-name.ts';

const plain = `t1795165200000.i01KAGZ0000000000000000000A.p2.a0`;

describe('the name of an entry', () => {
  test('is read back as it was written', () => {
    fc.assert(
      fc.property(entryName, (name) => {
        expect(parseEntryName(formatEntryName(name))).toEqual(name);
      }),
    );
  });

  test('with every field at its longest still leaves room for a reason file and a mailbox in front', () => {
    // A file that was handed in holds one message, so it has no range, which is the shorter of the two.
    const longest = formatEntryName({
      tag: 'd',
      time: 9_999_999_999_999,
      id: ids.next(0),
      rank: 3,
      attempt: 9_999_999_999_999,
      token: 'ABCDEFGHJK',
      settled: 'ABCDEFGHJK',
      expiresAt: 999_999_999_999_999,
      handedIn: '0'.repeat(32),
      withdrawn: true,
      order: { key: '0'.repeat(16), life: 999_999 },
    });
    expect(parseEntryName(longest)).toBeDefined();
    expect(longest).toHaveLength(168);
    expect(longest.length + 65).toBeLessThanOrEqual(255);
  });

  test('with a replace key, a notice asked for and handed over besides, it is still read back', () => {
    const longest: EntryName = {
      tag: 'd',
      time: 9_999_999_999_999,
      id: ids.next(0),
      rank: 3,
      attempt: 999_999,
      token: 'ABCDEFGHJK',
      maxAttempts: 9999,
      settled: 'ABCDEFGHJK',
      expiresAt: 999_999_999_999_999,
      handedIn: '0'.repeat(32),
      withdrawn: true,
      order: { key: '0'.repeat(16), life: 999_999 },
      replace: '0'.repeat(10),
      notify: true,
      origin: '0'.repeat(10),
    };
    expect(parseEntryName(formatEntryName(longest))).toEqual(longest);
    expect(parseEntryName(formatEntryName(longest).replace('.f1', '.f2'))).toBeUndefined();
  });

  test('sorts as text as it does by time, then by id', () => {
    fc.assert(
      fc.property(fc.array(entryName.map((name) => ({ ...name, tag: 't' as const }))), (names) => {
        const byText = names.map(formatEntryName).sort().map(parseEntryName);
        const byTime = [...names].sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1));
        expect(byText.map((name) => name?.id)).toEqual(byTime.map(({ id }) => id));
      }),
    );
  });

  test.for([
    '',
    '.json',
    'README.md',
    'a.b.c.d.json',
    plain,
    `${plain}.txt`,
    `${plain}.json\n`,
    `\n${plain}.json`,
    `${plain}.jsonl`,
    `${plain}.r0-5.json`,
    `${plain}.r-5.jsonl`,
    `${plain}.r0-5-6.jsonl`,
    `${plain}..json`,
    `${plain}.cSHORT.json`,
    `${plain}.cABCDEFGHIJ.json`,
    `${plain}.x.json`,
    `${plain}.x-1.json`,
    `${plain}.x1e3.json`,
    `${plain}.hXYZ.json`,
    `${plain}.w0.json`,
    `${plain}.vXYZ.json`,
    `${plain}.../../etc.json`,
    `${plain}.z/../../etc.json`,
    `${plain}.Zupper.json`,
    `${plain}.${'z'.repeat(250)}.json`,
    plain.replace('.p2', '.p4') + '.json',
    plain.replace('.p2', '.q2') + '.json',
    plain.replace('.a0', '.a') + '.json',
    plain.replace('t1', 'x1') + '.json',
    plain.replace('t1795165200000', 't179516520000') + '.json',
    plain.replace('t1795165200000', 't1795165200O00') + '.json',
    plain.replace('01KAGZ', '01kagz') + '.json',
    plain.replace('01KAGZ', '81KAGZ') + '.json',
  ])('is not %j', (text) => expect(parseEntryName(text)).toBeUndefined());

  test('of any text is either refused or one that leads to no other folder', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `${plain}.${text}.json`),
        ),
        (text) => {
          const name = parseEntryName(text);
          expect(name === undefined ? 'refused' : formatEntryName(name)).toMatch(/^[A-Za-z0-9._-]+$/);
        },
      ),
    );
  });

  test.for([-5, 10_000_000_000_000, 8.64e15, 1e300])('is still one for the time %d', (at) => {
    const name = { tag: 'u', time: at, id: ids.next(0), rank: 0, attempt: 0, expiresAt: Math.min(at, 1e14) } as const;
    expect(parseEntryName(formatEntryName(name))).toBeDefined();
    expect(slotOf('delayed', at)).toMatch(/^delayed\/\d{4}-\d\d-\d\dT\d\d\/\d\d-\d0$/);
  });

  test('keeps what a newer version wrote into it through claim, nack, ack, death and retry', async () => {
    const room = makeRoom();
    const store = await room.open();
    await store.mail.send([room.outgoing()], { durability: 'relaxed' });
    const before = `${room.at('bob').dir}/${(await only(store, 'ready')).key}`;
    renameSync(before, before.replace(/\.json$/, '.nNEW_tag-1.z9.json'));
    const kept = /\.nNEW_tag-1\.z9\.json$/;

    const claim = async (): Promise<string> =>
      (await (await room.open()).mail.claim('bob', { token: newToken(), leaseMs, policy }))?.receipt ?? '';
    let receipt = await claim();
    expect((await only(store, 'inflight')).key).toMatch(kept);
    await store.mail.nack(receipt, { policy, delayMs: 10 });
    expect((await only(store, 'delayed')).key).toMatch(kept);
    room.clock.advance(10_000);
    receipt = await claim();
    await store.mail.nack(receipt, { policy, dead: true });
    expect((await only(store, 'dead')).key).toMatch(kept);
    await store.mail.retry(await only(store, 'dead'), {});
    expect((await only(store, 'ready')).key).toMatch(kept);
    receipt = await claim();
    await store.mail.renew(receipt, { leaseMs: leaseMs * 2 });
    await store.mail.ack(receipt, {});
    expect((await only(store, 'archived')).key).toMatch(kept);
  });

  test('whose time lies in the far future is neither lost nor in the way', async () => {
    const room = makeRoom();
    const store = await room.open();
    const never = '9999-12-31T23:59:59.999Z';
    await store.mail.send([room.outgoing({ body: 'keeps for ever', expiresAt: never })], { durability: 'relaxed' });
    await store.mail.send([room.outgoing({ body: 'some day' }, { dueAt: 1e14 })], { durability: 'relaxed' });
    expect(await drain(store)).toEqual(['keeps for ever']);
    expect((await only(store, 'delayed')).id).toBeDefined();
    expect(room.warnings).toEqual([]);
  });
});
