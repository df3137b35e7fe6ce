import { existsSync, readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Message } from '../../../../src/model/message.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { accepted, leaseMs, policy } from '../../contract/rig.ts';
import { diskFailure, Killed, killedAt, watchedDisk } from '../disks.ts';
import { census, collect, drain, inspected, makeRoom, only, recoverAll, type Room } from '../room.ts';
import type { State } from '../../../../src/model/state.ts';
import { newToken } from '../../contract/ways.ts';

const hour = 3_600_000;
const minimal = { from: 'script', body: 'by hand' };

/** Puts a file into bob's drop/ as if it had been written `agoMs` ago. @returns the time of the file */
function drop(room: Room, name: string, content: object, agoMs = 0): number {
  const path = join(room.at('bob').drop, name);
  writeFileSync(path, JSON.stringify(content));
  const seconds = (room.clock.now() - agoMs) / 1000;
  utimesSync(path, seconds, seconds);
  return Math.trunc(statSync(path).mtimeMs);
}

async function started(): Promise<{ room: Room; store: Store }> {
  const room = makeRoom();
  return { room, store: await room.open() };
}

/** What lies in corrupt/, and why. */
function notes(room: Room): string[] {
  const dir = room.at('bob').corrupt;
  return readdirSync(dir)
    .filter((name) => name.endsWith('.note.json'))
    .map((name) => (JSON.parse(readFileSync(join(dir, name), 'utf8')) as { why: string }).why);
}

async function idsOf(store: Store, state: State): Promise<string[]> {
  return (await collect(store.look.list('bob', state))).map(({ id }) => id);
}

describe('a file in drop/ with a time', () => {
  test.for([
    ['a delay', { delay: '1h' }],
    ['a delay in milliseconds', { delayMs: hour }],
  ] as const)('%s is delivered so long after the file was written, and not before', async ([, delay]) => {
    const { room, store } = await started();
    const written = drop(room, 'a.json', { ...minimal, ...delay }, 600_000);
    const { nextAt } = await store.mail.recover('bob', policy);
    expect(nextAt).toBeGreaterThan(room.clock.now());
    expect(nextAt).toBeLessThanOrEqual(written + hour);
    expect(await only(store, 'delayed')).toMatchObject({ dueAt: written + hour, attempt: 0 });
    expect(await drain(store)).toEqual([]);
    expect(await collect(store.look.list('bob', 'ready'))).toEqual([]);
    const { events } = await store.journal.readEvents(['bob'], await store.journal.cursor(['bob'], 'start'));
    expect(events).toMatchObject([{ event: 'scheduled', from: 'script' }]);
    room.clock.advance(hour);
    expect(await drain(store)).toEqual(['by hand']);
    expect(room.warnings).toEqual([]);
  });

  test('counts from createdAt, if it has one', async () => {
    const { room, store } = await started();
    const createdAt = new Date(room.clock.now() - 1000).toISOString();
    drop(room, 'a.json', { ...minimal, createdAt, delay: '1m', ttl: '2m' }, hour);
    await store.mail.recover('bob', policy);
    const entry = await only(store, 'delayed');
    expect(entry).toMatchObject({ dueAt: Date.parse(createdAt) + 60_000, expiresAt: Date.parse(createdAt) + 120_000 });
  });

  test.for(['text', 'number'])('"at", as a %s, is delivered then', async (kind) => {
    const { room, store } = await started();
    const at = Math.floor(room.clock.now() / 1000) * 1000 + hour;
    drop(room, 'a.json', { ...minimal, at: kind === 'text' ? new Date(at).toISOString() : at });
    await store.mail.recover('bob', policy);
    expect(await only(store, 'delayed')).toMatchObject({ dueAt: at });
  });

  test.for([{ at: 0 }, { at: '2001-01-01T00:00' }, { delay: '1m' }, { delayMs: 0 }])(
    '%j that is over is delivered at once',
    async (time) => {
      const { room, store } = await started();
      drop(room, 'a.json', { ...minimal, ...time }, hour);
      expect(await drain(store)).toEqual(['by hand']);
    },
  );

  test('to live expires that long after it was written', async () => {
    const { room, store } = await started();
    const written = drop(room, 'a.json', { ...minimal, ttl: '1h' }, 60_000);
    await store.mail.recover('bob', policy);
    const entry = await only(store, 'ready');
    const expiresAt = new Date(written + hour).toISOString();
    expect(entry.expiresAt).toBe(written + hour);
    expect(await store.look.read(entry)).toMatchObject({ expiresAt });
    room.clock.advance(hour);
    expect(await drain(store)).toEqual([]);
    expect((await store.look.deadReason(await only(store, 'dead')))?.reason).toContain('time-to-live');
  });

  test('is the same message at every reading, and in a pack', async () => {
    const { room, store } = await started();
    drop(room, 'a.json', { ...minimal, ttl: '90d', delay: '1m', tags: ['a'], allowEmpty: true, durability: 'full' });
    await store.mail.recover('bob', policy);
    const first = await store.look.read(await only(store, 'delayed'));
    expect(Object.keys(first ?? {}).filter((name) => /^(?:ttl|delay|at|allowEmpty|durability)/.test(name))).toEqual([]);
    room.clock.advance(60_000);
    const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
    expect(delivery?.message).toEqual(first);
    await store.mail.ack(delivery?.receipt ?? '', {});
    expect(await store.look.read(await only(store, 'archived'))).toEqual(first);
    room.clock.advance(3 * 86_400_000);
    const today = new Date(room.clock.now()).toISOString().slice(0, 10);
    await collect(store.upkeep!.packArchive('bob', { beforeDay: today, dryRun: false }));
    expect(await store.look.read(await only(store, 'archived'))).toMatchObject(first as object);
  });
});

describe('a file in drop/ that says what nobody knows', () => {
  test.for([
    [{ ttll: '5m' }, '"ttll" is not a field of a message. Did you mean "ttl"?'],
    [{ boddy: 'x' }, '"boddy" is not a field of a message. Did you mean "body"?'],
    [{ expireAt: '9999-12-31T23:59:59Z' }, 'Did you mean "expiresAt"?'],
    [{ colour: 'red' }, 'One of: to, body, from'],
    [{ ttl: 5 }, '"ttl" has to be a text such as "5m"'],
    [{ delay: 'soon' }, '"soon" is not a duration for "delay"'],
    [{ ttl: '5m', ttlMs: 5 }, 'give one of them'],
    [{ ttl: '5m', expiresAt: '9999-12-31T23:59:59Z' }, 'give one of them'],
    [{ ttl: '5m', delay: '5m' }, 'would expire before it is delivered'],
    [{ at: 1e16 }, 'within 3650d from now'],
  ] as const)('%j is put aside when its writer has had the time to mend it: %s', async ([odd, why]) => {
    const { room, store } = await started();
    drop(room, 'odd.json', { ...minimal, ...odd });
    drop(room, 'good.json', minimal);
    expect(await drain(store)).toEqual(['by hand']);
    expect(notes(room)).toEqual([]);
    room.clock.advance(2000);
    expect(await drain(store)).toEqual([]);
    expect(notes(room)).toEqual([expect.stringContaining(why)]);
    expect(readdirSync(room.at('bob').drop)).toEqual([]);
  });

  test.for([
    [{ later: 1 }, { extra: { later: 1 } }],
    [{ ttl: 300 }, { expiresAt: null }],
    [{ ttl: '5m', ttlMs: 5 }, { expiresAt: null }],
    [{ ttlMs: -1, durability: 'high', allowEmpty: 'no' }, { expiresAt: null }],
    [{ at: 'tomorrow', delay: 'soon' }, { body: 'by hand' }],
    [{ at: 1, delayMs: 1 }, { body: 'by hand' }],
    [{ createdAt: '2026-11-20T09:00:00Z', ttl: '5m' }, { expiresAt: '2026-11-20T09:05:00.000Z' }],
  ] as const)('%j was adopted by a version that did not mind, and is a message now', async ([odd, message]) => {
    const { room, store } = await started();
    drop(room, 'a.json', minimal);
    await store.mail.recover('bob', policy);
    const { key } = await only(store, 'ready');
    const { createHash } = await import('node:crypto');
    const bytes = JSON.stringify({ ...minimal, ...odd });
    const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    const path = join(room.at('bob').dir, key);
    writeFileSync(path, bytes);
    renameSync(path, path.replace(/\.h[0-9a-f]{32}/, `.h${digest}`));
    expect(
      (await (await room.open()).mail.claim('bob', { token: newToken(), leaseMs, policy }))?.message,
    ).toMatchObject(message);
  });
});

const keyed = { ...minimal, dedupeKey: 'k' };
/** The same as a script would send it with the command. */
const sent = (room: Room, fields: Partial<Message> = {}) => room.outgoing({ ...keyed, ...fields });

describe('a file in drop/ with a dedupe key', () => {
  test('is delivered once, however often it is handed in', async () => {
    const { room, store } = await started();
    for (const name of ['a.json', 'b.json']) drop(room, name, keyed);
    expect(await drain(store)).toEqual(['by hand']);
    drop(room, 'a.json', keyed);
    room.clock.advance(1000);
    expect(await drain(await room.open())).toEqual([]);
    expect(readdirSync(room.at('bob').drop)).toEqual([]);
    expect(notes(room)).toEqual([]);
    expect(room.warnings).toEqual([]);
    await inspected(store, true);
    expect(await inspected(store, true)).toEqual([]);
  });

  test('is delivered once if it is sent under the key before or after', async () => {
    const { room, store } = await started();
    const first = accepted(await store.mail.send([sent(room)], { durability: 'full' }));
    drop(room, 'a.json', { ...keyed, to: 'BOB' });
    await store.mail.recover('bob', policy);
    expect(await idsOf(store, 'ready')).toEqual([first.id]);

    drop(room, 'b.json', { ...keyed, dedupeKey: 'other' });
    await store.mail.recover('bob', policy);
    const again = accepted(await store.mail.send([sent(room, { dedupeKey: 'other' })], { durability: 'full' }));
    expect(again.duplicate).toBe(true);
    expect(await idsOf(store, 'ready')).toHaveLength(2);
    const [other] = await store.mail.send([sent(room, { dedupeKey: 'other', from: 'ann' })], { durability: 'full' });
    expect(other, 'a key is its sender’s own').not.toHaveProperty('duplicate');
  });

  test('has the id that it says, its times, and the bytes of a message that was sent', async () => {
    const { room, store } = await started();
    const id = room.ids.next(room.clock.now());
    const written = drop(room, 'a.json', { ...keyed, id, ttl: '2h', delay: '1h', orderingKey: 'o', priority: 'high' });
    await store.mail.recover('bob', policy);
    const entry = await only(store, 'delayed');
    expect(entry).toMatchObject({ id, dueAt: written + hour, expiresAt: written + 2 * hour, priority: 'high' });
    expect(await store.look.read(entry)).toMatchObject({
      ...keyed,
      id,
      to: ['bob'],
      digest: expect.any(String) as string,
    });
    drop(room, 'a.json', { ...keyed, id, ttl: '2h', delay: '1h', orderingKey: 'o', priority: 'high' });
    room.clock.advance(hour);
    expect(await drain(store)).toEqual(['by hand']);
  });

  test('with other content than what was sent under the key is put aside with the reason', async () => {
    const { room, store } = await started();
    drop(room, 'a.json', keyed);
    await store.mail.recover('bob', policy);
    drop(room, 'b.json', { ...keyed, body: 'another' });
    room.clock.advance(2000);
    expect(await drain(store)).toEqual(['by hand']);
    expect(notes(room)).toEqual([
      expect.stringContaining('The dedupe key "k" was used before by script for another message'),
    ]);
  });

  test.for([{ to: ['bob', 'ann'] }, { to: 'ann' }, { to: [], topic: 'build.done' }])(
    'and with %j is put aside: its key would tell senders that the others have it',
    async (to) => {
      const { room, store } = await started();
      drop(room, 'a.json', { ...keyed, ...to }, 5000);
      expect(await drain(store)).toEqual([]);
      expect(notes(room)).toEqual([expect.stringContaining('goes to nobody but bob')]);
      const [result] = await store.mail.send([sent(room, { to: ['bob', 'ann'] })], { durability: 'full' });
      expect(result).not.toHaveProperty('duplicate');
    },
  );

  test('is taken for new when its key is forgotten', async () => {
    const { room, store } = await started();
    drop(room, 'a.json', keyed);
    expect(await drain(store)).toEqual(['by hand']);
    room.clock.advance(2 * 86_400_000 + 1000);
    await store.upkeep!.sweepKeys({ dryRun: false });
    drop(room, 'a.json', keyed);
    expect(await drain(store)).toEqual(['by hand']);
  });

  test('whose place its writer gives to another file meanwhile takes that one not with it', async () => {
    const room = makeRoom();
    const path = join(room.at('bob').drop, 'a.json');
    const store = await room.open(
      watchedDisk(({ method, path: from }) => {
        if (method === 'rename' && from === path) drop(room, 'a.json', { ...minimal, body: 'the next' });
      }),
    );
    drop(room, 'a.json', keyed);
    expect((await drain(store)).sort()).toEqual(['by hand']);
    await recoverAll(room, store);
    expect(await drain(store)).toEqual(['the next']);
    expect(notes(room)).toEqual([]);
  });

  test('that the disk keeps from being sent stays, and is sent later', async () => {
    const room = makeRoom();
    const failing = watchedDisk((call) => {
      if (call.method === 'syncDir' && call.path.startsWith(room.layout.outbox)) throw diskFailure(call);
    });
    drop(room, 'a.json', keyed, 5000);
    await (await room.open(failing)).mail.recover('bob', policy);
    expect(room.warnings).toEqual([expect.stringContaining('cannot be adopted')]);
    expect(readdirSync(room.at('bob').drop)).toEqual(['a.json']);
    expect(await drain(await room.open())).toEqual(['by hand']);
  });

  test('is delivered once when one takes its id anew while another commits under it', async () => {
    const room = makeRoom();
    const id = room.ids.next(room.clock.now());
    const [uncommitted, committed] = [join(room.root, 'outbox', `${id}.new`), join(room.root, 'outbox', id)];
    const [takes, took, commits, over] = [gate(), gate(), gate(), gate()];
    // Has looked for the key before there was one, and takes the id when its folder has just been committed.
    const late = await room.open(
      watchedDisk(async ({ method, path }) => {
        if (method === 'makeDir' && path === uncommitted) {
          takes.open();
          await commits.opened;
        } else if (takes.isOpen && !over.isOpen) {
          took.open();
          await over.opened;
        }
      }),
    );
    // Sends the same under the key: it commits what it finds, and is about to hand it out.
    const repeating = await room.open(
      watchedDisk(async ({ method, path }) => {
        if (method !== 'list' || path !== committed || over.isOpen) return;
        commits.open();
        await over.opened;
      }),
    );
    const others: Promise<unknown>[] = [];
    const owner = await room.open(
      watchedDisk(async ({ method, path, to }) => {
        if (method === 'create' && path.startsWith(uncommitted)) {
          others.push(recoverAll(room, late));
          await takes.opened;
        }
        if (method === 'rename' && path === uncommitted && to === committed && !commits.isOpen) {
          others.push(repeating.mail.send([sent(room)], { durability: 'full' }));
          await took.opened;
        }
      }),
    );
    drop(room, 'a.json', { ...keyed, id });
    await recoverAll(room, owner);
    over.open();
    await Promise.all(others);
    const store = await room.open();
    drop(room, 'b.json', keyed);
    await recoverAll(room, store);
    expect(await drain(store)).toEqual(['by hand']);
    expect(readdirSync(room.at('bob').drop)).toEqual([]);
    expect(readdirSync(join(room.root, 'outbox'))).toEqual([]);
    expect(room.warnings).toEqual([]);
  });

  test('is delivered once by several processes at once', async () => {
    for (let round = 0; round < 20; round++) {
      const room = makeRoom();
      const id = room.ids.next(room.clock.now());
      const jumpy = () =>
        watchedDisk(async () => {
          for (let n = Math.floor(Math.random() * 4); n > 0; n--) await Promise.resolve();
          if (Math.random() < 0.2) await new Promise((resolve) => setImmediate(resolve));
        });
      const stores = [await room.open(jumpy()), await room.open(jumpy()), await room.open(jumpy())];
      drop(room, 'a.json', { ...keyed, id });
      drop(room, 'b.json', keyed);
      await Promise.all([
        ...stores.map((store) => recoverAll(room, store)),
        stores[0]?.mail.send([sent(room)], { durability: 'full' }),
      ]);
      const store = await room.open();
      await recoverAll(room, store);
      expect(await drain(store)).toEqual(['by hand']);
      expect(readdirSync(room.at('bob').drop)).toEqual([]);
      expect(notes(room)).toEqual([]);
    }
  });
});

test.for([
  [{ priority: 'hi' }, '"priority" has to be one of: urgent, high, normal, low.'],
  [
    { from: 'a b' },
    "from: has to be an agent's name: at most 64 letters, digits, dots, dashes and underscores, a letter or digit first.",
  ],
  [
    { to: ['bob', '@all'] },
    "to.1: has to be an agent's name: at most 64 letters, digits, dots, dashes and underscores, a letter or digit first.",
  ],
  [{ id: 'x' }, 'id: has to be an id, such as 01JD3Y6Q0V8M5T2B7K9XWZ4RCE.'],
  [{ createdAt: 'yesterday' }, 'createdAt: has to be a time in UTC, such as 2026-11-20T09:00:00Z.'],
  [{ ttl: 'soon' }, '"soon" is not a duration for "ttl". Write a number and a unit: 250ms, 30s, 5m, 2h, 7d or 1h30m.'],
  [{ body: 1 }, 'The body is not text. Put anything but text into data.'],
  [{ subjct: 'x' }, '"subjct" is not a field of a message. Did you mean "subject"?'],
] as const)('of a file with %j the note says which field is wrong, and why', async ([wrong, why]) => {
  const { room, store } = await started();
  drop(room, 'a.json', { ...minimal, ...wrong }, 5000);
  expect(await drain(store)).toEqual([]);
  expect(notes(room)).toEqual([`This message cannot be read: it is not a message: ${why}`]);
});

test('a file names its recipient as a text, and its priority in capitals', async () => {
  const { room, store } = await started();
  drop(room, 'a.json', { ...minimal, to: 'bob', priority: 'HIGH' }, 5000);
  await recoverAll(room, store);
  const entry = await only(store, 'ready');
  expect(await store.look.read(entry)).toMatchObject({ to: ['bob'], priority: 'high', from: 'script' });
  expect(notes(room)).toEqual([]);
});

/** Who waits at it goes on once it is open. */
function gate(): { readonly opened: Promise<void>; readonly isOpen: boolean; open(): void } {
  let isOpen = false;
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return {
    opened,
    get isOpen() {
      return isOpen;
    },
    open: () => {
      isOpen = true;
      open();
    },
  };
}

/** A process is killed in front of its first change of the disk, its second, … while it adopts. */
async function afterEachKill(content: object, check: (room: Room, store: Store) => Promise<void>): Promise<number> {
  for (let n = 1; n < 200; n++) {
    const room = makeRoom();
    drop(room, 'a.json', content, 5000);
    const { disk, killed } = killedAt(n);
    try {
      await recoverAll(room, await room.open(disk));
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
    const store = await room.open();
    await recoverAll(room, store);
    try {
      expect(existsSync(join(room.at('bob').drop, 'a.json'))).toBe(false);
      expect([...(await census(room, store)).values()].map((states) => states.length)).toEqual([1]);
      await check(room, store);
      expect(notes(room)).toEqual([]);
      room.clock.advance(2 * 86_400_000 + 1000);
      await inspected(await room.open(), true);
      expect(await inspected(await room.open(), false)).toEqual([]);
    } catch (error) {
      throw new Error(`killed in front of change ${n}: ${(error as Error).message}`, { cause: error });
    }
    if (!killed()) return n;
  }
  throw new Error('It never came to its end.');
}

describe('a process that is killed while it adopts', () => {
  test('a file with a delay leaves it there once', async () => {
    const kills = await afterEachKill({ ...minimal, delay: '1h', ttl: '30d' }, async (room, store) => {
      await only(store, 'delayed');
      room.clock.advance(hour);
      expect(await drain(store)).toEqual(['by hand']);
    });
    expect(kills).toBeGreaterThan(3);
  });

  test.for([{}, { delay: '1h' }, { id: '01KAGZ0000000000000000000A' }])(
    'a file with a key and %j leaves it there once, also for who sends or hands it in again',
    async (more) => {
      const kills = await afterEachKill({ ...keyed, ...more }, async (room, store) => {
        drop(room, 'again.json', { ...keyed, ...more }, 5000);
        await recoverAll(room, store);
        const { duplicate } = accepted(await store.mail.send([sent(room)], { durability: 'full' }));
        expect(duplicate).toBe(true);
        expect((await census(room, store)).size).toBe(1);
        room.clock.advance(hour);
        expect(await drain(store)).toEqual(['by hand']);
        expect(readdirSync(room.at('bob').drop)).toEqual([]);
      });
      expect(kills).toBeGreaterThan(8);
    },
  );
});
