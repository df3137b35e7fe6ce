import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { unseal } from '../../../../src/model/message.ts';
import type { Lock } from '../../../../src/storage/port/documents.ts';
import type { Disk } from '../../../../src/storage/file/disk/disk.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { leaseMs, policy } from '../../contract/rig.ts';
import { Killed, watchedDisk } from '../disks.ts';
import { newToken } from '../../contract/ways.ts';
import { collect, drain, inspected, makeRoom, recoverAll, type Room } from '../room.ts';

const dayMs = 86_400_000;

const packAll = (store: Store): Promise<unknown[]> =>
  collect(store.upkeep!.packArchive('bob', { beforeDay: '9999-01-01', dryRun: false }));

/** Sends so many in one batch, and finishes them; then it is tomorrow. */
async function finished(room: Room, store: Store, count: number): Promise<string[]> {
  const batch = Array.from({ length: count }, (_, i) => room.outgoing({ body: `body ${i}` }));
  await store.mail.send(batch, { durability: 'relaxed' });
  for (const _ of batch) {
    room.clock.advance(1);
    await store.mail.ack((await store.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.receipt ?? '', {});
  }
  room.clock.advance(dayMs);
  return batch.map(({ message }) => message.id);
}

const archive = (room: Room): string => room.at('bob').archive;
const packsIn = (room: Room): string[] => readdirSync(archive(room)).filter((name) => name.endsWith('.jsonl.gz'));
const onlyPack = (room: Room): string => {
  const [name = '', ...more] = packsIn(room);
  expect(more).toEqual([]);
  return join(archive(room), name);
};
const bodies = async (store: Store): Promise<(string | undefined)[]> => {
  const found: (string | undefined)[] = [];
  for await (const entry of store.look.list('bob', 'archived')) found.push((await store.look.read(entry))?.body);
  return found;
};

describe('while somebody packs', () => {
  const looks = {
    list: (store: Store) => store.look.list('bob', 'archived'),
    listArchived: (store: Store) => store.look.listArchived('bob', {}),
  };
  const cases = Object.keys(looks).flatMap((name) => [[name, 0] as const, [name, 1] as const, [name, 2] as const]);

  test.each(cases)('a %s that has begun misses nothing (%i packed before)', async (name, packedBefore) => {
    const room = makeRoom();
    const store = await room.open();
    const ids: string[] = [];
    for (let day = 0; day < 3; day++) {
      if (day === packedBefore) await packAll(store);
      ids.push(...(await finished(room, store, 3)));
    }
    const seen: string[] = [];
    let packing = 0;
    for await (const entry of looks[name as keyof typeof looks](store)) {
      if (packing++ === 0) await packAll(await room.open());
      seen.push((await store.look.read(entry))?.body === undefined ? `${entry.id} unread` : entry.id);
    }
    expect(seen.sort()).toEqual(ids.sort());
    expect(packsIn(room)).toHaveLength(3);
  });
});

describe('a pack', () => {
  test('is a gzip file of JSON Lines: the old name, when it was acked, and the bytes that were sealed', async () => {
    const room = makeRoom();
    const store = await room.open();
    const handedIn = '{\n  "from": "script",\n  "body": "by hand"\n}\n';
    writeFileSync(`${room.at('bob').drop}/a.json`, handedIn);
    await recoverAll(room, store);
    await drain(store);
    const ids = await finished(room, store, 2);
    const [day = ''] = readdirSync(archive(room));
    const names = readdirSync(join(archive(room), day)).sort();
    await packAll(store);
    const text = gunzipSync(readFileSync(onlyPack(room))).toString();
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; ackedAt: string; bytes?: string; message: { id: string } });
    expect(lines.map(({ name }) => name)).toEqual(names);
    expect(lines.map(({ ackedAt }) => ackedAt.slice(0, 10))).toEqual([day, day, day]);
    expect(lines.slice(1).map(({ message }) => message.id)).toEqual(ids);
    for (const [i, line] of text.trimEnd().split('\n').entries()) {
      const bytes = Buffer.from(line.slice(line.indexOf(',"message":') + 11, -1));
      expect(unseal(bytes).id).toBe(lines[i]?.message.id);
    }
    expect(Buffer.from(lines[0]?.bytes ?? '', 'base64').toString()).toBe(handedIn);
    expect(lines[1]).not.toHaveProperty('bytes');
    expect(await bodies(store)).toEqual(['body 1', 'body 0', 'by hand']);
    expect(room.warnings).toEqual([]);
  });

  test('of a handed-in message or a part of a batch gives it back as a whole one', async () => {
    const room = makeRoom();
    const store = await room.open();
    writeFileSync(
      `${room.at('bob').drop}/a.json`,
      '{"from":"script","body":"by hand","id":"01KAGZ0000000000000000000A"}',
    );
    await recoverAll(room, store);
    await drain(store);
    await finished(room, store, 2);
    await packAll(store);
    for (const entry of await collect(store.look.list('bob', 'archived'))) await store.mail.restore(entry, {});
    expect((await drain(await room.open())).sort()).toEqual(['body 0', 'body 1', 'by hand']);
    expect(await inspected(store, false)).toEqual([]);
  });

  test('of 600 messages is read in parts, and not at all for an id that its name rules out', async () => {
    const room = makeRoom();
    const reads: string[] = [];
    const real = watchedDisk();
    const disk: Disk = {
      ...real,
      read(path, options) {
        if (path.endsWith('.gz') && (options.range?.length ?? 0) > 100) reads.push(path);
        return real.read(path, options);
      },
    };
    const store = await room.open();
    const first = await finished(room, store, 600);
    const second = await finished(room, store, 3);
    await packAll(store);
    expect(packsIn(room)).toHaveLength(2);
    expect((await store.look.counts('bob')).archived).toBe(603);
    const other = await room.open(disk);
    expect(await other.look.find(first[300] ?? '', 'bob')).toMatchObject([{ state: 'archived' }]);
    expect(reads).toHaveLength(1);
    expect(await other.look.find(second[0] ?? '', 'bob')).toHaveLength(1);
    expect(reads).toHaveLength(2);
    expect((await other.look.counts('bob')).archived).toBe(603);
    expect(reads).toHaveLength(2);
    expect(await bodies(other)).toEqual(['body 2', 'body 1', 'body 0', ...first.map((_, i) => `body ${599 - i}`)]);
    // Each part was read once, however many messages of it were.
    expect(reads.length).toBeLessThanOrEqual(2 + 4);
  });

  test('made by two at once, with a restorer beside them, loses nothing and shows nothing twice', async () => {
    const room = makeRoom();
    const store = await room.open();
    const ids = await finished(room, store, 30);
    const entries = await collect(store.look.list('bob', 'archived'));
    const restored: string[] = [];
    const restorer = await room.open();
    const restoreSome = async (): Promise<void> => {
      for (const entry of entries.filter((_, i) => i % 5 === 0)) {
        const [now] = await restorer.look.find(entry.id, 'bob');
        if (now?.state !== 'archived') continue;
        try {
          await restorer.mail.restore(now, {});
          restored.push(entry.id);
        } catch (error) {
          expect((error as { code: string }).code).toBe('STATE_CHANGED');
        }
      }
    };
    // No locks here: as after a stale takeover.
    await Promise.all([packAll(await room.open()), packAll(await room.open()), restoreSome()]);
    await packAll(store);
    expect(restored.length).toBeGreaterThan(0);
    const ready = (await collect(store.look.list('bob', 'ready'))).map(({ id }) => id);
    expect(ready.sort()).toEqual(restored.sort());
    const archived = (await collect(store.look.list('bob', 'archived'))).map(({ id }) => id);
    expect(new Set([...archived, ...ready])).toEqual(new Set(ids));
    expect(archived).toHaveLength(new Set(archived).size);
  });

  test('that is damaged is said to be, stays, and does not keep the others from being seen', async () => {
    const room = makeRoom();
    const store = await room.open();
    await finished(room, store, 300);
    await finished(room, store, 1);
    await packAll(store);
    const [name = ''] = packsIn(room).sort();
    const path = join(archive(room), name);
    const bytes = readFileSync(path);
    bytes[bytes.length - 30] = (bytes.at(-30) ?? 0) ^ 0xff;
    writeFileSync(path, bytes);
    const other = await room.open();
    expect(await bodies(other)).toHaveLength(257);
    expect(room.warnings).toEqual([expect.stringContaining('is damaged')]);
    const finding = { rule: 'pack', level: 'problem', mailbox: 'bob' };
    expect(await inspected(other, true)).toMatchObject([finding]);
    expect(await inspected(other, true)).toMatchObject([finding]);
    expect(readFileSync(path)).toEqual(bytes);
    await packAll(other);
    expect(readFileSync(path)).toEqual(bytes);
  });

  test.for([
    ['cut short', (path: string) => truncateSync(path, readFileSync(path).length - 1)],
    ['another count', (path: string) => renameSync(path, path.replace(/\.3\./, '.4.'))],
    ['another day', (path: string) => renameSync(path, path.replace(/\/\d{4}-/, '/1999-'))],
    ['no gzip at all', (path: string) => writeFileSync(path, 'x'.repeat(500))],
  ] as const)('with %s is a problem for doctor', async ([, breaks]) => {
    const room = makeRoom();
    const store = await room.open();
    await finished(room, store, 3);
    await packAll(store);
    expect(await inspected(store, false)).toEqual([]);
    breaks(onlyPack(room));
    const findings = await inspected(await room.open(), true);
    expect(findings.length).toBeGreaterThan(0);
    for (const { rule, level, fixed } of findings) expect([rule, level, fixed]).toEqual(['pack', 'problem', undefined]);
    expect(packsIn(room)).toHaveLength(1);
  });

  test('has no place for messages that cannot be read: they are put aside, and the others packed', async () => {
    const room = makeRoom();
    const store = await room.open();
    await finished(room, store, 2);
    const [day = ''] = readdirSync(archive(room));
    const folder = join(archive(room), day);
    const name = readdirSync(folder)[0] ?? '';
    writeFileSync(join(folder, name.replace(/\.r\d+-\d+\.jsonl$/, '.json').replace(/\.i...../, '.i01KAG')), '{"cut":');
    await packAll(store);
    expect((await store.look.counts('bob')).corrupt).toBe(1);
    expect(await bodies(store)).toEqual(['body 1', 'body 0']);
    expect(packsIn(room)).toHaveLength(1);
    expect(readdirSync(archive(room))).toHaveLength(1);
  });

  test('leaves what is nothing of dreamos to doctor, beside it and in its day', async () => {
    const room = makeRoom();
    const store = await room.open();
    await finished(room, store, 1);
    const [day = ''] = readdirSync(archive(room));
    writeFileSync(join(archive(room), day, 'notes.txt'), 'mine');
    writeFileSync(join(archive(room), 'old.jsonl.gz'), 'mine');
    mkdirSync(join(archive(room), `${day}.1.x.jsonl.gz.gone`));
    await packAll(store);
    expect(readdirSync(join(archive(room), day))).toEqual(['notes.txt']);
    expect(await bodies(store)).toEqual(['body 0']);
    const findings = await inspected(store, true);
    expect(findings.map(({ rule, fixed }) => [rule, fixed])).toEqual([
      ['entry', true],
      ['entry', true],
      ['entry', true],
    ]);
    expect((await store.look.counts('bob')).corrupt).toBe(3);
    expect(await bodies(store)).toEqual(['body 0']);
  });

  test('that nothing is left of goes with the next packing, and its marks with it', async () => {
    const room = makeRoom();
    const store = await room.open();
    await finished(room, store, 2);
    await packAll(store);
    for (const entry of await collect(store.look.list('bob', 'archived'))) await store.mail.restore(entry, {});
    expect(readdirSync(archive(room)).some((name) => name.endsWith('.gone'))).toBe(true);
    await packAll(store);
    expect(packsIn(room)).toEqual([]);
    expect(readdirSync(archive(room)).filter((name) => name.includes('.gone'))).toEqual([]);
    expect(await drain(await room.open())).toHaveLength(2);
  });
});

describe('a message that was taken out of its pack, and whose file was removed beside it', () => {
  /** Its restorer is killed in front of its last rename, and somebody packs right before. */
  async function hidden(room: Room, store: Store): Promise<string> {
    const [id = ''] = await finished(room, store, 2);
    await packAll(store);
    let dead = false;
    const dying = await room.open(
      watchedDisk(({ method, path, to }) => {
        if (!dead && method === 'rename' && to?.startsWith(room.at('bob').ready)) {
          dead = true;
          rmSync(path);
        }
        if (dead) throw new Killed('killed');
      }),
    );
    const [entry] = await dying.look.find(id, 'bob');
    await expect(dying.mail.restore(entry!, {})).rejects.toThrow(Killed);
    return id;
  }

  test('is told by the doctor, and archived again', async () => {
    const room = makeRoom();
    const store = await room.open();
    const id = await hidden(room, store);
    expect(await store.look.find(id, 'bob')).toEqual([]);
    const told = { rule: 'pack-hidden', message: expect.stringContaining(id) as string };
    expect(await inspected(store, false)).toMatchObject([{ ...told, fixed: false }]);
    expect(await inspected(store, true)).toMatchObject([{ ...told, fixed: true }]);
    expect(await store.look.find(id, 'bob')).toMatchObject([{ state: 'archived' }]);
    expect(await inspected(store, false)).toEqual([]);
  });

  test('is not one that was purged since', async () => {
    const room = makeRoom();
    const store = await room.open();
    const [id = ''] = await finished(room, store, 2);
    await packAll(store);
    await store.mail.restore((await store.look.find(id, 'bob'))[0]!, {});
    const claimed = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
    await store.mail.nack(claimed?.receipt ?? '', { dead: true, policy });
    await store.mail.purge((await store.look.find(id, 'bob'))[0]!, {});
    expect(await store.look.find(id, 'bob')).toEqual([]);
    expect(await inspected(store, false)).toEqual([]);
  });
});

test('a restore that has lost its lock marks nothing as gone', async () => {
  const room = makeRoom();
  const store = await room.open();
  const [id = ''] = await finished(room, store, 2);
  await packAll(store);
  const [entry] = await store.look.find(id, 'bob');
  await expect(store.mail.restore(entry!, { lock: { isHeld: () => false } })).rejects.toMatchObject({
    code: 'STATE_CHANGED',
  });
  await collect(store.upkeep!.packArchive('bob', { beforeDay: '9999-01-01', dryRun: false }));
  expect(await store.look.find(id, 'bob')).toMatchObject([{ state: 'archived' }]);
  expect(await inspected(store, false)).toEqual([]);
});

test('a packing that has lost its lock removes nothing any more, and the next one ends it', async () => {
  const room = makeRoom();
  const store = await room.open();
  const ids = await finished(room, store, 4);
  const [day = ''] = readdirSync(archive(room));
  let asked = 0;
  const pack = (lock: Lock) =>
    collect(store.upkeep!.packArchive('bob', { beforeDay: '9999-01-01', dryRun: false, lock }));
  // Lost in front of the third: the pack is whole, and what is in the folder, too, counts once.
  const lost = { isHeld: () => ++asked < 3 };
  await expect(pack(lost)).rejects.toMatchObject({ code: 'STATE_CHANGED' });
  expect(readdirSync(join(archive(room), day))).toHaveLength(2);
  // Who has the lock by then takes one out of the pack, and it is not removed as one that is packed.
  await expect(pack({ isHeld: () => false })).rejects.toMatchObject({ code: 'STATE_CHANGED' });
  expect(readdirSync(join(archive(room), day))).toHaveLength(2);
  expect((await store.look.counts('bob')).archived).toBe(4);
  await pack({ isHeld: () => true });
  expect(existsSync(join(archive(room), day))).toBe(false);
  const found = await Promise.all(ids.map((id) => store.look.find(id, 'bob')));
  expect(found.map((entries) => entries.length)).toEqual([1, 1, 1, 1]);
  expect(await inspected(store, false)).toEqual([]);
});
