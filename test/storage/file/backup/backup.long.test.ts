import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DreamosError } from '../../../../src/model/errors.ts';
import { logOf } from '../../../../src/model/topic.ts';
import { findFileRoot } from '../../../../src/storage/file/find-root.ts';
import { initFileStore } from '../../../../src/storage/file/make-root.ts';
import { layoutOf } from '../../../../src/storage/file/names/layout.ts';
import { openFileStore } from '../../../../src/storage/file/open.ts';
import { restoreFileStore } from '../../../../src/storage/file/restore/restore.ts';
import type { State } from '../../../../src/model/state.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { leaseMs, policy } from '../../contract/rig.ts';
import { newToken } from '../../contract/ways.ts';
import { type DiskCall, watchedDisk } from '../disks.ts';
import { census, collect, inspected, makeRoom, type Room } from '../room.ts';
import { scratch } from '../../../scratch.ts';

const full = { durability: 'relaxed' } as const;

async function backedUp(store: Store, file = join(scratch(), 'mail.tar.gz')): Promise<string> {
  await store.upkeep!.backup!(file, {});
  return file;
}

async function restored(room: Room, file: string): Promise<{ store: Store; again: Room }> {
  const root = join(scratch(), 'again');
  await restoreFileStore(file, {
    root,
    cwd: '/',
    env: {},
    disk: watchedDisk(),
    warn: (text) => void room.warnings.push(text),
  });
  const store = await openFileStore(root, { ...room, disk: watchedDisk(), warn: () => undefined });
  return { store, again: { ...room, root, layout: layoutOf(root), at: (name) => layoutOf(root).mailbox(name) } };
}

const sent = async (room: Room, store: Store, more: object = {}, fields: object = {}): Promise<string> => {
  const outgoing = room.outgoing(fields, more);
  room.clock.advance(1);
  const [result] = await store.mail.send([outgoing], full);
  if (result instanceof Error) throw result;
  return outgoing.message.id;
};
const claimed = async (room: Room, store: Store): Promise<string> => {
  room.clock.advance(1);
  return (await store.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.receipt ?? '';
};
const nackNow = { delayMs: 0, policy };

/** Of bob's: one in each state, by the state. */
async function oneInEachState(room: Room, store: Store): Promise<Map<string, State>> {
  const ids = new Map<string, State>();
  const acked = await sent(room, store);
  await store.mail.ack(await claimed(room, store), {});
  const dead = await sent(room, store);
  await store.mail.nack(await claimed(room, store), { dead: true, reason: 'no good', policy });
  const resting = await sent(room, store);
  await store.mail.nack(await claimed(room, store), { delayMs: 50_000, policy });
  const held = await sent(room, store);
  await claimed(room, store);
  ids.set(acked, 'archived').set(dead, 'dead').set(resting, 'delayed').set(held, 'ready');
  ids.set(await sent(room, store, { dueAt: room.clock.now() + 3_600_000 }), 'delayed');
  ids.set(await sent(room, store), 'ready');
  room.clock.advance(10);
  return ids;
}

const statesOf = (found: ReadonlyMap<string, State[]>): Record<string, State[]> =>
  Object.fromEntries([...found].map(([key, states]) => [key.replace('bob ', ''), states]));

describe('a backup of a root at rest', () => {
  test('is restored with each message once, in its state, what was claimed ready, and doctor finds nothing', async () => {
    const room = makeRoom();
    const store = await room.open();
    const ids = await oneInEachState(room, store);
    const { store: second, again } = await restored(room, await backedUp(store));
    expect(statesOf(await census(again, second))).toEqual(
      Object.fromEntries([...ids].map(([id, state]) => [id, [state]])),
    );
    expect(await inspected(second, false)).toEqual([]);
    const [deadOne] = await collect(second.look.list('bob', 'dead'));
    expect(await second.look.deadReason(deadOne!)).toMatchObject({ reason: 'no good' });
    expect(room.warnings).toEqual([]);
  });

  test('gives what was claimed to the next reader first, as its second attempt, and tells why', async () => {
    const room = makeRoom();
    const store = await room.open();
    const held = await sent(room, store);
    await claimed(room, store);
    await sent(room, store);
    const { store: second } = await restored(room, await backedUp(store));
    const delivery = await second.mail.claim('bob', { token: newToken(), leaseMs, policy });
    expect(delivery).toMatchObject({ attempt: 2, message: { id: held } });
    expect((await second.journal.history(held)).map(({ event }) => event)).toEqual([
      'delivered',
      'claimed',
      'lease_expired',
      'claimed',
    ]);
  });

  test('keeps what is packed, what was taken out of a pack, and what waits in drop/ and outbox/', async () => {
    const room = makeRoom();
    const store = await room.open();
    const packed = [await sent(room, store), await sent(room, store), await sent(room, store)];
    for (const _ of packed) await store.mail.ack(await claimed(room, store), {});
    room.clock.advance(86_400_000);
    await collect(store.upkeep!.packArchive('bob', { beforeDay: '9999-01-01', dryRun: false }));
    const [first] = await collect(store.look.list('bob', 'archived'));
    await store.mail.restore(first!, {});
    writeFileSync(join(room.at('bob').drop, 'a.json'), '{"from":"ann","body":"handed in"}');
    // The hand-out is cut off: the send is committed and in no mailbox.
    const cutOff = await room.open(
      watchedDisk(({ method, path }: DiskCall) => {
        if (method === 'list' && path.includes('/outbox/')) throw new Error('killed');
      }),
    );
    const both = room.outgoing({ to: ['ann', 'bob'] });
    await expect(cutOff.mail.send([both], full)).rejects.toThrow('killed');
    const { store: second, again } = await restored(room, await backedUp(store));
    const found = await census(again, second);
    expect([...found.values()].every((states) => states.length === 1)).toBe(true);
    expect(packed.map((id) => String(found.get(`bob ${id}`)?.[0])).sort()).toEqual(['archived', 'archived', 'ready']);
    expect([found.get(`ann ${both.message.id}`), found.get(`bob ${both.message.id}`)]).toEqual([['ready'], ['ready']]);
    expect(found.size).toBe(packed.length + 3);
    expect(await inspected(second, false)).toEqual([]);
  });

  test('knows what was published, subscribed to and sent under a key', async () => {
    const room = makeRoom();
    const store = await room.open();
    await store.documents.put('subscriptions', { bob: ['build.*'] }, undefined);
    const topic = { topic: 'build.done', to: [], dedupeKey: 'once' };
    const published = room.outgoing(topic, { mailboxes: [logOf('build.done'), 'bob'] });
    await store.mail.send([published], full);
    room.clock.advance(10);
    const { store: second, again } = await restored(room, await backedUp(store));
    const { id } = published.message;
    const log = logOf('build.done');
    expect(Object.fromEntries(await census(again, second))).toEqual({
      [`bob ${id}`]: ['ready'],
      [`${log} ${id}`]: ['archived'],
    });
    expect((await second.documents.get('subscriptions'))?.value).toEqual({ bob: ['build.*'] });
    const repeat = { ...published, message: { ...published.message, id: room.ids.next(room.clock.now()) } };
    expect(await second.mail.send([repeat], full)).toMatchObject([{ id, duplicate: true }]);
  });

  test('forgets a key whose send was not committed, so that a repeat is sent', async () => {
    const room = makeRoom();
    const dies = await room.open(
      watchedDisk(({ method, to }: DiskCall) => {
        if (method === 'rename' && to?.includes('/outbox/')) throw new Error('killed');
      }),
    );
    const outgoing = room.outgoing({ dedupeKey: 'k' });
    await expect(dies.mail.send([outgoing], full)).rejects.toThrow('killed');
    room.clock.advance(60_000);
    const { store: second } = await restored(room, await backedUp(await room.open()));
    const [result] = await second.mail.send([outgoing], full);
    expect(result).not.toHaveProperty('duplicate');
  });

  test('lets nothing of an ordering key overtake what rests', async () => {
    const room = makeRoom();
    const store = await room.open();
    await sent(room, store, {}, { orderingKey: 'k' });
    const second = await sent(room, store, {}, { orderingKey: 'k' });
    room.clock.advance(1000);
    await store.mail.nack(await claimed(room, store), { delayMs: 50_000, policy });
    const { store: again } = await restored(room, await backedUp(store));
    expect(await again.mail.claim('bob', { token: newToken(), leaseMs, policy })).toBeUndefined();
    room.clock.advance(51_000);
    expect((await again.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.message.id).not.toBe(second);
  });

  test('keeps what cannot be read, byte for byte, in corrupt/', async () => {
    const room = makeRoom();
    const store = await room.open();
    await sent(room, store);
    const [entry] = await collect(store.look.list('bob', 'ready'));
    writeFileSync(join(room.at('bob').dir, entry!.key), 'spoilt');
    const { again } = await restored(room, await backedUp(store));
    const kept = readdirSync(again.at('bob').corrupt).filter((name) => !name.endsWith('.note.json'));
    expect(kept.map((name) => readFileSync(join(again.at('bob').corrupt, name), 'utf8'))).toEqual(['spoilt']);
  });
});

describe('while messages move, at any call of the backup', () => {
  /** What somebody does; and how often a message may then be found in the restored root. */
  const moves: Record<string, (room: Room, store: Store, held: string) => Promise<unknown>> = {
    'claims one': claimed,
    'claims one and gives it back': async (room, store) => store.mail.nack(await claimed(room, store), nackNow),
    'gives one back': (_, store, held) => store.mail.nack(held, nackNow),
    'gives one back for later': (_, store, held) => store.mail.nack(held, { delayMs: 60_000, policy }),
    'acks one': (_, store, held) => store.mail.ack(held, {}),
    'acks one and restores it': async (_, store, held) => {
      const { id } = await store.mail.ack(held, {});
      for (const entry of await store.look.find(id, 'bob')) await store.mail.restore(entry, {});
    },
    'buries one': (_, store, held) => store.mail.nack(held, { dead: true, policy }),
    'retries the dead one': async (_, store) => {
      for (const entry of await collect(store.look.list('bob', 'dead'))) await store.mail.retry(entry, {});
    },
    'restores the archived one': async (_, store) => {
      for (const entry of await collect(store.look.list('bob', 'archived'))) await store.mail.restore(entry, {});
    },
    'makes ready what is due': async (room, store) => {
      room.clock.advance(4_000_000);
      return store.mail.recover('bob', policy);
    },
    'sends to two': (room, store) => store.mail.send([room.outgoing({ to: ['ann', 'bob'] })], full),
  };

  /** How far the clock is set before the backup begins, and how far it moves while somebody does something. */
  const clocks = {
    'by a clock that goes on': { setMs: 10, passesMs: 1 },
    'after the clock was set back': { setMs: -3_600_000, passesMs: 1 },
    'after the clock was set back by less than it takes': { setMs: -500, passesMs: 60_000 },
  };
  const cases = Object.entries(clocks).flatMap(([clock, how]) =>
    Object.keys(moves).map((name) => ({ name, clock, ...how })),
  );

  test.each(cases)('nothing is missing and nothing is twice when somebody $name, $clock', async (how) => {
    const { name, setMs, passesMs } = how;
    for (let n = 1, calls = Infinity; n <= calls; n += 5) {
      const room = makeRoom();
      const other = await room.open();
      const ids = await oneInEachState(room, other);
      await sent(room, other);
      const held = await claimed(room, other);
      room.clock.advance(setMs);
      let count = 0;
      let moved: unknown;
      const disk = watchedDisk(async () => {
        if (++count !== n) return;
        room.clock.advance(passesMs);
        moved = await moves[name]!(room, other, held);
      });
      const store = await room.open(disk);
      const file = await backedUp(store);
      calls = count;
      const { store: second, again } = await restored(room, file);
      const found = await census(again, second);
      const where = `call ${n}, ${JSON.stringify(moved)}`;
      for (const [id] of ids) expect(found.get(`bob ${id}`)?.length, `${id}: ${where}`).toBe(1);
      for (const [key, states] of found) expect(states.length, `${key}: ${where}`).toBe(1);
      // Both or nobody.
      const ann = [...found.keys()].filter((key) => key.startsWith('ann '));
      for (const key of ann) expect(found.has(key.replace('ann', 'bob')), where).toBe(true);
      const acked = [...ids].find(([, state]) => state === 'archived')![0];
      // By a clock that was ahead it was acked at a time that is yet to come, so it may come again.
      if (!name.startsWith('restores') && setMs > 0) expect(found.get(`bob ${acked}`), where).toEqual(['archived']);
      const wrong = (await inspected(second, false)).filter(({ rule }) => setMs > 0 || rule !== 'clock-ahead');
      expect(wrong, where).toEqual([]);
    }
  });

  const handedOver = async (store: Store, ...way: readonly string[]): Promise<void> => {
    const [from = '', ...targets] = way;
    for (const state of ['inflight', 'delayed', 'ready'] as const) {
      let [entry] = await collect(store.look.list(from, state));
      for (const to of targets) entry &&= await store.mail.handOver(entry, to, {});
    }
  };
  const ways = [
    ['bob', 'ann'],
    ['ann', 'bob'],
    ['ann', 'bob', 'ann'],
    ['bob', 'ann', 'bob'],
    ['bob', 'dan', 'ann'],
  ];

  test.for(ways)('of three that are handed over from %s to %s none is missing and none is twice', async (way) => {
    const [from = '', to = ''] = way;
    for (let n = 1, calls = Infinity; n <= calls; n += 13) {
      const room = makeRoom(['ann', 'bob', 'dan']);
      const other = await room.open();
      const ids = [await sent(room, other, {}, { to: [from] }), await sent(room, other, {}, { to: [from] })];
      await other.mail.claim(from, { token: newToken(), leaseMs, policy });
      ids.push(await sent(room, other, { dueAt: room.clock.now() + 3_600_000 }, { to: [from] }));
      // Each of the two has its own.
      const both = await sent(room, other, {}, { to: ['ann', 'bob'], priority: 'low' });
      room.clock.advance(10);
      // Every other time by one who dies before he tells.
      const mute = ({ method }: DiskCall): void => {
        if (n % 2 === 0 && method === 'append') throw new DreamosError('disk', 'DISK_FAILED', 'not told');
      };
      const hands = await room.open(watchedDisk(mute));
      let count = 0;
      const disk = watchedDisk(async () => {
        if (++count !== n) return;
        room.clock.advance(1);
        await handedOver(hands, ...way);
      });
      const file = await backedUp(await room.open(disk));
      calls = count;
      const { store: second, again } = await restored(room, file);
      const found = await census(again, second);
      const where = (id: string): string[] => [...found.keys()].filter((key) => key.endsWith(id)).sort();
      for (const id of ids) expect(where(id), `call ${n} from ${from} to ${to}`).toHaveLength(1);
      expect(where(both), `call ${n}`).toEqual([`ann ${both}`, `bob ${both}`]);
      for (const [key, states] of found) expect(states, `${key}, call ${n}`).toHaveLength(1);
      expect(await inspected(second, false), `call ${n}`).toEqual([]);
    }
  });

  test('one that goes round all mailboxes while it is made is in it once', async () => {
    let made = 0;
    for (let round = 0; round < 20; round++) {
      const names = ['ann', 'bob', 'dan'];
      const room = makeRoom(names);
      const other = await room.open();
      const id = await sent(room, other);
      room.clock.advance(10);
      let at = 1;
      const disk = watchedDisk(async () => {
        if (Math.random() < 0.9) return;
        room.clock.advance(1);
        const [entry] = await collect(other.look.list(names[at]!, 'ready'));
        at = (at + 1 + Math.floor(Math.random() * 2)) % 3;
        await other.mail.handOver(entry!, names[at]!, {});
      });
      try {
        const { store: second, again } = await restored(room, await backedUp(await room.open(disk)));
        expect([...(await census(again, second)).keys()].map((key) => key.split(' ')[1])).toEqual([id]);
        made++;
      } catch (error) {
        // Somewhere else at every look, which is said.
        if (!(error instanceof DreamosError) || error.code !== 'STATE_CHANGED') throw error;
      }
    }
    expect(made).toBeGreaterThan(0);
  });

  test('one that is alone, and comes back by who dies before it tells, is in it', async () => {
    const room = makeRoom();
    const other = await room.open();
    const id = await sent(room, other);
    await claimed(room, other);
    const dies = await room.open(
      watchedDisk(({ method }: DiskCall) => {
        if (method === 'append') throw new Error('killed');
      }),
    );
    let done = false;
    const disk = watchedDisk(async ({ method, path }: DiskCall) => {
      if (done || method !== 'list' || path !== room.at('bob').inflight) return;
      done = true;
      room.clock.advance(leaseMs + 1);
      await dies.mail.recover('bob', policy).catch(() => undefined);
    });
    const { store: second, again } = await restored(room, await backedUp(await room.open(disk)));
    expect(done).toBe(true);
    expect([...(await census(again, second)).keys()]).toEqual([`bob ${id}`]);
  });

  test('one that never rests is in it all the same', async () => {
    for (let round = 0; round < 20; round++) {
      const room = makeRoom();
      const other = await room.open();
      const id = await sent(room, other);
      room.clock.advance(10);
      let receipt = '';
      const disk = watchedDisk(async () => {
        if (Math.random() < 0.6) return;
        room.clock.advance(1);
        if (receipt === '') receipt = await claimed(room, other);
        else receipt = (await other.mail.nack(receipt, { ...nackNow, free: true }), '');
      });
      const { store: second, again } = await restored(room, await backedUp(await room.open(disk)));
      expect([...(await census(again, second)).keys()]).toEqual([`bob ${id}`]);
    }
  });

  test('what was acked since it began comes again, because what was sent for it may be missing', async () => {
    const room = makeRoom();
    const other = await room.open();
    const id = await sent(room, other);
    const held = await claimed(room, other);
    room.clock.advance(10);
    let done = false;
    const disk = watchedDisk(async ({ path }) => {
      if (done || !path.startsWith(room.at('ann').dir)) return;
      done = true;
      room.clock.advance(1);
      await other.mail.ack(held, {});
    });
    const { store: second, again } = await restored(room, await backedUp(await room.open(disk)));
    expect(statesOf(await census(again, second))).toEqual({ [id]: ['ready'] });
  });
});

describe('a backup that cannot be', () => {
  test('leaves no file when the signal comes, and none under its name when it is killed', async () => {
    const room = makeRoom();
    const store = await room.open();
    await oneInEachState(room, store);
    const dir = scratch();
    const file = join(dir, 'mail.tar.gz');
    expect(await store.upkeep!.backup!(file, { signal: AbortSignal.abort() })).toBeUndefined();
    expect(readdirSync(dir)).toEqual([]);
    const failing = await room.open(
      watchedDisk(({ method, to }: DiskCall) => {
        if (method === 'rename' && to === file) throw new Error('killed');
      }),
    );
    await expect(failing.upkeep!.backup!(file, {})).rejects.toThrow('killed');
    expect(existsSync(file)).toBe(false);
  });

  test('is refused where something is, in the root itself, and where there is no folder', async () => {
    const room = makeRoom();
    const store = await room.open();
    const file = await backedUp(store);
    const before = readFileSync(file);
    await expect(backedUp(store, file)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(readFileSync(file)).toEqual(before);
    await expect(backedUp(store, join(room.root, 'b'))).rejects.toMatchObject({ code: 'USAGE' });
    await expect(backedUp(store, join(room.root, '..', 'none', 'b'))).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
    });
  });
});

describe('a restore is refused, and makes nothing', () => {
  const expectRefused = async (file: string, code: string, root = join(scratch(), 'again')): Promise<void> => {
    const before = existsSync(root) ? readdirSync(root) : undefined;
    await expect(restoreFileStore(file, { root, cwd: '/', env: {}, disk: watchedDisk() })).rejects.toMatchObject({
      code,
    });
    expect(existsSync(root) ? readdirSync(root) : undefined).toEqual(before);
    expect(readdirSync(dirname(root)).filter((name) => name.startsWith('again.'))).toEqual([]);
  };
  const changed = (file: string, change: (tar: string) => string): string => {
    const tar = gunzipSync(readFileSync(file)).toString('latin1');
    writeFileSync(file, gzipSync(Buffer.from(change(tar), 'latin1')));
    return file;
  };
  const whole = async (): Promise<{ room: Room; file: string }> => {
    const room = makeRoom();
    const store = await room.open();
    await oneInEachState(room, store);
    return { room, file: await backedUp(store) };
  };

  test('of a backup that is cut off, wherever', async () => {
    const { file } = await whole();
    const bytes = readFileSync(file);
    for (let length = 0; length < bytes.length; length += 97) {
      writeFileSync(file, bytes.subarray(0, length));
      await expectRefused(file, 'CORRUPT');
    }
  });

  test('of one in which a byte of a message, or of another file, has changed', async () => {
    const { file } = await whole();
    const good = readFileSync(file);
    await expectRefused(
      changed(file, (tar) => tar.replace('"body":"', '"body":"X').replace('"tags"', 'tags"')),
      'CORRUPT',
    );
    writeFileSync(file, good);
    await expectRefused(
      changed(file, (tar) => tar.replace('"name":"bob"', '"name":"bib"')),
      'CORRUPT',
    );
  });

  test('of one of a later version, of another file, and of none', async () => {
    const { file, room } = await whole();
    await expectRefused(
      changed(file, (tar) => tar.replace('"version":1', '"version":2')),
      'FORMAT_TOO_NEW',
    );
    const { writeTarGz } = await import('../../../../src/storage/file/disk/foreign/tar-gz.ts');
    const made = async (name: string, text: string): Promise<string> => {
      const path = join(scratch(), 'made.tar.gz');
      await writeTarGz(path, (add) => add({ name, bytes: Buffer.from(text) }));
      return path;
    };
    const about = { format: 'dreamos-backup', version: 2, begunAt: 1, root: '/' };
    await expectRefused(await made('backup.json', JSON.stringify(about)), 'FORMAT_TOO_NEW');
    await expectRefused(await made('notes.txt', 'hello'), 'FORMAT_UNKNOWN');
    await expectRefused(await made('backup.json', JSON.stringify({ ...about, version: 1 })), 'CORRUPT');
    await expectRefused(join(room.root, 'none'), 'SOURCE_NOT_FOUND');
  });

  test('of one that somebody has made up to write elsewhere', async () => {
    const { writeTarGz } = await import('../../../../src/storage/file/disk/foreign/tar-gz.ts');
    const { sha256 } = await import('../../../../src/model/basics/sha256.ts');
    for (const path of [
      '../out',
      'agent_mailboxes/../../out',
      'agent_mailboxes/bob/ready/x',
      'format.json',
      'x/y',
      '/etc/x',
    ]) {
      const file = join(scratch(), 'made.tar.gz');
      const about = { format: 'dreamos-backup', version: 1, begunAt: 1, root: '/' };
      const index = [
        { kind: 'file', path, mtimeMs: 1, sha256: sha256('x') },
        { kind: 'end', endedAt: 2, messages: 0 },
      ];
      await writeTarGz(file, async (add) => {
        await add({ name: 'backup.json', bytes: Buffer.from(JSON.stringify(about)) });
        await add({ name: path, bytes: Buffer.from('x') });
        await add({ name: 'index.jsonl', bytes: Buffer.from(index.map((line) => JSON.stringify(line)).join('\n')) });
      });
      await expectRefused(file, 'CORRUPT');
    }
  });

  test('into a root that has mail, also when it comes while it is restored', async () => {
    const { room, file } = await whole();
    await expectRefused(file, 'ALREADY_EXISTS', room.root);
    const empty = makeRoom();
    let came = false;
    const disk = watchedDisk(async ({ method, path }) => {
      if (came || method !== 'rename' || path !== empty.root) return;
      came = true;
      await sent(empty, await empty.open());
    });
    await expect(restoreFileStore(file, { root: empty.root, cwd: '/', env: {}, disk })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
    });
    expect((await census(empty, await empty.open())).size).toBe(1);
  });
});

test('a restore takes the place of a root without mail', async () => {
  const room = makeRoom();
  const store = await room.open();
  const ids = await oneInEachState(room, store);
  const file = await backedUp(store);
  const empty = makeRoom(['Cy']);
  mkdirSync(join(empty.at('Cy').dir, 'keys'));
  await restoreFileStore(file, { root: empty.root, cwd: '/', env: {}, disk: watchedDisk() });
  expect((await census(room, await empty.open())).size).toBe(ids.size);
  expect(existsSync(empty.at('Cy').dir)).toBe(false);
});

test('a root that a killed restore has moved away is named to who misses it, and the next restore puts it back', async () => {
  const room = makeRoom();
  const store = await room.open();
  const ids = await oneInEachState(room, store);
  const file = await backedUp(store);
  const empty = makeRoom(['Cy']);
  const at = { root: empty.root, cwd: '/', env: {} };
  let dead = false;
  const killed = watchedDisk(({ method }) => {
    dead ||= method === 'moveFolder';
    if (dead) throw new Error('killed');
  });
  await expect(restoreFileStore(file, { ...at, disk: killed })).rejects.toThrow('killed');
  expect(existsSync(empty.root)).toBe(false);
  const aside = new RegExp(`mv ${empty.root}\\.before-\\w{10} ${empty.root}$`);
  const hint = expect.stringMatching(aside) as string;
  await expect(findFileRoot(at)).rejects.toMatchObject({ code: 'ROOT_NOT_FOUND', hint });
  await expect(initFileStore(at)).rejects.toMatchObject({ code: 'ALREADY_EXISTS', hint });
  expect(await restoreFileStore(file, { ...at, disk: watchedDisk() })).toMatchObject({ path: empty.root });
  expect((await census(room, await empty.open())).size).toBe(ids.size);
  expect(besides(empty.root)).toMatchObject([expect.stringContaining('.restore-')]);
});

/** What a restore has left beside a root. */
const besides = (root: string): string[] =>
  readdirSync(dirname(root)).filter((name) => name.startsWith(`${basename(root)}.`));

/** An empty root, and a disk that fails in the midst of its replacement. */
async function failingMidway(when: (call: DiskCall) => boolean) {
  const room = makeRoom();
  const store = await room.open();
  await oneInEachState(room, store);
  const file = await backedUp(store);
  const empty = makeRoom(['Cy']);
  const warnings: string[] = [];
  const disk = watchedDisk((call) => {
    if (when(call)) throw new DreamosError('disk', 'DISK_FAILED', `EIO at ${call.path}`);
  });
  const warn = (text: string) => void warnings.push(text);
  return { empty, warnings, done: restoreFileStore(file, { root: empty.root, cwd: '/', env: {}, disk, warn }) };
}

test('a root that cannot be looked into once it is moved away is put back', async () => {
  const { empty, done } = await failingMidway(({ method, path }) => method === 'list' && path.includes('.before-'));
  await expect(done).rejects.toMatchObject({ code: 'DISK_FAILED' });
  expect(existsSync(empty.at('Cy').card)).toBe(true);
  expect(besides(empty.root)).toEqual([]);
});

test('a restore is done also where the root that was replaced cannot be removed, which is said', async () => {
  const { empty, warnings, done } = await failingMidway(
    ({ method, path }) => method === 'remove' && path.includes('.before-'),
  );
  expect(await done).toMatchObject({ path: empty.root, messages: 6 });
  expect(warnings.join()).toMatch(/\.before-\w{10} is of no more use, and stays: EIO/);
});

test('a restore whose folder cannot be synced says that it is there, and fails', async () => {
  let moved = false;
  const { empty, done } = await failingMidway(({ method }) => {
    moved ||= method === 'moveFolder';
    return moved && method === 'syncDir';
  });
  const message = expect.stringContaining('is restored, and a power cut may undo that') as string;
  await expect(done).rejects.toMatchObject({ code: 'DISK_FAILED', message });
  expect(existsSync(empty.at('bob').card)).toBe(true);
});

test('a mount point is refused as the place of a restored root, before anything is written', async () => {
  const room = makeRoom();
  const file = await backedUp(await room.open());
  const empty = makeRoom(['Cy']);
  const disk = watchedDisk();
  const stat = disk.stat.bind(disk);
  disk.stat = async (path) => {
    const found = await stat(path);
    return found && path === empty.root ? { ...found, device: -1 } : found;
  };
  await expect(restoreFileStore(file, { root: empty.root, cwd: '/', env: {}, disk })).rejects.toMatchObject({
    code: 'DISK_FAILED',
    message: expect.stringContaining('is a mount point') as string,
    hint: expect.stringContaining(join(empty.root, 'mail')) as string,
  });
  expect(besides(empty.root)).toEqual([]);
});

test('a file of many parts is backed up and restored byte for byte, and a log without what has come since', async () => {
  const room = makeRoom();
  const store = await room.open();
  await sent(room, store);
  const { events, corrupt } = room.at('bob');
  const large = Buffer.from(Array.from({ length: 40_000 }, (_, n) => `line ${n}, no event\n`).join(''));
  writeFileSync(join(events, '2026-01-01.jsonl'), large, { mode: 0o600 });
  mkdirSync(corrupt, { recursive: true });
  writeFileSync(join(corrupt, 'odd'), large.subarray(0, 600_001), { mode: 0o600 });
  const [today = ''] = readdirSync(events).filter((name) => !name.startsWith('2026-01-01'));
  const log = readFileSync(join(events, today), 'utf8');
  const disk = watchedDisk(({ method, path }: DiskCall) => {
    if (method === 'list' && path === room.layout.outbox)
      appendFileSync(join(events, today), `${log.repeat(3000)}cut off`);
  });
  const { again } = await restored(room, await backedUp(await room.open(disk)));
  const bob = again.at('bob');
  expect(readFileSync(join(bob.events, '2026-01-01.jsonl')).equals(large)).toBe(true);
  expect(readFileSync(join(bob.corrupt, 'odd')).equals(large.subarray(0, 600_001))).toBe(true);
  expect(readFileSync(join(bob.events, today), 'utf8') === log).toBe(true);
});

test('who was there when it began is not in it', async () => {
  const room = makeRoom();
  const store = await room.open();
  await sent(room, store);
  await store.presence.put('bob', { status: 'busy', since: room.clock.now(), pid: process.pid });
  const { store: again } = await restored(room, await backedUp(store));
  expect(await again.presence.get('bob')).toBeUndefined();
  expect(await collect(again.look.list('bob', 'ready'))).toHaveLength(1);
});
