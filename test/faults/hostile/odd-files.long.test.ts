import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { seal } from '../../../src/model/message.ts';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import { formatEntryName } from '../../../src/storage/file/names/entry-name.ts';
import { bucketName } from '../../../src/storage/file/names/layout.ts';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';
import type { Store } from '../../../src/storage/port/store.ts';
import { accepted, leaseMs, policy } from '../../storage/contract/rig.ts';
import { type DiskCall, diskFailure, Killed, killedBehind, watchedDisk } from '../../storage/file/disks.ts';
import { collect, drain, inspected, makeRoom, only, type Room } from '../../storage/file/room.ts';
import { scratch } from '../../scratch.ts';
import { changeAgentIn, changeSettingsIn, newToken } from '../../storage/contract/ways.ts';
import { slotOf } from '../../../src/storage/file/names/slots.ts';

// What a careless script, a broken disk or somebody hostile may leave in a mailbox. The tests look at the real disk.

const bob = (room: Room, ...parts: string[]): string => join(room.at('bob').dir, ...parts);

/** Sends to bob as one process, and hands over a store of another, on the real disk. */
async function withMail(bodies: readonly string[]): Promise<{ room: Room; store: Store }> {
  const room = makeRoom();
  const sender = await room.open();
  for (const body of bodies) accepted(await sender.mail.send([room.outgoing({ body })], { durability: 'relaxed' }));
  return { room, store: await room.open(nodeDisk()) };
}

async function readyFiles(room: Room): Promise<string[]> {
  const entries = await collect((await room.open()).look.list('bob', 'ready'));
  return entries.map(({ key }) => bob(room, key));
}

/** The files in corrupt/ without the notes. */
function corrupt(room: Room): string[] {
  return readdirSync(room.at('bob').corrupt)
    .filter((name) => !name.endsWith('.note.json'))
    .map((name) => bob(room, 'corrupt', name));
}

async function corruptEvents(store: Store): Promise<(string | undefined)[]> {
  const { events } = await store.journal.readEvents(['bob'], await store.journal.cursor(['bob'], 'start'));
  return events.filter(({ event }) => event === 'corrupt').map(({ reason }) => reason);
}

describe('a message whose file', () => {
  interface Odd {
    readonly what: string;
    readonly why: RegExp;
    make(path: string, room: Room): void;
    keeps?(path: string): void;
  }
  const isBytes = (bytes: string) => (path: string) => expect(readFileSync(path, 'utf8')).toBe(bytes);
  const odd: readonly Odd[] = [
    {
      what: 'is truncated',
      why: /digest/,
      make: (path) => truncateSync(path, lstatSync(path).size - 20),
      keeps: (path) => expect(readFileSync(path, 'utf8')).toMatch(/^\{"v":1,"id":/),
    },
    { what: 'has no bytes', why: /too short/, make: (path) => truncateSync(path, 0), keeps: isBytes('') },
    {
      what: 'has 100 MB',
      why: /too large/,
      make: (path) => truncateSync(path, 100 * 1024 * 1024),
      keeps: (path) => expect(lstatSync(path).size).toBe(100 * 1024 * 1024),
    },
    {
      what: 'has 10 MB of zero bytes',
      why: /digest/,
      make: (path) => (truncateSync(path, 0), truncateSync(path, 10 * 1024 * 1024)),
    },
    {
      what: 'is a folder',
      why: /not a regular file/,
      make: (path) => (rmSync(path), mkdirSync(path), writeFileSync(join(path, 'inside'), 'x')),
      keeps: (path) => expect(readFileSync(join(path, 'inside'), 'utf8')).toBe('x'),
    },
    {
      what: 'is a symbolic link out of the root',
      why: /symbolic link/,
      make(path) {
        renameSync(path, join(scratch(), 'outside'));
        symlinkSync(join(dirname(path), 'elsewhere'), path);
      },
      keeps: (path) => expect(basename(readlinkSync(path))).toBe('elsewhere'),
    },
    {
      what: 'is a symbolic link to a good message outside of the root',
      why: /symbolic link/,
      make(path) {
        const outside = join(scratch(), 'outside');
        renameSync(path, outside);
        symlinkSync(outside, path);
      },
      keeps: (path) => expect(readFileSync(path, 'utf8')).toContain('"body":"odd"'),
    },
    {
      what: 'is a fifo',
      why: /not a regular file/,
      make: (path) => (rmSync(path), void execFileSync('mkfifo', [path])),
      keeps: (path) => expect(lstatSync(path).isFIFO()).toBe(true),
    },
    {
      what: 'is JSON without a digest',
      why: /digest|short/,
      make: (path) => writeFileSync(path, '{"id":1}'),
      keeps: isBytes('{"id":1}'),
    },
    {
      what: 'is JSON of the wrong shape under a good digest',
      why: /not a message/,
      make: (path, room) => writeFileSync(path, seal({ ...room.message(), to: 'bob' } as never)),
    },
    {
      what: 'is another message than its name says',
      why: /under another one's name/,
      make: (path, room) => writeFileSync(path, seal(room.message())),
    },
    { what: 'is not text', why: /digest/, make: (path) => writeFileSync(path, Buffer.alloc(400, 0xff)) },
  ];

  test.for(odd)('$what is put aside as it is, said, and blocks nothing', async ({ why, make, keeps }) => {
    const { room, store } = await withMail(['first', 'odd', 'last']);
    make((await readyFiles(room))[1] ?? '', room);
    expect(await drain(store)).toEqual(['first', 'last']);
    const [kept, ...more] = corrupt(room);
    expect(more).toEqual([]);
    keeps?.(kept ?? '');
    expect(room.warnings).toEqual([expect.stringMatching(why)]);
    expect(await corruptEvents(store)).toEqual([expect.stringMatching(why)]);
    const note = JSON.parse(readFileSync(`${kept}.note.json`, 'utf8')) as { why: string };
    expect(note.why).toMatch(why);
    expect((await store.look.counts('bob')).corrupt).toBe(1);
  });

  test('has one flipped byte, wherever it is, is never delivered', async () => {
    const { room, store } = await withMail(['flip']);
    const [path = ''] = await readyFiles(room);
    const entry = await only(store, 'ready');
    const good = readFileSync(path);
    for (let at = 0; at < good.length; at++) {
      for (const mask of [0x01, 0x20, 0x80]) {
        const bytes = Buffer.from(good);
        bytes.writeUInt8(bytes.readUInt8(at) ^ mask, at);
        writeFileSync(path, bytes);
        await expect(store.look.read(entry), `byte ${at} ^ ${mask}`).rejects.toMatchObject({ code: 'CORRUPT' });
      }
    }
    writeFileSync(path, good);
    expect((await store.look.read(entry))?.body).toBe('flip');
  });

  test('was swapped with another one is put aside, and so is the other', async () => {
    const { room, store } = await withMail(['a', 'b', 'c']);
    const [a = '', b = ''] = await readyFiles(room);
    const bytes = [readFileSync(a), readFileSync(b)] as const;
    writeFileSync(a, bytes[1]);
    writeFileSync(b, bytes[0]);
    expect(await drain(store)).toEqual(['c']);
    expect(
      corrupt(room)
        .map((path) => readFileSync(path, 'utf8'))
        .sort(),
    ).toEqual(bytes.map(String).sort());
  });

  test('holds a batch, cut short, loses no message whose bytes are whole', async () => {
    const room = makeRoom();
    const store = await room.open(nodeDisk());
    await store.mail.send(
      ['a', 'b', 'c'].map((body) => room.outgoing({ body })),
      { durability: 'relaxed' },
    );
    const [path = ''] = await readyFiles(room);
    truncateSync(path, lstatSync(path).size - 30);
    expect(await drain(store)).toEqual(['a', 'b']);
    expect(corrupt(room)).toHaveLength(1);
  });

  test('is odd stays where it is when somebody only looks', async () => {
    const { room, store } = await withMail(['odd']);
    const [path = ''] = await readyFiles(room);
    writeFileSync(join(dirname(path), 'junk'), 'x');
    truncateSync(path, 10);
    expect(await collect(store.look.list('bob', 'ready'))).toHaveLength(1);
    await store.look.counts('bob');
    await expect(store.look.read(await only(store, 'ready'))).rejects.toMatchObject({ code: 'CORRUPT' });
    expect(corrupt(room)).toEqual([]);
  });
});

describe('a name in a bucket', () => {
  const junk = [
    'README.md',
    '.hidden',
    'line\nbreak.json',
    '\u001b[31mred.json',
    'ünïcödé.json',
    '-rf',
    'a'.repeat(255),
    'x.note.json',
    't1795165200000.i01KAGZ0000000000000000000A.p2.a0.json.12345',
    `t1795165200000.i01KAGZ0000000000000000000A.p2.a0.${'z'.repeat(195)}.json`,
  ];

  test.for(junk)('%j goes to corrupt/ and blocks nothing', async (name) => {
    const { room, store } = await withMail(['before', 'behind']);
    const [path = ''] = await readyFiles(room);
    writeFileSync(join(dirname(path), name), 'kept');
    expect(await drain(store)).toEqual(['before', 'behind']);
    expect(corrupt(room).map((file) => readFileSync(file, 'utf8'))).toEqual(['kept']);
    expect(await corruptEvents(store)).toHaveLength(1);
    expect(room.warnings).toHaveLength(1);
    // One line, and nothing that a terminal would obey.
    expect(room.warnings[0]).toMatch(/^\P{Cc}+$/u);
    expect((await store.look.counts('bob')).corrupt).toBe(1);
  });

  test('that is not UTF-8 cannot be moved, blocks nothing, and doctor says it', async () => {
    const { room, store } = await withMail(['a', 'b']);
    const [path = ''] = await readyFiles(room);
    writeFileSync(Buffer.concat([Buffer.from(`${dirname(path)}/`), Buffer.from([0x61, 0xff, 0xfe])]), 'x');
    const slot = slotOf(room.at('bob').inflight, room.clock.now() - 60_000);
    mkdirSync(slot, { recursive: true });
    writeFileSync(Buffer.concat([Buffer.from(`${slot}/`), Buffer.from([0x61, 0xff, 0xfe])]), 'x');
    expect(await drain(store)).toEqual(['a', 'b']);
    expect(await store.mail.claim('bob', { token: newToken(), leaseMs, policy })).toBeUndefined();
    expect((await store.mail.recover('bob', policy)).moved).toBe(0);
    expect(await inspected(store, true)).toMatchObject([
      { rule: 'entry', level: 'problem', fixed: false },
      { rule: 'entry', level: 'problem', fixed: false },
    ]);
  });

  test('that is dated to the end of time does not swallow what is sent after it', async () => {
    const { room, store } = await withMail([]);
    const name = bucketName(9_999_999_999_999, 'ZZZZZZZZZZ');
    mkdirSync(bob(room, 'ready', 'p2', '1', name, name), { recursive: true });
    for (let i = 0; i < 600; i += 100) {
      const batch = Array.from({ length: 100 }, () => room.outgoing());
      await (await room.open()).mail.send(batch, { durability: 'relaxed' });
    }
    expect(await drain(store)).toHaveLength(600);
  });

  test.for(['inflight', 'delayed'] as const)(
    'of %s that means nothing goes to corrupt/, and what is due comes back',
    async (wheel) => {
      const { room, store } = await withMail(['mail']);
      if (wheel === 'inflight') await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
      else {
        const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
        await store.mail.nack(delivery?.receipt ?? '', { policy, delayMs: leaseMs });
      }
      const slot = slotOf(room.at('bob')[wheel], room.clock.now() + leaseMs);
      for (let i = 0; i < 600; i++) writeFileSync(join(slot, `a${i}`), '');
      mkdirSync(join(slot, 'folder'));
      writeFileSync(join(slot, formatEntryName({ tag: 'k', time: 5, id: room.ids.next(5), rank: 0, attempt: 0 })), '');
      room.clock.advance(leaseMs + 10_000);
      const later = await room.open(nodeDisk());
      expect(await drain(later)).toEqual(['mail']);
      while ((await later.mail.recover('bob', policy)).moved > 0);
      expect(corrupt(room)).toHaveLength(602);
    },
  );

  test('among hundreds of others does not keep the mail waiting', async () => {
    const { room, store } = await withMail(['mail']);
    const [path = ''] = await readyFiles(room);
    for (let i = 0; i < 1000; i++) writeFileSync(join(dirname(path), `a${i}`), '');
    expect((await store.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.message.body).toBe('mail');
    expect(corrupt(room).length).toBeLessThan(300);
    for (let i = 0; i < 20; i++) await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
    expect(corrupt(room)).toHaveLength(1000);
  });
});

describe('a symbolic link in the place of', () => {
  /** A folder outside of the root, full of what would be mail, and a way to see that nothing has touched it. */
  function outside(room: Room): { dir: string; untouched: () => void } {
    const dir = scratch();
    const name = bucketName(1, 'AAAAAAAAAA');
    const message = room.message({ body: 'from outside' });
    const ready = { tag: 't', time: 1, id: message.id, rank: 2, attempt: 0 } as const;
    const inflight = { ...ready, tag: 'd', token: 'ABCDEFGHJK', attempt: 1 } as const;
    const folders = ['', '0', '1', `1/${name}`, `1/${name}/${name}`, name, `${name}/${name}`, 'events', 'drop'];
    for (const folder of folders) mkdirSync(join(dir, folder), { recursive: true });
    for (const folder of folders) {
      writeFileSync(join(dir, folder, formatEntryName(ready)), seal(message));
      writeFileSync(join(dir, folder, formatEntryName(inflight)), seal(message));
      writeFileSync(join(dir, folder, 'handed-in.json'), '{"from":"outside","body":"from outside"}');
      writeFileSync(
        join(dir, folder, `${new Date(room.clock.now()).toISOString().slice(0, 10)}.jsonl`),
        '{"at":"x"}\n',
      );
    }
    const listed = (): string[] => readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
    const before = listed();
    const bytes = (): string[] =>
      before.filter((file) => lstatSync(join(dir, file)).isFile()).map((file) => readFileSync(join(dir, file), 'utf8'));
    const content = bytes();
    return {
      dir,
      untouched() {
        expect(listed()).toEqual(before);
        expect(bytes()).toEqual(content);
      },
    };
  }

  function plant(path: string, dir: string): void {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(dir, path);
  }

  /** Does everything that a mailbox is for. What is refused has to be refused as a disk failure that names the link. */
  async function live(room: Room): Promise<{ refused: Set<string>; bodies: string[] }> {
    const store = await room.open(nodeDisk());
    const refused = new Set<string>();
    const bodies: string[] = [];
    const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await work();
      } catch (error) {
        expect(error).toMatchObject({ code: 'DISK_FAILED' });
        refused.add((error as Error).message);
        return undefined;
      }
    };
    for (let i = 0; i < 4; i++) {
      for (const outgoing of [
        room.outgoing(),
        room.outgoing({}, { dueAt: room.clock.now() + 1 }),
        room.outgoing({ to: ['ann', 'bob'] }),
      ]) {
        const [result] = await store.mail.send([outgoing], { durability: 'full' });
        if (result instanceof Error) refused.add(result.message);
      }
      const delivery = await attempt(() => store.mail.claim('bob', { token: newToken(), leaseMs, policy }));
      if (delivery) {
        bodies.push(delivery.message.body);
        if (i === 0) await attempt(() => store.mail.ack(delivery.receipt, {}));
        if (i === 1) await attempt(() => store.mail.nack(delivery.receipt, { policy, dead: true }));
        if (i === 2) await attempt(() => store.mail.nack(delivery.receipt, { policy, delayMs: 10 }));
      }
      room.clock.advance(leaseMs + 10_000);
      await attempt(() => store.mail.recover('bob', policy));
      await attempt(() => store.look.counts('bob'));
      await attempt(() => store.look.find(room.ids.next(1)));
      await attempt(async () => store.journal.readEvents(['bob'], await store.journal.cursor(['bob'], 'start')));
      await attempt(() => store.journal.cursor(['bob'], 'now'));
      const request = room.ids.next(room.clock.now());
      await attempt(() => store.mail.openInbox('bob', request, room.clock.now() + 60_000));
      await attempt(() => store.mail.send([room.outgoing({ replyTo: request })], { durability: 'full' }));
      await attempt(() => store.mail.claim('bob', { token: newToken(), leaseMs, policy, inbox: request }));
      await attempt(() => store.mail.closeInbox('bob', request));
      await attempt(() => store.documents.listAgents());
      await attempt(() => changeAgentIn(store, 'bob', () => ({ name: 'bob', createdAt: '2026-11-20T09:00:00.000Z' })));
      await attempt(() => store.mail.quarantine('bob', Buffer.from(`x${i}`), { name: 'x', why: 'y' }));
      await attempt(() => store.mail.deposit('bob', room.message(), 'archived', { at: room.clock.now() }));
    }
    await attempt(() => inspected(store, false));
    return { refused, bodies };
  }

  const name = bucketName(1, 'AAAAAAAAAA');

  test.for([
    ['ready/p2'],
    ['ready/p2/1'],
    [`ready/p2/1/${name}`],
    [`ready/p2/1/${name}/${name}`],
    ['inflight hour'],
    ['inflight slot'],
    ['delayed hour'],
    ['archive day'],
  ] as const)('%s is put aside unfollowed, and mail goes on', async ([where]) => {
    const room = makeRoom();
    const { dir, untouched } = outside(room);
    const at = room.at('bob');
    const day = new Date(room.clock.now()).toISOString().slice(0, 10);
    const path = {
      'inflight hour': dirname(slotOf(at.inflight, room.clock.now() + leaseMs)),
      'inflight slot': slotOf(at.inflight, room.clock.now() + leaseMs),
      'delayed hour': dirname(slotOf(at.delayed, room.clock.now())),
      'archive day': join(at.archive, day),
    }[where as 'inflight hour'];
    plant(path ?? bob(room, where), dir);
    const { refused, bodies } = await live(room);
    expect([...refused]).toEqual([]);
    expect(bodies).toEqual(['hello', 'hello', 'hello', 'hello']);
    untouched();
    const kept = corrupt(room).filter((file) => lstatSync(file).isSymbolicLink());
    expect(kept.map((file) => readlinkSync(file))).toEqual([dir]);
    const told = /symlink in the place of a folder|does not belong/;
    expect(room.warnings).toContainEqual(expect.stringMatching(told));
    expect((await corruptEvents(await room.open())).filter((why) => told.test(why ?? ''))).toHaveLength(1);
  });

  test.for(['ready', 'inflight', 'delayed', 'archive', 'dlq', 'corrupt', 'events', 'drop', 'tmp', 'requests'] as const)(
    '%s/ itself is refused or passed over, never followed, and doctor says so',
    async (folder) => {
      const room = makeRoom();
      const { dir, untouched } = outside(room);
      plant(room.at('bob')[folder], dir);
      const { refused, bodies } = await live(room);
      untouched();
      for (const message of refused) expect(message).toContain(`/bob/${folder} is a symbolic link`);
      expect(bodies).not.toContain('from outside');
      expect(lstatSync(room.at('bob')[folder]).isSymbolicLink()).toBe(true);
      const findings = await inspected(await room.open(), false);
      expect(findings).toContainEqual(expect.objectContaining({ rule: 'folder', level: 'problem', mailbox: 'bob' }));
    },
  );

  test('a whole mailbox is no mailbox', async () => {
    const room = makeRoom();
    const { dir, untouched } = outside(room);
    plant(room.at('bob').dir, dir);
    const store = await room.open(nodeDisk());
    expect(await store.documents.getAgent('bob')).toBeUndefined();
    expect((await store.documents.listAgents()).map(({ name: agent }) => agent)).toEqual(['ann']);
    expect((await store.mail.send([room.outgoing()], { durability: 'relaxed' }))[0]).toMatchObject({
      code: 'DISK_FAILED',
    });
    expect(await inspected(store, true)).toMatchObject([{ rule: 'stranger' }]);
    untouched();
  });

  test.for(['outbox', 'dedupe'] as const)('%s/ is refused', async (folder) => {
    const room = makeRoom();
    const { dir, untouched } = outside(room);
    plant(room.layout[folder], dir);
    const store = await room.open(nodeDisk());
    const outgoing = room.outgoing({ to: ['ann', 'bob'], dedupeKey: 'k' });
    expect((await store.mail.send([outgoing], { durability: 'full' }))[0]).toMatchObject({ code: 'DISK_FAILED' });
    expect((await store.mail.recover('bob', policy)).moved).toBe(0);
    untouched();
  });

  test.for(['agent.json', 'config.json', 'last-read', 'the event log'] as const)(
    '%s is not written through',
    async (which) => {
      const room = makeRoom();
      const target = join(scratch(), 'target');
      writeFileSync(target, '{"mine":true}');
      const before = lstatSync(target).mtimeMs;
      const day = new Date(room.clock.now()).toISOString().slice(0, 10);
      const path = {
        'agent.json': room.at('bob').card,
        'config.json': room.layout.config,
        'last-read': room.at('bob').lastRead,
        'the event log': bob(room, 'events', `${day}.jsonl`),
      }[which];
      plant(path, target);
      const store = await room.open(nodeDisk());
      const card = { name: 'bob', createdAt: '2026-11-20T09:00:00.000Z' };
      await changeAgentIn(store, 'bob', () => card).catch((error: unknown) =>
        expect(error).toMatchObject({ code: 'DISK_FAILED' }),
      );
      await changeSettingsIn(store, () => ({})).catch((error: unknown) =>
        expect(error).toMatchObject({ kind: expect.stringMatching(/disk|invalid/) }),
      );
      accepted(await store.mail.send([room.outgoing()], { durability: 'relaxed' }));
      expect(await drain(store)).toEqual(['hello']);
      expect(readFileSync(target, 'utf8')).toBe('{"mine":true}');
      expect(lstatSync(target).mtimeMs).toBe(before);
      expect(existsSync(path)).toBe(true);
    },
  );
});

describe('besides', () => {
  test('a fifo in the place of the event log stops nobody', async () => {
    const room = makeRoom();
    const day = new Date(room.clock.now()).toISOString().slice(0, 10);
    execFileSync('mkfifo', [bob(room, 'events', `${day}.jsonl`)]);
    const store = await room.open(nodeDisk());
    accepted(await store.mail.send([room.outgoing()], { durability: 'relaxed' }));
    expect(await drain(store)).toEqual(['hello']);
    const cursor = await store.journal.cursor(['bob'], 'start');
    expect((await store.journal.readEvents(['bob'], cursor)).events).toEqual([]);
    expect(room.warnings).toContainEqual(expect.stringContaining('event log of bob'));
  });

  test('files and unknown folders beside the known ones hurt nobody', async () => {
    const { room, store } = await withMail(['mail']);
    writeFileSync(join(room.layout.mailboxes, 'notes.txt'), 'x');
    mkdirSync(join(room.layout.mailboxes, 'not a name'));
    for (const folder of ['', 'ready', 'ready/p2', 'ready/p2/1', 'inflight', 'delayed', 'archive', 'dlq', 'events']) {
      mkdirSync(bob(room, folder, 'unknown'));
      writeFileSync(bob(room, folder, 'unknown', 'file'), 'x');
      writeFileSync(bob(room, folder, 'stray'), 'x');
    }
    expect((await store.documents.listAgents()).map(({ name }) => name)).toEqual(['ann', 'bob']);
    expect(await store.documents.getAgent('notes.txt')).toBeUndefined();
    expect(await store.look.find(room.ids.next(1))).toEqual([]);
    await store.journal.cursor(undefined, 'now');
    expect(await drain(store)).toEqual(['mail']);
    expect(await store.look.counts('bob')).toMatchObject({ ready: 0, archived: 1, dead: 0, corrupt: 0 });
    const findings = await inspected(store, true);
    // In agent_mailboxes/, and in events/, where nothing is put aside.
    expect(findings.filter(({ rule }) => rule === 'stranger')).toHaveLength(4);
    expect(findings.filter(({ rule }) => rule === 'entry').length).toBeGreaterThan(10);
    expect((await inspected(store, false)).filter(({ rule }) => rule !== 'stranger')).toEqual([]);
  });

  test('a file in the place of a folder of buckets stops neither sending nor reading', async () => {
    const room = makeRoom();
    mkdirSync(bob(room, 'ready', 'p2', '1'), { recursive: true });
    writeFileSync(bob(room, 'ready', 'p2', '1', bucketName(room.clock.now() + 5000, 'AAAAAAAAAA')), 'kept');
    const store = await room.open(nodeDisk());
    accepted(await store.mail.send([room.outgoing()], { durability: 'full' }));
    expect(await drain(store)).toEqual(['hello']);
    expect(corrupt(room).map((path) => readFileSync(path, 'utf8'))).toEqual(['kept']);
  });
});

describe('what this process may not read or move', () => {
  const forbidden = (matches: (call: DiskCall) => boolean): Disk =>
    watchedDisk((call) => {
      if (matches(call)) throw diskFailure(call);
    });

  test.for(['read', 'rename'])('in drop/ (%s fails) does not keep anybody from the mail behind it', async (method) => {
    const room = makeRoom();
    for (const name of ['a', 'b', 'c'])
      writeFileSync(bob(room, 'drop', `${name}.json`), `{"from":"s","body":"${name}"}`);
    const path = bob(room, 'drop', 'b.json');
    const store = await room.open(forbidden((call) => call.method === method && call.path === path));
    expect((await drain(store)).sort()).toEqual(['a', 'c']);
    room.clock.advance(1000);
    expect(await drain(store)).toEqual([]);
    expect(room.warnings).toEqual([expect.stringContaining('b.json')]);
    expect(existsSync(path)).toBe(true);
  });

  test('of a broadcast’s body costs its event the details, and nobody a message', async () => {
    const room = makeRoom(['ann', 'bob']);
    const outgoing = room.outgoing({ to: ['ann', 'bob'] });
    const commit = room.layout.committed(outgoing.message.id);
    const sender = await room.open(killedBehind(({ to }) => to === commit));
    await expect(sender.mail.send([outgoing], { durability: 'full' })).rejects.toThrow(Killed);
    const reader = await room.open(forbidden(({ method, path }) => method === 'read' && path.startsWith(commit)));
    await reader.mail.recover('bob', policy);
    const store = await room.open();
    expect(await drain(store)).toEqual(['hello']);
    expect(await drain(store, 'ann')).toEqual(['hello']);
  });

  test('of one mailbox keeps neither the other recipients nor other mailboxes from their mail', async () => {
    const room = makeRoom(['ann', 'bob', 'cy']);
    const store = await room.open(nodeDisk());
    rmSync(room.at('bob').ready, { recursive: true });
    symlinkSync(scratch(), room.at('bob').ready);
    accepted(await store.mail.send([room.outgoing({ to: ['ann', 'bob', 'cy'] })], { durability: 'full' }));
    const other = await room.open(nodeDisk());
    for (const name of ['ann', 'cy']) expect(await drain(other, name)).toEqual(['hello']);
    rmSync(room.at('bob').ready);
    expect(await drain(await room.open(nodeDisk()))).toEqual(['hello']);
  });

  test('of a corrupt entry leaves it where it is, said, and the mail behind it comes', async () => {
    const { room } = await withMail(['a', 'b']);
    const [path = ''] = await readyFiles(room);
    const junk = join(dirname(path), 'junk');
    writeFileSync(junk, 'x');
    const store = await room.open(forbidden((call) => call.method === 'rename' && call.path === junk));
    expect(await drain(store)).toEqual(['a', 'b']);
    expect(existsSync(junk)).toBe(true);
    expect(room.warnings).toContainEqual(expect.stringContaining('should be put aside'));
  });
});
