import { existsSync, linkSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Disk } from '../../../../src/storage/file/disk/disk.ts';
import { readWhole, replaceDocument } from '../../../../src/storage/file/disk/replace.ts';
import type { Finding } from '../../../../src/storage/port/upkeep.ts';
import { changeAgentIn, changeIn, changeSettingsIn, newToken, settingsIn } from '../../contract/ways.ts';
import { expectRefusal, policy as usual, refusal } from '../../contract/rig.ts';
import { type DiskCall, Killed, killedAt, watchedDisk } from '../disks.ts';
import { inspected, makeRoom, only, scratch } from '../room.ts';

const whole = '{"n":1}\n';
const next = `{"n":2,"text":"${'x'.repeat(500)}"}\n`;

/** Of every document only the beginning is written, and that is called a success. */
function stumping(disk: Disk, atMost = 40): Disk {
  return { ...disk, writeWhole: (path, bytes) => disk.writeWhole(path, bytes.subarray(0, atMost)) };
}

function textIn(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

describe('a document', () => {
  test('is replaced whole, and leaves nothing beside it', async () => {
    const path = join(scratch(), 'a.json');
    for (const text of [whole, next]) {
      await replaceDocument(watchedDisk(), path, text);
      expect(textIn(path)).toBe(text);
      expect(textIn(`${path}.kept`)).toBeUndefined();
    }
  });

  test.for([whole, undefined])('of which only a part is written is what it was before: %s', async (before) => {
    const path = join(scratch(), 'a.json');
    if (before !== undefined) writeFileSync(path, before);
    const error = await refusal(replaceDocument(stumping(watchedDisk()), path, next));
    expect(error).toMatchObject({ kind: 'disk', code: 'DISK_FAILED' });
    expect(error.message).toContain('only 40 bytes of it were written');
    expect(error.hint).toContain('df -h');
    expect(textIn(path)).toBe(before);
    expect(textIn(`${path}.kept`)).toBeUndefined();
  });

  test('is the old or the new one for every reader, whenever its writer dies, also of a stump', async () => {
    for (const stumps of [false, true]) {
      let kills = 0;
      for (let n = 1, living = false; !living; n++) {
        const path = join(scratch(), 'a.json');
        writeFileSync(path, whole);
        const { disk, killed } = killedAt(n);
        await replaceDocument(stumps ? stumping(disk) : disk, path, next).catch((error: unknown) => {
          if (!(error instanceof Killed) && !stumps) throw error;
        });
        living = !killed();
        if (!living) kills++;
        const read = await readWhole(watchedDisk(), path, { maxBytes: 1000 });
        expect([whole, next], `killed in front of change ${n}`).toContain(read.ok && read.bytes.toString());
        // The next one finishes what was begun.
        await replaceDocument(watchedDisk(), path, next);
        expect(textIn(path)).toBe(next);
        expect(textIn(`${path}.kept`)).toBeUndefined();
      }
      expect(kills).toBeGreaterThan(3);
    }
  });

  test('that a reader meets as a stump is its kept version', async () => {
    const path = join(scratch(), 'a.json');
    writeFileSync(path, whole);
    const seen: unknown[] = [];
    const reading = watchedDisk(async ({ method, path: at }: DiskCall) => {
      if (method !== 'read' || at !== path) return;
      const read = await readWhole(watchedDisk(), path, { maxBytes: 1000 });
      seen.push(read.ok && read.bytes.toString());
    });
    await expectRefusal(replaceDocument(stumping(reading), path, next), 'DISK_FAILED');
    expect(seen).toEqual([whole]);
  });

  test('that another process has replaced meanwhile is not undone', async () => {
    const path = join(scratch(), 'a.json');
    writeFileSync(path, whole);
    const theirs = '{"n":3}\n';
    const disk = watchedDisk(({ method, path: at }) => {
      if (method === 'read' && at === path) writeFileSync(path, theirs);
    });
    await replaceDocument(disk, path, next);
    expect(textIn(path)).toBe(theirs);
  });

  test('that was spoilt before its writer died is replaced all the same', async () => {
    const path = join(scratch(), 'a.json');
    writeFileSync(path, '{"re');
    linkSync(path, `${path}.kept`);
    await replaceDocument(watchedDisk(), path, next);
    expect(textIn(path)).toBe(next);
    expect(textIn(`${path}.kept`)).toBeUndefined();
  });

  test('whose stump is undone while it is read is the old one', async () => {
    const path = join(scratch(), 'a.json');
    writeFileSync(path, '{"n":2,"te');
    const disk = watchedDisk(({ method, path: at }) => {
      if (method === 'read' && at === `${path}.kept`) writeFileSync(path, whole);
    });
    const read = await readWhole(disk, path, { maxBytes: 1000 });
    expect(read.ok && read.bytes.toString()).toBe(whole);
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

  test('that somebody has removed meanwhile, as a reason may be, was replaced', async () => {
    const path = join(scratch(), 'a.json');
    const disk = watchedDisk();
    const gone = {
      ...disk,
      writeWhole: async (to: string, bytes: Uint8Array) => {
        await disk.writeWhole(to, bytes);
        await disk.remove(to);
      },
    };
    await replaceDocument(gone, path, next);
    expect(textIn(path)).toBeUndefined();
    expect(textIn(`${path}.kept`)).toBeUndefined();
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
});
