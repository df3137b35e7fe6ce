import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listAgents } from '../../../src/core/agents/agents.ts';
import { listen } from '../../../src/core/follow/listen.ts';
import { watch } from '../../../src/core/follow/watch.ts';
import { exportArchive, listArchive, searchArchive, showArchived } from '../../../src/core/keep/archive.ts';
import { listDead, retryDead } from '../../../src/core/keep/dlq.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { maintain } from '../../../src/core/keep/maintain.ts';
import { list } from '../../../src/core/look/list.ts';
import { peek } from '../../../src/core/look/peek.ts';
import { search } from '../../../src/core/look/search.ts';
import { show } from '../../../src/core/look/show.ts';
import { status } from '../../../src/core/look/status.ts';
import { thread } from '../../../src/core/look/thread.ts';
import { trace } from '../../../src/core/look/trace.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { metrics } from '../../../src/core/metrics/metrics.ts';
import { showResources } from '../../../src/core/resources/resources.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { listTopics, showTopic } from '../../../src/core/topics/topics.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import type { Disk } from '../../../src/storage/file/disk/disk.ts';
import { changes, type DiskCall, watchedDisk } from '../../storage/file/disks.ts';
import { makeRoom, type Room } from '../../storage/file/room.ts';
import { gather, must } from '../rig.ts';

async function sessionOn(room: Room, disk?: Disk): Promise<Session> {
  const { root: path, clock, ids } = room;
  const warn = (warning: string): void => void room.warnings.push(warning);
  return rootOver(await room.open(disk), { path, clock, ids }, { as: 'ann', warn });
}

interface Scene {
  readonly room: Room;
  /** Of a message that ann and bob have both got, and ann has finished. */
  readonly id: string;
}

/** Of all that a look would move first there is one in bob's mailbox. */
async function scene(): Promise<Scene> {
  const room = makeRoom();
  const root = await sessionOn(room);
  const { id } = await send(root, { to: ['ann', 'bob'], body: 'hello' });
  await ack(root, must(await readNext(root, 'ann')).receipt);
  await send(root, { to: 'bob', body: 'bad', priority: 'urgent' });
  await nack(root, must(await readNext(root, 'bob')).receipt, { dead: true });
  await send(root, { to: 'bob', body: 'held', priority: 'urgent' });
  must(await readNext(root, 'bob', { leaseMs: 1000 }));
  await send(root, { to: 'bob', body: 'late', delay: '1s' });
  await send(root, { to: 'bob', body: 'short', ttl: '1s' });
  await publish(root, 'news', { body: 'hello' });
  writeFileSync(join(room.at('bob').drop, 'a.json'), '{"from":"script","body":"dropped"}', { mode: 0o600 });
  // Hours later, so that the slots of the wheels are over, too.
  room.clock.advance(7_200_000);
  room.warnings.length = 0;
  return { room, id };
}

type Look = (session: Session, id: string) => Promise<unknown>;

const overAll: Record<string, Look> = {
  status: (session) => status(session),
  metrics: (session) => metrics(session),
  'resources show': (session) => showResources(session),
  show: (session, id) => show(session, id),
  search: (session) => gather(search(session, 'hello')),
  thread: (session, id) => thread(session, id),
  trace: (session, id) => trace(session, id),
  watch: (session) => gather(watch(session, { since: 'start', count: 1 })),
  'a watch that begins now': (session) => gather(watch(session, { signal: AbortSignal.timeout(50) })),
  listen: (session) => gather(listen(session, 'news', { since: 'start', count: 1 })),
  list: (session) => gather(list(session)),
  'archive list': (session) => gather(listArchive(session)),
  'archive export': (session) => gather(exportArchive(session)),
  'archive search': (session) => gather(searchArchive(session, 'hello')),
  'dlq list': (session) => gather(listDead(session)),
  'archive show': (session, id) => showArchived(session, undefined, id),
  'agent list': (session) => listAgents(session),
  'topics list': (session) => listTopics(session),
  'topics show': (session) => showTopic(session, 'news'),
  doctor: (session) => gather(doctor(session)),
  'maintain --dry-run': (session) => gather(maintain(session, { dryRun: true })),
};
const ofOne: Record<string, Look> = {
  'status bob': (session) => status(session, ['bob']),
  'list bob': (session) => gather(list(session, 'bob')),
  'peek bob': (session) => peek(session, 'bob'),
  'peek bob --wait': (session) =>
    peek(session, 'bob', { waitMs: 1e6, filter: { tag: 'none' }, signal: AbortSignal.timeout(50) }),
  'watch bob': (session) => gather(watch(session, { mailboxes: ['bob'], signal: AbortSignal.timeout(50) })),
  'dlq list bob': (session) => gather(listDead(session, 'bob')),
  'archive list bob': (session) => gather(listArchive(session, 'bob')),
};
const looks = Object.entries({ ...overAll, ...ofOne });

const unchangeable = ['EROFS', 'ENOSPC', 'EACCES'].map((errno): [string, Disk] => [
  errno,
  watchedDisk((call) => {
    if (changes(call) && call.method !== 'syncDir') throw failure(call, errno);
  }),
]);

function failure({ method, path }: DiskCall, errno: string): DreamosError {
  return new DreamosError('disk', 'DISK_FAILED', `Could not ${method} ${path}: ${errno}.`);
}

test.each(unchangeable.flatMap(([errno, disk]) => looks.map(([name, look]) => [name, errno, disk, look] as const)))(
  'where nothing can be changed a look sees what is there, and says once what it could not move: %s, %s',
  async (_, errno, disk, look) => {
    const { room, id } = await scene();
    const session = await sessionOn(room, disk);
    const seen = await look(session, id);
    expect(seen).not.toEqual(undefined);
    await look(session, id);
    for (const warning of room.warnings) expect(warning).toContain(errno);
    expect(room.warnings.filter((text) => text.startsWith('What is due in bob')).length).toBeLessThanOrEqual(1);
    expect(new Set(room.warnings).size).toBe(room.warnings.length);
  },
);

test('what is due and cannot be moved is counted where it is', async () => {
  const { room } = await scene();
  const session = await sessionOn(room, must(unchangeable[0])[1]);
  expect(await status(session)).toMatchObject([
    { mailbox: 'ann', ready: 0, archived: 1 },
    { mailbox: 'bob', ready: 2, inflight: 1, delayed: 1, dead: 1 },
  ]);
  expect(room.warnings).toEqual([
    expect.stringContaining('A file in drop/ of bob cannot be adopted'),
    expect.stringContaining('What is due in bob could not be moved'),
  ]);
});

test('what has outlived its time-to-live and cannot be buried is listed where it is, until it can be', async () => {
  const { room } = await scene();
  let full = true;
  const disk = watchedDisk((call) => {
    if (full && changes(call)) throw failure(call, 'ENOSPC');
  });
  const session = await sessionOn(room, disk);
  const bodies = async (looked: AsyncIterable<{ message: { body: string } | null }>): Promise<unknown[]> =>
    (await gather(looked)).map(({ message }) => message?.body);
  expect(await bodies(list(session, 'bob'))).toContain('short');
  expect(await bodies(search(session, 'short'))).toEqual(['short']);
  expect(await peek(session, 'bob', { limit: 9 })).not.toContainEqual(
    expect.objectContaining({ message: expect.objectContaining({ body: 'short' }) as unknown }),
  );
  full = false;
  expect(await bodies(list(session, 'bob'))).not.toContain('short');
  expect(await gather(search(session, 'short'))).toMatchObject([{ state: 'dead' }]);
});

test.each(['space', 'inodes'])(
  'of a log, a mark and a handed-in file is said once, however often they are met, that the disk has no %s',
  async (scarce) => {
    const { room } = await scene();
    writeFileSync(join(room.at('bob').drop, 'keyed.json'), '{"from":"script","body":"keyed","dedupeKey":"k"}');
    let full = true;
    let failures = 0;
    // Where there is no space a file can be made and moved, and nothing be put into it.
    const takes =
      scarce === 'space' ? ['create', 'writeWhole', 'append', 'touch'] : ['create', 'makeDir', 'append', 'touch'];
    const disk = watchedDisk((call) => {
      if (full && takes.includes(call.method)) throw failure(call, `ENOSPC, for the ${++failures}th time`);
    });
    const session = await sessionOn(room, disk);
    const heads = (): string[] => room.warnings.splice(0).map((text) => text.split(': ')[0] ?? '');
    const lookAgain = async (): Promise<void> => {
      for (let look = 0; look < 3; look++) {
        await status(session);
        await readNext(session, 'ann');
        room.clock.advance(6000);
      }
    };
    await lookAgain();
    const said = heads();
    expect(said).toEqual([...new Set(said)]);
    expect(said).toContain('The mark of the last read of ann could not be set');
    full = false;
    await lookAgain();
    expect(heads()).toEqual([]);
    full = true;
    await lookAgain();
    expect(heads()).toEqual(['The mark of the last read of ann could not be set']);
  },
);

test('a disk that can be written again moves what is due, and new trouble is told anew', async () => {
  const { room } = await scene();
  let full = true;
  const session = await sessionOn(
    room,
    watchedDisk((call) => {
      if (full && changes(call)) throw failure(call, 'ENOSPC');
    }),
  );
  const trouble = (): number => room.warnings.filter((text) => text.includes('What is due in bob')).length;
  await status(session);
  full = false;
  expect((await status(session, ['bob']))[0]).toMatchObject({ inflight: 0, delayed: 0 });
  expect(trouble()).toBe(1);
  must(await readNext(session, 'bob', { leaseMs: 1000 }));
  room.clock.advance(60_000);
  full = true;
  await status(session);
  expect(trouble()).toBe(2);
});

/** Nothing below bob's folder can be looked at. */
function withoutBob(room: Room): Disk {
  return watchedDisk((call) => {
    if (call.path.startsWith(`${room.at('bob').dir}/`)) throw failure(call, 'EACCES');
  });
}

test.each(Object.entries(overAll))('one mailbox in disorder takes down no look over all: %s', async (name, look) => {
  const { room, id } = await scene();
  const told = JSON.stringify(await look(await sessionOn(room, withoutBob(room)), id));
  expect(told).toBeTypeOf('string');
  // Where it would have been seen.
  if (/status|search|doctor|show|thread|trace|watch|dlq/.test(name) && !name.startsWith('topics'))
    expect(`${told}${room.warnings.join()}`).toMatch(/bob.*EACCES/);
});

test('what could not be looked into is not counted as empty, and none of all is an error', async () => {
  const { room, id } = await scene();
  const session = await sessionOn(room, withoutBob(room));
  expect(await status(session)).toMatchObject([{ mailbox: 'ann' }]);
  expect((await show(session, id)).entries).toMatchObject([{ mailbox: 'ann' }]);
  await expect(status(session, ['bob'])).rejects.toMatchObject({ code: 'DISK_FAILED' });
  const noneLeft = watchedDisk((call) => {
    if (call.path.startsWith(`${room.layout.mailboxes}/`) && call.method === 'list') throw failure(call, 'EIO');
  });
  await expect(status(await sessionOn(room, noneLeft))).rejects.toMatchObject({ code: 'DISK_FAILED' });
  const elsewhere = room.ids.next(room.clock.now());
  await expect(show(session, elsewhere)).rejects.toMatchObject({ code: 'DISK_FAILED' });
});

test('a retry of all tells what it could not look into, and brings back the others', async () => {
  const { room } = await scene();
  const root = await sessionOn(room);
  const { id } = await send(root, { to: 'ann', body: 'bad' });
  await nack(root, must(await readNext(root, 'ann')).receipt, { dead: true });
  const session = await sessionOn(room, withoutBob(room));
  for (const options of [{ dryRun: true }, {}]) {
    const [ann, bob, ...more] = await retryDead(session, undefined, 'all', options);
    expect(ann).toMatchObject({ id, mailbox: 'ann' });
    expect(bob).toMatchObject({ kind: 'disk', message: expect.stringMatching(/bob.*EACCES/) as string });
    expect(more).toEqual([]);
  }
  await expect(retryDead(session, 'bob', 'all')).rejects.toMatchObject({ code: 'DISK_FAILED' });
});

test('a reason that the disk does not give is told, and the others are found', async () => {
  const { room } = await scene();
  const disk = watchedDisk((call) => {
    if (call.method === 'read' && call.path.endsWith('.reason.json')) throw failure(call, 'EIO');
  });
  const session = await sessionOn(room, disk);
  expect(await gather(search(session, 'hello'))).not.toEqual([]);
  expect(await gather(listDead(session))).toEqual([]);
  expect(room.warnings.join()).toMatch(/is dead in bob could not be read: .*EIO/);
});

test('a log in disorder, though it is the only one, takes down no look over the mailboxes', async () => {
  const { room, id } = await scene();
  const disk = watchedDisk((call) => {
    if (call.path.startsWith(`${room.layout.topics}/news/`)) throw failure(call, 'EACCES');
  });
  const session = await sessionOn(room, disk);
  expect(await gather(search(session, 'hello'))).toHaveLength(2);
  expect(await thread(session, id)).toHaveLength(1);
  expect(room.warnings.join()).toMatch(/news.*EACCES/);
  const findings = await gather(doctor(session));
  expect(findings).toContainEqual(expect.objectContaining({ rule: 'unreadable', level: 'problem', mailbox: '#news' }));
});

test.each(['ready', 'delayed', 'inflight', 'archive', 'dlq', 'corrupt'] as const)(
  'what lies in the place of %s/ is told, and not taken for an empty folder',
  async (folder) => {
    const { room } = await scene();
    for (const replace of [(path: string) => writeFileSync(path, ''), (path: string) => symlinkSync(path, path)]) {
      const path = room.at('bob')[folder];
      rmSync(path, { recursive: true });
      replace(path);
      const session = await sessionOn(room);
      expect(await status(session)).toMatchObject([{ mailbox: 'ann' }]);
      expect((await gather(doctor(session))).map(({ rule }) => rule)).toContain('folder');
      expect(room.warnings.join()).toMatch(new RegExp(`Not all of bob could be looked into: .*/${folder} is`));
    }
  },
);

test('what lies in the place of a mailbox is told', async () => {
  const { room } = await scene();
  rmSync(room.at('bob').dir, { recursive: true });
  symlinkSync('bob', room.at('bob').dir);
  expect(await status(await sessionOn(room))).toMatchObject([{ mailbox: 'ann' }]);
  expect(room.warnings).toEqual([expect.stringContaining('agent_mailboxes/bob is no folder')]);
});

test('a message that the disk does not give is told, and listed with the others', async () => {
  const { room } = await scene();
  const disk = watchedDisk((call) => {
    if (call.method === 'read' && call.path.includes('/ready/')) throw failure(call, 'EIO');
  });
  const listed = await gather(list(await sessionOn(room, disk), 'bob', { states: ['ready', 'dead'] }));
  expect(listed.some(({ state, message }) => state === 'ready' && message === null)).toBe(true);
  expect(listed.some(({ state, message }) => state === 'dead' && message !== null)).toBe(true);
  expect(room.warnings.join()).toMatch(/is passed over.*EIO/);
});
