import { describe, expect, test } from 'vitest';
import { readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Store } from '../../../src/storage/port/store.ts';
import { accepted, leaseMs, policy } from '../contract/rig.ts';
import { type DiskCall, watchedDisk } from './disks.ts';
import { makeRoom, type Room } from './room.ts';
import { changeAgentIn, newToken } from '../contract/ways.ts';

// What has to be on disk before what: the order of the calls is the whole protection against a power cut.

interface Recorder {
  readonly room: Room;
  readonly store: Store;
  /** What has happened since the last time it was asked: writes, renames and syncs, in short. */
  told(): string[];
}

async function record(names?: readonly string[], before?: (call: DiskCall, room: Room) => void): Promise<Recorder> {
  const room = makeRoom(names);
  let calls: string[] = [];
  const disk = watchedDisk((call) => {
    before?.(call, room);
    const text = brief(room, call);
    if (text !== undefined) calls.push(text);
  });
  return {
    room,
    store: await room.open(disk),
    told() {
      const all = calls;
      calls = [];
      return all;
    },
  };
}

const verbs: Readonly<Record<string, string>> = {
  create: 'write',
  rename: 'move',
  link: 'link',
  syncDir: 'sync',
  writeWhole: 'write and sync',
  append: 'log',
};

function brief(room: Room, { method, path, to, synced }: DiskCall): string | undefined {
  const verb = verbs[method];
  if (verb === undefined) return undefined;
  const what = `${method === 'create' && synced ? 'write and sync' : verb} ${short(room, path)}`;
  return to === undefined ? what : `${what} -> ${short(room, to)}`;
}

/** A path in words: ID, ENTRY, BUCKET, HOUR, SLOT, DAY, KEY. */
function short(room: Room, path: string): string {
  if (path === room.root) return '/';
  return path
    .slice(room.root.length + 1)
    .replace('agent_mailboxes/', '')
    .replace(/[tudk]\d{13}\.i[^/:]*?\.jsonl?/, 'ENTRY')
    .replace(/\d{13}-[0-7][0-9A-Z]{25}/g, 'INBOX')
    .replace(/\d{13}-[0-9A-Z]{10}/g, 'BUCKET')
    .replace(/\d{4}-\d\d-\d\d\.\d+\..*?\.jsonl\.gz/, 'PACK')
    .replace(/k\d{13}\.i[0-9A-Z]{26}/, 'MARK')
    .replace(/\d{4}-\d\d-\d\dT\d\d/, 'HOUR')
    .replace(/\d{4}-\d\d-\d\d/, 'DAY')
    .replace(/\d\d-\d0(?=$|\/)/, 'SLOT')
    .replace(/[0-9a-f]{2}\/[0-9a-f]{64}/, 'KK/KEY')
    .replace(/dedupe\/[0-9a-f]{2}$/, 'dedupe/KK')
    .replace(/[0-7][0-9A-Z]{25}/, 'ID')
    .replace(/(?<=\.json)\.next-\w{10}/g, '.next')
    .replace(/(?<=\.next)\.\d+/g, '.N');
}

const firstUse = ['sync bob/ready/p2/1/BUCKET', 'sync bob/ready/p2/1', 'sync bob/ready/p2', 'sync bob/ready'];

describe('a send', () => {
  test('syncs the file before its name is there, then the bucket, and once in a process the folders above', async () => {
    const { room, store, told } = await record();
    accepted(await store.mail.send([room.outgoing()], { durability: 'full' }));
    expect(told()).toEqual([
      'write and sync bob/tmp/ID.json',
      'move bob/tmp/ID.json -> bob/ready/p2/1/BUCKET/BUCKET/ENTRY',
      'sync bob/ready/p2/1/BUCKET/BUCKET',
      ...firstUse,
      'log bob/events/DAY.jsonl',
    ]);
    accepted(await store.mail.send([room.outgoing()], { durability: 'full' }));
    expect(told()).toEqual([
      'write and sync bob/tmp/ID.json',
      'move bob/tmp/ID.json -> bob/ready/p2/1/BUCKET/BUCKET/ENTRY',
      'sync bob/ready/p2/1/BUCKET/BUCKET',
      'log bob/events/DAY.jsonl',
    ]);
  });

  test('syncs the folders above a bucket that another process has made', async () => {
    const { room, store, told } = await record();
    await (await room.open()).mail.send([room.outgoing()], { durability: 'relaxed' });
    accepted(await store.mail.send([room.outgoing()], { durability: 'full' }));
    expect(told().filter((call) => call.startsWith('sync'))).toEqual([
      'sync bob/ready/p2/1/BUCKET/BUCKET',
      ...firstUse,
    ]);
  });

  test('that is relaxed syncs nothing', async () => {
    const { room, store, told } = await record(['ann', 'bob', 'cy']);
    const outgoing = [
      room.outgoing(),
      room.outgoing({}, { dueAt: room.clock.now() + 1000 }),
      room.outgoing({ to: ['ann', 'cy'] }),
    ];
    for (const one of outgoing) accepted(await store.mail.send([one], { durability: 'relaxed' }));
    await store.mail.send([room.outgoing(), room.outgoing()], { durability: 'relaxed' });
    expect(told().filter((call) => call.includes('sync'))).toEqual([]);
  });

  test('that is delayed syncs the slot, the hour and the wheel every time, for they come and go under the same names', async () => {
    const { room, store, told } = await record();
    for (let i = 0; i < 2; i++) {
      accepted(await store.mail.send([room.outgoing({}, { dueAt: room.clock.now() + 5 })], { durability: 'full' }));
      expect(told()).toEqual([
        'write and sync bob/tmp/ID.json',
        'move bob/tmp/ID.json -> bob/delayed/HOUR/SLOT/ENTRY',
        'sync bob/delayed/HOUR/SLOT',
        'sync bob/delayed/HOUR',
        'sync bob/delayed',
        'log bob/events/DAY.jsonl',
      ]);
    }
  });

  test('of a batch syncs one file, and each bucket once', async () => {
    const { room, store, told } = await record(['ann', 'bob']);
    const batch = ['bob', 'ann', 'bob', 'ann', 'bob'].map((to) => room.outgoing({ to: [to] }));
    await store.mail.send(batch, { durability: 'full' });
    const first = told();
    expect(first.filter((call) => call.startsWith('write'))).toEqual(['write and sync bob/tmp/ID.jsonl']);
    expect(first.filter((call) => call.startsWith('link'))).toHaveLength(5);
    expect(first.filter((call) => call.startsWith('log'))).toHaveLength(2);
    const order = first.map((call) => call.split(' ')[0]);
    expect(order.lastIndexOf('link')).toBeLessThan(order.indexOf('sync'));
    expect(order.lastIndexOf('sync')).toBeLessThan(order.indexOf('log'));
    for (const call of ['sync bob/ready/p2/1/BUCKET/BUCKET', 'sync ann/ready/p2/1/BUCKET/BUCKET']) {
      expect(first.filter((other) => other === call)).toHaveLength(1);
    }
    await store.mail.send(
      batch.map(({ mailboxes }) => room.outgoing({ to: [...mailboxes] })),
      { durability: 'full' },
    );
    expect(told().filter((call) => call.startsWith('sync'))).toEqual([
      'sync bob/ready/p2/1/BUCKET/BUCKET',
      'sync ann/ready/p2/1/BUCKET/BUCKET',
    ]);
  });

  test('to several has its body, its links and its folder on disk before the commit, and the commit before it is handed out', async () => {
    const { room, store, told } = await record(['ann', 'bob', 'cy']);
    accepted(await store.mail.send([room.outgoing({ to: ['ann', 'bob', 'cy'] })], { durability: 'full' }));
    expect(told()).toEqual([
      'write and sync outbox/ID.new/message.json',
      'link outbox/ID.new/message.json -> outbox/ID.new/ann:ENTRY',
      'link outbox/ID.new/message.json -> outbox/ID.new/bob:ENTRY',
      'link outbox/ID.new/message.json -> outbox/ID.new/cy:ENTRY',
      'sync outbox/ID.new',
      'sync outbox',
      'move outbox/ID.new -> outbox/ID',
      'sync outbox',
      ...['ann', 'bob', 'cy'].flatMap((name) => [
        `move outbox/ID/${name}:ENTRY -> ${name}/ready/p2/1/BUCKET/BUCKET/ENTRY`,
        `log ${name}/events/DAY.jsonl`,
      ]),
    ]);
  });

  test.for(['full', 'relaxed'] as const)(
    'with a dedupe key, %s, has the key on disk before the commit',
    async (durability) => {
      const { room, store, told } = await record();
      accepted(await store.mail.send([room.outgoing({ dedupeKey: 'k' })], { durability }));
      const calls = told();
      expect(calls.slice(calls.indexOf('sync outbox') + 1, -2)).toEqual([
        'link outbox/ID.new/message.json -> dedupe/KK/KEY',
        'sync dedupe/KK',
        'sync dedupe',
        'sync /',
        'move outbox/ID.new -> outbox/ID',
        'sync outbox',
      ]);
    },
  );

  test('that repeats one which was cut off in front of its commit has the key on disk first, too', async () => {
    const { room, store, told } = await record();
    const paused = await room.open({
      ...watchedDisk(),
      syncDir(dir) {
        if (dir.startsWith(room.layout.dedupe)) throw new Error('killed');
        return true;
      },
    });
    await expect(paused.mail.send([room.outgoing({ dedupeKey: 'k' })], { durability: 'full' })).rejects.toThrow(
      'killed',
    );
    expect(accepted(await store.mail.send([room.outgoing({ dedupeKey: 'k' })], { durability: 'full' })).duplicate).toBe(
      true,
    );
    const calls = told();
    expect(calls).toContain('sync dedupe/KK');
    expect(calls.indexOf('sync dedupe/KK')).toBeLessThan(calls.indexOf('move outbox/ID.new -> outbox/ID'));
  });

  test('whose bucket a consumer has emptied and removed syncs the nearest folder that is left', async () => {
    let remove = false;
    const { room, store, told } = await record(['ann', 'bob'], ({ method, path }) => {
      if (!remove || method !== 'syncDir') return;
      remove = false;
      // Between the rename and the sync a consumer claims, and what it has emptied is not the newest any more.
      for (const entry of readdirSync(path)) unlinkSync(`${path}/${entry}`);
      rmdirSync(path);
      rmdirSync(dirname(path));
    });
    accepted(await store.mail.send([room.outgoing()], { durability: 'full' }));
    told();
    remove = true;
    accepted(await store.mail.send([room.outgoing()], { durability: 'full' }));
    expect(told().filter((call) => call.startsWith('sync'))).toEqual([
      'sync bob/ready/p2/1/BUCKET/BUCKET',
      'sync bob/ready/p2/1/BUCKET',
      'sync bob/ready/p2/1',
    ]);
  });
});

describe('a claim, an ack, a nack and a renewal', () => {
  test('sync nothing', async () => {
    const { room, store, told } = await record();
    for (let i = 0; i < 3; i++) await store.mail.send([room.outgoing()], { durability: 'relaxed' });
    const receipts: string[] = [];
    for (let i = 0; i < 3; i++)
      receipts.push((await store.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.receipt ?? '');
    await store.mail.ack(receipts[0] ?? '', {});
    await store.mail.nack(receipts[1] ?? '', { policy });
    await store.mail.renew(receipts[2] ?? '', { leaseMs: 2 * leaseMs });
    room.clock.advance(3 * leaseMs);
    await store.mail.recover('bob', policy);
    const calls = told();
    expect(calls.filter((call) => call.startsWith('move')).length).toBeGreaterThan(6);
    expect(calls.filter((call) => call.includes('sync'))).toEqual([]);
  });
});

describe('the dead-letter queue', () => {
  test('has the reason on disk before the message is there, and both folders of the move are synced after it', async () => {
    const { room, store, told } = await record();
    await store.mail.send([room.outgoing()], { durability: 'relaxed' });
    const receipt = (await store.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.receipt ?? '';
    told();
    await store.mail.nack(receipt, { policy, dead: true });
    expect(told()).toEqual([
      'write and sync bob/dlq/ENTRY.reason.json.next',
      'move bob/dlq/ENTRY.reason.json.next.N -> bob/dlq/ENTRY.reason.json.next',
      'move bob/dlq/ENTRY.reason.json.next -> bob/dlq/ENTRY.reason.json',
      'sync bob/dlq',
      'move bob/inflight/HOUR/SLOT/ENTRY -> bob/dlq/ENTRY',
      'sync bob/dlq',
      'sync bob/inflight/HOUR/SLOT',
      'log bob/events/DAY.jsonl',
    ]);
  });
});

describe('a mailbox', () => {
  test('is on disk with its card and its name when it is registered', async () => {
    const { store, told } = await record();
    await changeAgentIn(store, 'new', () => ({ name: 'new', createdAt: '2026-11-20T09:00:00.000Z' }));
    expect(told()).toEqual([
      'write and sync new/agent.json.next',
      'move new/agent.json.next.N -> new/agent.json.next',
      'move new/agent.json.next -> new/agent.json',
      'sync new',
      'sync agent_mailboxes',
    ]);
  });
});

describe('a deposit', () => {
  test.for(['archived', 'ready'] as const)('to %s is on disk when it returns', async (to) => {
    const { room, store, told } = await record();
    await store.mail.deposit('bob', room.message(), to, { at: room.clock.now() });
    const calls = told();
    expect(calls[0]).toBe('write and sync bob/tmp/ID.json');
    expect(calls.slice(2, -1)).toEqual(
      to === 'archived'
        ? ['sync bob/archive/DAY', 'sync bob/archive', 'sync bob']
        : [
            'sync bob/ready/p2/0/BUCKET/BUCKET',
            'sync bob/ready/p2/0/BUCKET',
            'sync bob/ready/p2/0',
            'sync bob/ready/p2',
            'sync bob/ready',
            'sync bob',
          ],
    );
  });
});

describe('a request', () => {
  test('has its inbox on disk before it is sent, and an answer in it, too', async () => {
    const { room, store, told } = await record();
    for (const first of [true, false]) {
      const request = room.ids.next(room.clock.now());
      await store.mail.openInbox('bob', request, room.clock.now() + 1000);
      expect(told()).toEqual(['sync bob/requests', ...(first ? ['sync bob'] : [])]);
      accepted(await store.mail.send([room.outgoing({ replyTo: request })], { durability: 'full' }));
      expect(told()).toEqual([
        'write and sync bob/tmp/ID.json',
        'move bob/tmp/ID.json -> bob/requests/INBOX/ENTRY',
        'sync bob/requests/INBOX',
        'log bob/events/DAY.jsonl',
      ]);
    }
  });

  test('that closes while an answer is sent does not keep that from the disk', async () => {
    const { room, store, told } = await record(undefined, (call, { layout }) => {
      // Between the rename and its sync the requester moves the answer on and removes the folder.
      if (call.method !== 'syncDir' || !/requests\/\d/.test(call.path)) return;
      for (const name of readdirSync(call.path))
        renameSync(join(call.path, name), join(layout.mailbox('bob').tmp, name));
      rmdirSync(call.path);
    });
    const request = room.ids.next(room.clock.now());
    await store.mail.openInbox('bob', request, room.clock.now() + 1000);
    told();
    accepted(await store.mail.send([room.outgoing({ replyTo: request })], { durability: 'full' }));
    expect(told().slice(2)).toEqual(['sync bob/requests/INBOX', 'sync bob/requests', 'log bob/events/DAY.jsonl']);
  });
});

describe('a hand-over', () => {
  test('syncs where the message was, then where it is, and once in a process the folders above', async () => {
    const { room, store, told } = await record(['ann', 'bob']);
    const over = async (): Promise<string[]> => {
      accepted(await store.mail.send([room.outgoing()], { durability: 'relaxed' }));
      for await (const entry of store.look.list('bob', 'ready')) {
        told();
        await store.mail.handOver(entry, 'ann', {});
      }
      return told();
    };
    const first = [
      'sync ann/ready/p2/0/BUCKET',
      'sync ann/ready/p2/0',
      'sync ann/ready/p2',
      'sync ann/ready',
      'sync ann',
    ];
    const all = [
      'move bob/ready/p2/1/BUCKET/BUCKET/ENTRY -> ann/ready/p2/0/BUCKET/BUCKET/ENTRY',
      'sync bob/ready/p2/1/BUCKET/BUCKET',
      'sync ann/ready/p2/0/BUCKET/BUCKET',
      ...first,
      'log bob/events/DAY.jsonl',
      'log ann/events/DAY.jsonl',
    ];
    expect(await over()).toEqual(all);
    expect(await over()).toEqual(all.filter((one) => !first.includes(one)));
  });
});

describe('packing', () => {
  const finished = async ({ room, store }: Recorder): Promise<void> => {
    await store.mail.send([room.outgoing()], { durability: 'relaxed' });
    await store.mail.ack((await store.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.receipt ?? '', {});
    room.clock.advance(86_400_000);
  };
  const packAll = async (store: Store): Promise<void> => {
    for await (const _ of store.upkeep!.packArchive('bob', { beforeDay: '9999-01-01', dryRun: false }));
  };

  test('has the pack and its name on disk before the first entry is removed', async () => {
    const removed: string[] = [];
    const recorder = await record(undefined, ({ method, path }, room) => {
      if (method === 'remove') removed.push(short(room, path));
      else if (removed.length > 0 && method === 'syncDir') removed.push('sync');
    });
    await finished(recorder);
    recorder.told();
    await packAll(recorder.store);
    expect(recorder.told()).toEqual([
      'write and sync bob/tmp/ID.jsonl.gz',
      'move bob/tmp/ID.jsonl.gz -> bob/archive/PACK',
      'sync bob/archive',
    ]);
    expect(removed).toEqual(['bob/archive/DAY/ENTRY']);
  });

  test('and restoring has the message in its folder on disk before it is marked as gone, and that before it is ready', async () => {
    const recorder = await record();
    const { store, told } = recorder;
    await finished(recorder);
    await packAll(store);
    for await (const entry of store.look.list('bob', 'archived')) {
      told();
      await store.mail.restore(entry, {});
    }
    expect(told()).toEqual([
      'write and sync bob/tmp/ID.json',
      'move bob/tmp/ID.json -> bob/archive/DAY/ENTRY',
      'sync bob/archive/DAY',
      'sync bob/archive',
      'write and sync bob/archive/PACK.gone/MARK',
      'sync bob/archive/PACK.gone',
      'sync bob/archive',
      'move bob/archive/DAY/ENTRY -> bob/ready/p2/0/BUCKET/BUCKET/ENTRY',
      'log bob/events/DAY.jsonl',
    ]);
  });
});
