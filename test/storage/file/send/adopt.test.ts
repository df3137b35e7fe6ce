import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isId } from '../../../../src/model/id.ts';
import type { ReadOptions } from '../../../../src/storage/file/disk/disk.ts';
import { nodeDisk } from '../../../../src/storage/file/disk/node-disk.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { leaseMs, policy } from '../../contract/rig.ts';
import { newToken } from '../../contract/ways.ts';
import { watchedDisk } from '../disks.ts';
import { drain, inspected, makeRoom, only, type Room } from '../room.ts';
import { scratch } from '../../../scratch.ts';

/** Puts a file into bob's drop/ as if it had been written `agoMs` ago. */
function drop(room: Room, name: string, content: unknown, agoMs = 0): string {
  const path = join(room.at('bob').drop, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  const seconds = (room.clock.now() - agoMs) / 1000;
  utimesSync(path, seconds, seconds);
  return path;
}

const minimal = { from: 'script', body: 'by hand' };

async function started(): Promise<{ room: Room; store: Store }> {
  const room = makeRoom();
  return { room, store: await room.open(nodeDisk()) };
}

function corrupt(room: Room): string[] {
  return readdirSync(room.at('bob').corrupt).filter((name) => !name.endsWith('.note.json'));
}

describe('a file in drop/', () => {
  test('whose writer begins anew just when it is read is not put aside, and adopted once it is whole', async () => {
    const room = makeRoom();
    const path = drop(room, 'note.json', minimal, 60_000);
    const disk = nodeDisk();
    let begun = 0;
    const store = await room.open({
      ...disk,
      read(at, options) {
        if (at !== path || begun++ > 0) return disk.read(at, options);
        writeFileSync(path, '');
        return { ok: false, missing: false, why: 'it is cut short' };
      },
    });
    await store.mail.recover('bob', policy);
    expect(corrupt(room)).toEqual([]);
    writeFileSync(path, JSON.stringify(minimal));
    room.clock.advance(3000);
    await store.mail.recover('bob', policy);
    expect(await drain(store)).toEqual(['by hand']);
  });

  test('of hundreds is looked at once, although so many are adopted a hundred at a time, and what comes meanwhile follows', async () => {
    const room = makeRoom();
    for (let n = 0; n < 350; n++) drop(room, `${n}.json`, minimal, 90_000 - n);
    let lists = 0;
    let stats = 0;
    const { drop: dir } = room.at('bob');
    const store = await room.open(
      watchedDisk(({ method, path }) => {
        if (method === 'list' && path === dir) lists++;
        if (method === 'stat' && path.startsWith(`${dir}/`)) stats++;
      }),
    );
    const left: unknown[] = [];
    for (let moved = 1; moved > 0;) {
      const recovered = await store.mail.recover('bob', policy);
      ({ moved } = recovered);
      left.push(recovered.left);
      if (left.length === 1) drop(room, 'later.json', minimal);
    }
    expect(left).toEqual([250, 150, 50, undefined, undefined]);
    expect((await store.look.counts('bob')).ready).toBe(351);
    expect(lists).toBe(3);
    // In the list, and before it is adopted.
    expect(stats).toBeLessThanOrEqual(2 * 351);
  });

  test('with a sender and a body is a message of the time of the file', async () => {
    const { room, store } = await started();
    const { mtimeMs } = statSync(drop(room, 'any name.json', minimal, 90_000));
    const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
    expect(delivery?.message).toMatchObject({
      ...minimal,
      v: 1,
      to: ['bob'],
      type: 'message',
      priority: 'normal',
      createdAt: new Date(mtimeMs).toISOString(),
    });
    expect(isId(delivery?.message.id ?? '')).toBe(true);
    expect(readdirSync(room.at('bob').drop)).toEqual([]);
    const { events } = await store.journal.readEvents(['bob'], await store.journal.cursor(['bob'], 'start'));
    expect(events[0]).toMatchObject({ event: 'delivered', id: delivery?.message.id, from: 'script' });
    await store.mail.ack(delivery?.receipt ?? '', {});
    expect((await store.look.read(await only(store, 'archived')))?.body).toBe('by hand');
  });

  test('with an id, a priority and more of its own keeps them', async () => {
    const { room, store } = await started();
    const own = {
      ...minimal,
      id: room.ids.next(room.clock.now()),
      priority: 'urgent',
      subject: 's',
      thread: 't',
      tags: ['a'],
      data: { deep: [1] },
      expiresAt: '9999-12-31T23:59:59Z',
    };
    drop(room, 'a.json', own);
    drop(room, 'b.json', minimal, 1000);
    expect((await store.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.message).toMatchObject(own);
    expect(room.warnings).toEqual([]);
  });

  test('gets the same id whoever adopts it', async () => {
    const ids = new Set<string>();
    const room = makeRoom();
    for (let i = 0; i < 2; i++) {
      const store = await room.open();
      drop(room, 'same.json', minimal, 5000);
      await store.mail.recover('bob', policy);
      const entry = await only(store, 'ready');
      ids.add(entry.id);
      await store.mail.cancel(entry, {});
    }
    expect(ids.size).toBe(1);
  });

  test.for([
    '{"from":"script","bo',
    '',
    '[]',
    '{"from":"script"}',
    '{"from":"../x","body":"b"}',
    '{"from":"s","body":1}',
    '{"from":"s","body":"b","id":"../x"}',
  ])('that says %j has two seconds to become a message, and is then put aside', async (bytes) => {
    const { room, store } = await started();
    const path = drop(room, 'half.json', bytes);
    drop(room, 'whole.json', minimal);
    const first = await store.mail.recover('bob', policy);
    expect(first.nextAt).toBeLessThanOrEqual(room.clock.now() + 2000);
    expect(existsSync(path)).toBe(true);
    expect(await drain(store)).toEqual(['by hand']);
    room.clock.advance(1900);
    await store.mail.recover('bob', policy);
    expect(existsSync(path)).toBe(true);
    room.clock.advance(200);
    await store.mail.recover('bob', policy);
    expect(existsSync(path)).toBe(false);
    const [kept = ''] = corrupt(room);
    expect(readFileSync(join(room.at('bob').corrupt, kept), 'utf8')).toBe(bytes);
    expect(room.warnings).toHaveLength(1);
  });

  test('that is nested too deeply is put aside, and what lies behind it is delivered', async () => {
    const { room, store } = await started();
    const data = (depth: number): string =>
      `{"from":"script","body":"depth ${depth}","data":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    drop(room, 'much too deep.json', data(200_000), 60_000);
    drop(room, 'too deep.json', data(1000), 50_000);
    drop(room, 'deep.json', data(999), 40_000);
    drop(room, 'last.json', minimal, 30_000);
    expect(await drain(store)).toEqual(['depth 999', 'by hand']);
    expect(corrupt(room)).toHaveLength(2);
    expect(room.warnings.join()).toContain('nested too deeply');
  });

  test.for([-1e12, -1000, 999_999_999_999_000])(
    'whose time is %d ms since 1970 is a message of a time that can be said',
    async (mtimeMs) => {
      const { room, store } = await started();
      // utimes(2) of Node takes a negative time for now.
      execFileSync('touch', ['-d', `@${mtimeMs / 1000}`, drop(room, 'odd time.json', minimal)]);
      drop(room, 'last.json', { ...minimal, body: 'behind it' });
      const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
      const bodies = [delivery?.message.body, ...(await drain(store))];
      expect(new Set(bodies)).toEqual(new Set(['behind it', 'by hand']));
      expect(room.warnings).toEqual([]);
      const [year] = /^\d{4}/.exec(delivery?.message.createdAt ?? '') ?? [];
      expect(Number(year)).toBeGreaterThanOrEqual(1970);
    },
  );

  test('that is no message and has a time far ahead is put aside now', async () => {
    const { room, store } = await started();
    const path = drop(room, 'ahead.json', '{"from":"script"}', -3_600_000);
    const { nextAt } = await store.mail.recover('bob', policy);
    expect(nextAt).toBeUndefined();
    expect(existsSync(path)).toBe(false);
    expect(corrupt(room)).toHaveLength(1);
  });

  test('that the program itself stumbles over is put aside, and what lies behind it is delivered', async () => {
    const room = makeRoom();
    const disk = nodeDisk();
    const stumbling = {
      ...disk,
      read: (path: string, options: ReadOptions) => {
        if (path.includes('bad.json') && path.includes('/drop/')) throw new TypeError('a defect');
        return disk.read(path, options);
      },
    };
    const store = await room.open(stumbling);
    const path = drop(room, 'bad.json', minimal, 5000);
    drop(room, 'good.json', minimal, 4000);
    expect(await drain(store)).toEqual(['by hand']);
    expect(existsSync(path)).toBe(false);
    expect(room.warnings.join()).toContain('a defect');
  });

  test('that is finished within the two seconds is a message', async () => {
    const { room, store } = await started();
    drop(room, 'slow.json', '{"from":"script",');
    await store.mail.recover('bob', policy);
    drop(room, 'slow.json', minimal);
    room.clock.advance(3000);
    expect(await drain(store)).toEqual(['by hand']);
    expect(corrupt(room)).toEqual([]);
  });

  test('that is not UTF-8 is put aside', async () => {
    const { room, store } = await started();
    const path = drop(room, 'latin1.json', '');
    writeFileSync(path, Buffer.from('{"from":"script","body":"caf\xe9"}', 'latin1'));
    room.clock.advance(5000);
    expect(await drain(store)).toEqual([]);
    expect(corrupt(room)).toHaveLength(1);
  });

  test('whose bytes change after it was adopted is not delivered', async () => {
    const { room, store } = await started();
    drop(room, 'a.json', minimal);
    await store.mail.recover('bob', policy);
    const { key } = await only(store, 'ready');
    writeFileSync(join(room.at('bob').dir, key), JSON.stringify({ ...minimal, body: 'changed' }));
    expect(await drain(store)).toEqual([]);
    expect(corrupt(room)).toHaveLength(1);
  });

  test('is adopted once by two processes at once', async () => {
    const room = makeRoom();
    const stores = [await room.open(), await room.open(), await room.open()];
    for (let i = 0; i < 40; i++) drop(room, `${i}.json`, { ...minimal, body: `b${i}` }, i);
    await Promise.all(stores.map((store) => store.mail.recover('bob', policy)));
    const bodies = (await Promise.all(stores.map((store) => drain(store)))).flat();
    expect(bodies.sort()).toEqual(Array.from({ length: 40 }, (_, i) => `b${i}`).sort());
    expect(corrupt(room)).toEqual([]);
  });

  test('comes out in the order in which it was handed in', async () => {
    const { room, store } = await started();
    for (const i of [3, 1, 4, 0, 2]) drop(room, `${9 - i}.json`, { ...minimal, body: `b${i}` }, 10_000 - i * 1000);
    await store.mail.recover('bob', policy);
    expect(await drain(store)).toEqual(['b0', 'b1', 'b2', 'b3', 'b4']);
  });

  test('under an ordering key waits for its turn', async () => {
    const { room, store } = await started();
    for (const i of [0, 1]) drop(room, `${i}.json`, { ...minimal, body: `b${i}`, orderingKey: 'k' }, 10_000 - i * 1000);
    await store.mail.recover('bob', policy);
    const first = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
    expect(first?.message).toMatchObject({ body: 'b0', orderingKey: 'k' });
    expect(await store.mail.claim('bob', { token: newToken(), leaseMs, policy })).toBeUndefined();
    await store.mail.ack(first?.receipt ?? '', {});
    expect(await drain(store)).toEqual(['b1']);
  });

  test.for(['a.tmp', '.a.json', 'a.json.tmp', 'a', 'a.jsonl', '.json'])(
    'called %s is nobody’s business',
    async (name) => {
      const { room, store } = await started();
      const path = drop(room, name, minimal, 60_000);
      expect(await drain(store)).toEqual([]);
      expect(existsSync(path)).toBe(true);
      expect(await inspected(store, true)).toMatchObject([{ rule: 'drop' }]);
      expect(existsSync(path)).toBe(true);
      renameSync(path, join(room.at('bob').drop, 'whole.json'));
      expect(await drain(await room.open())).toEqual(['by hand']);
    },
  );

  test.for(['link', 'dangling link', 'fifo', 'folder'] as const)(
    'that is a %s is put aside and stops nothing',
    async (what) => {
      const { room, store } = await started();
      const path = join(room.at('bob').drop, 'odd.json');
      const outside = join(scratch(), 'outside.json');
      writeFileSync(outside, JSON.stringify({ ...minimal, body: 'from outside' }));
      if (what === 'fifo') execFileSync('mkfifo', [path]);
      else if (what === 'folder') mkdirSync(path);
      else symlinkSync(what === 'link' ? outside : '/nowhere', path);
      drop(room, 'good.json', minimal);
      expect(await drain(store)).toEqual(['by hand']);
      expect(corrupt(room)).toHaveLength(1);
      expect(readFileSync(outside, 'utf8')).toContain('from outside');
    },
  );

  test('of an agent’s own outlives a retry and a restore', async () => {
    const { room, store } = await started();
    drop(room, 'a.json', minimal);
    const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
    await store.mail.nack(delivery?.receipt ?? '', { policy, dead: true });
    await store.mail.retry(await only(store, 'dead'), {});
    expect(await drain(store)).toEqual(['by hand']);
    await store.mail.restore(await only(store, 'archived'), {});
    expect(await drain(store)).toEqual(['by hand']);
  });

  test('whose time to live is over is dead, not delivered', async () => {
    const { room, store } = await started();
    drop(room, 'a.json', { ...minimal, expiresAt: '1969-01-01T00:00:00Z' });
    expect(await drain(store)).toEqual([]);
    expect((await store.look.deadReason(await only(store, 'dead')))?.reason).toContain('time-to-live');
  });
});
