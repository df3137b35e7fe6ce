import { existsSync, linkSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../../src/model/clock.ts';
import { createIds } from '../../../../src/model/id.ts';
import { contextOf } from '../../../../src/storage/file/open.ts';
import type { Disk } from '../../../../src/storage/file/disk/disk.ts';
import { readWhole, replaceDocument, writeDocument } from '../../../../src/storage/file/disk/replace.ts';
import type { Finding } from '../../../../src/storage/port/upkeep.ts';
import { changeAgentIn, changeIn, changeSettingsIn, newToken, settingsIn } from '../../contract/ways.ts';
import { expectRefusal, policy as usual, refusal } from '../../contract/rig.ts';
import { Killed, killedAt, watchedDisk } from '../disks.ts';
import { inspected, makeRoom, only } from '../room.ts';
import { scratch } from '../../../scratch.ts';

const whole = '{"n":1}\n';
const next = `{"n":2,"text":"${'x'.repeat(500)}"}\n`;

/** Of every document only the beginning is written, and that is called a success. */
function stumping(disk: Disk, atMost = 40): Disk {
  return { ...disk, writeWhole: (path, bytes) => disk.writeWhole(path, bytes.subarray(0, atMost)) };
}

function textIn(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function contextOn(disk: Disk) {
  return contextOf(disk, '/', { clock: systemClock, ids: createIds(), warn: () => undefined });
}

/** Nobody else is at it. */
const replaced = (disk: Disk, path: string, text: string, isAsRead = async () => true): Promise<boolean> =>
  replaceDocument(contextOn(disk), path, text, isAsRead);

describe('a document', () => {
  test('is replaced whole, and leaves nothing beside it', async () => {
    const dir = scratch();
    const path = join(dir, 'a.json');
    for (const text of [whole, next]) {
      expect(await replaced(watchedDisk(), path, text)).toBe(true);
      expect(textIn(path)).toBe(text);
      expect(readdirSync(dir)).toEqual(['a.json']);
    }
  });

  test.for([whole, undefined])('of which only a part is written is what it was before: %s', async (before) => {
    const dir = scratch();
    const path = join(dir, 'a.json');
    if (before !== undefined) writeFileSync(path, before);
    const seen: unknown[] = [];
    const reading = watchedDisk(() => void seen.push(textIn(path)));
    const error = await refusal(replaced(stumping(reading), path, next));
    expect(error).toMatchObject({ kind: 'disk', code: 'DISK_FAILED' });
    expect(error.message).toContain('only 40 bytes of it were written');
    expect(error.hint).toContain('df -h');
    expect(textIn(path)).toBe(before);
    // At no moment anything else.
    expect(new Set(seen)).toEqual(new Set([before]));
    expect(readdirSync(dir)).toEqual(before === undefined ? [] : ['a.json']);
  });

  test('is the old or the new one, whenever its writer dies, also of a stump, and the next one clears up', async () => {
    for (const stumps of [false, true]) {
      let kills = 0;
      for (let n = 1, living = false; !living; n++) {
        const dir = scratch();
        const path = join(dir, 'a.json');
        writeFileSync(path, whole);
        const { disk, killed } = killedAt(n);
        await replaced(stumps ? stumping(disk) : disk, path, next).catch((error: unknown) => {
          if (!(error instanceof Killed) && !stumps) throw error;
        });
        living = !killed();
        if (!living) kills++;
        expect([whole, next], `killed in front of change ${n}`).toContain(textIn(path));
        await replaced(watchedDisk(), path, next);
        expect(textIn(path)).toBe(next);
        // What write-file-atomic was killed in is for doctor: another may be writing it just now.
        expect(readdirSync(dir).filter((name) => !/^a\.json\.next-\w{10}\.\d+$/.test(name))).toEqual(['a.json']);
      }
      expect(kills).toBeGreaterThan(2);
    }
  });

  test('that is another one than was read stays', async () => {
    const dir = scratch();
    const path = join(dir, 'a.json');
    writeFileSync(path, whole);
    expect(await replaced(watchedDisk(), path, next, async () => false)).toBe(false);
    expect(textIn(path)).toBe(whole);
    expect(readdirSync(dir)).toEqual(['a.json']);
  });

  test("takes away what waits of others, and no other file: no copy of somebody's, and nothing that is being written", async () => {
    const dir = scratch();
    const next0 = 'next-0123456789';
    const others = [
      'a.json.kept',
      'a.json.x',
      'a.json.1',
      'a.json.20261128',
      'a.json.next-1',
      `a.json.${next0}.4294967295`,
    ];
    others.push(`ba.json.${next0}`, `b.json.${next0}`, 'a.jsonx');
    for (const name of [...others, `a.json.${next0}`, `a.json.next-ZYXWVTSRQP`]) writeFileSync(join(dir, name), whole);
    await replaced(watchedDisk(), join(dir, 'a.json'), next);
    expect(readdirSync(dir).sort()).toEqual(['a.json', ...others].sort());
  });

  test('that vanishes before it has its place is not called written', async () => {
    const path = join(scratch(), 'a.json');
    const disk = watchedDisk(({ method, path: at, to }) => {
      if (method === 'rename' && to === path) rmSync(at);
    });
    expect(await replaced(disk, path, next)).toBe(false);
    expect((await refusal(writeDocument(contextOn(disk), path, next))).message).toContain('vanished');
    expect(textIn(path)).toBeUndefined();
  });

  test('of an older build whose stump is undone while it is read is the old one', async () => {
    const path = join(scratch(), 'a.json');
    writeFileSync(path, '{"n":2,"te');
    const disk = watchedDisk(({ method, path: at }) => {
      if (method === 'read' && at === `${path}.kept`) writeFileSync(path, whole);
    });
    const read = await readWhole(disk, path, { maxBytes: 1000 });
    expect(read.ok && read.bytes.toString()).toBe(whole);
  });
});

describe('a document that one open does not find', () => {
  const hiding = (path: string, times: number): Disk => {
    const disk = watchedDisk();
    const read = disk.read.bind(disk);
    disk.read = async (at, options) =>
      at === path && times-- > 0 ? { ok: false, missing: true, why: 'it is not there' } : read(at, options);
    return disk;
  };
  const path = (): string => {
    const file = join(scratch(), 'a.json');
    writeFileSync(file, whole);
    return file;
  };

  test('is read all the same, and otherwise refused: nothing is decided by its not being there', async () => {
    for (const times of [0, 1, 2]) {
      const file = path();
      const read = await readWhole(hiding(file, times), file, { maxBytes: 1000 });
      expect(read.ok && read.bytes.toString()).toBe(whole);
    }
    const file = path();
    const error = await refusal(readWhole(hiding(file, 3), file, { maxBytes: 1000 }));
    expect(error).toMatchObject({ code: 'DISK_FAILED', message: expect.stringContaining(file) as string });
  });

  test('and is not there is missing', async () => {
    const file = join(scratch(), 'a.json');
    expect(await readWhole(watchedDisk(), file, { maxBytes: 1000 })).toMatchObject({ ok: false, missing: true });
  });

  test('so a publish reaches who has subscribed', async () => {
    const room = makeRoom();
    await changeIn(await room.open(), 'subscriptions', () => ({ bob: ['news.*'] }));
    const store = await room.open(hiding(room.layout.document('subscriptions'), 1));
    expect((await store.documents.get('subscriptions'))?.value).toEqual({ bob: ['news.*'] });
  });
});

describe('in a root', () => {
  test.for<
    [name: string, change: (store: Awaited<ReturnType<ReturnType<typeof makeRoom>['open']>>) => Promise<unknown>]
  >([
    ['settings', (store) => changeSettingsIn(store, (settings) => ({ ...settings, lease: '5m' }))],
    [
      'subscriptions',
      (store) => changeIn(store, 'subscriptions', () => ({ bob: ['a.>', 'b.>', 'c.>', 'd.>', 'e.>', 'f.>'] })),
    ],
    ['schedules', (store) => changeIn(store, 'schedules', () => ({ schedules: [], more: 'x'.repeat(50) }))],
    ['a card', (store) => changeAgentIn(store, 'bob', (card) => ({ ...(card as object), description: 'y' }) as never)],
  ])('a short write of %s fails, and changes nothing', async ([, change]) => {
    const room = makeRoom();
    const store = await room.open(stumping(watchedDisk(), 10));
    const before = await Promise.all([settingsIn(store), store.documents.listAgents()]);
    await expectRefusal(change(store), 'DISK_FAILED');
    expect(await Promise.all([settingsIn(store), store.documents.listAgents()])).toEqual(before);
    expect(await inspected(await room.open(), false)).toEqual([]);
    await change(await room.open());
  });

  test('a reason of which only a part is written keeps its message from being dead', async () => {
    const room = makeRoom();
    const store = await room.open();
    await store.mail.send([room.outgoing()], { durability: 'relaxed' });
    const policy = { maxAttempts: 1, backoffMinMs: 1, backoffMaxMs: 1 };
    const failing = await room.open(stumping(watchedDisk()));
    const delivery = await failing.mail.claim('bob', { token: room.ids.token(), leaseMs: 1000, policy });
    await expectRefusal(failing.mail.nack(delivery?.receipt ?? '', { policy }), 'DISK_FAILED');
    expect(await store.look.counts('bob')).toMatchObject({ inflight: 1, dead: 0 });
    expect((await inspected(store, false)).filter(({ level }) => level === 'problem')).toEqual([]);
  });

  test.for([
    ['{"rea', 'warning'],
    [undefined, 'info'],
  ] as const)('what a killed process left of a reason (%s) is told and mended by doctor', async ([text, level]) => {
    const room = makeRoom();
    const store = await room.open();
    await store.mail.send([room.outgoing()], { durability: 'relaxed' });
    const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs: 1000, policy: usual });
    await store.mail.nack(delivery?.receipt ?? '', { policy: usual, dead: true, reason: 'broke' });
    const path = `${room.at('bob').dir}/${(await only(store, 'dead')).key}.reason.json`;
    linkSync(path, `${path}.kept`);
    if (text !== undefined) {
      writeFileSync(`${path}.1`, text, { mode: 0o600 });
      await watchedDisk().rename(`${path}.1`, path);
    }
    const kept = (findings: readonly Finding[]) => findings.filter(({ rule }) => rule !== 'dead-letters');
    // A moment ago it may be a replacement that is under way.
    expect(kept(await inspected(store, true))).toEqual([]);
    for (const file of [path, `${path}.kept`]) utimesSync(file, 0, 0);
    expect(await store.look.deadReason(await only(store, 'dead'))).toMatchObject({ reason: 'broke' });
    expect(kept(await inspected(store, false))).toMatchObject([{ rule: 'document-kept', level }]);
    expect(kept(await inspected(store, true))).toMatchObject([{ rule: 'document-kept', fixed: true }]);
    expect(textIn(`${path}.kept`)).toBeUndefined();
    expect(kept(await inspected(store, false))).toEqual([]);
    expect(await store.look.deadReason(await only(store, 'dead'))).toMatchObject({ reason: 'broke' });
  });

  test.for([
    ['config.json', '{"lea', 'warning'],
    ['config.json', '{"lease":"1m"}', 'info'],
    ['agent_mailboxes/bob/agent.json', '{"na', 'warning'],
    ['agent_mailboxes/bob/agent.json', undefined, 'info'],
  ] as const)(
    'what a killed process left of %s (%s) is read rightly, told, and mended by doctor',
    async ([file, text, level]) => {
      const room = makeRoom();
      const store = await room.open();
      await changeSettingsIn(store, () => ({ lease: '7m' }));
      const path = join(room.root, file);
      linkSync(path, `${path}.kept`);
      const kept = readFileSync(path, 'utf8');
      if (text !== undefined) {
        writeFileSync(`${path}.1`, text, { mode: 0o600 });
        await watchedDisk().rename(`${path}.1`, path);
      }
      const reader = await room.open();
      if (level === 'warning') expect(await settingsIn(reader)).toEqual({ lease: '7m' });
      expect((await reader.documents.getAgent('bob'))?.name).toBe('bob');
      expect(room.warnings).toEqual([]);
      expect(await inspected(reader, false)).toMatchObject([{ rule: 'document-kept', level }]);
      expect(await inspected(reader, true)).toMatchObject([{ rule: 'document-kept', fixed: true }]);
      expect(textIn(path)).toBe(level === 'warning' ? kept : (text ?? kept));
      expect(await inspected(reader, false)).toEqual([]);
    },
  );

  test('what is nested too deeply is no part of a document, and hides behind no version before it', async () => {
    const room = makeRoom();
    writeFileSync(`${room.layout.config}.kept`, '{"lease":"7m"}', { mode: 0o600 });
    writeFileSync(room.layout.config, `{"foo":${'['.repeat(5000)}${']'.repeat(5000)}}`, { mode: 0o600 });
    const store = await room.open();
    await expectRefusal(settingsIn(store), 'CONFIG_INVALID');
    expect(await inspected(store, false)).toMatchObject([{ rule: 'document-kept', level: 'info' }]);
  });
});
