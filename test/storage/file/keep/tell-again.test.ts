import { readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { listen } from '../../../../src/core/follow/listen.ts';
import { rootOver } from '../../../../src/core/open-root.ts';
import { DreamosError } from '../../../../src/model/errors.ts';
import type { WatchedEvent } from '../../../../src/model/event.ts';
import type { Disk } from '../../../../src/storage/file/disk/disk.ts';
import { initFileStore } from '../../../../src/storage/file/make-root.ts';
import { eventLog } from '../../../../src/storage/file/names/slots.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { accepted, leaseMs, policy } from '../../contract/rig.ts';
import { newToken } from '../../contract/ways.ts';
import { type DiskCall, watchedDisk } from '../disks.ts';
import { collect, inspected, makeRoom, type Room } from '../room.ts';

afterEach(() => {
  vi.useRealTimers();
});

const day = 86_400_000;
const log = '#build.done';

/** The machine has been started anew since. */
function afterBoot(boot: string, before?: (call: DiskCall) => void | Promise<void>): Disk {
  return { ...watchedDisk(before), bootId: () => boot };
}

const logPath = (room: Room, name: string): string =>
  eventLog(room.at(name), new Date(room.clock.now()).toISOString().slice(0, 10));

async function publish(room: Room, store: Store, body: string): Promise<string> {
  const message = room.message({ to: [], topic: 'build.done', body, subject: body });
  return accepted(await store.mail.send([{ message, mailboxes: [log] }], { durability: 'full' })).id;
}

async function send(room: Room, store: Store, more: object = {}): Promise<string> {
  return accepted(await store.mail.send([room.outgoing({}, more)], { durability: 'full' })).id;
}

async function eventsBehind(store: Store, of: readonly string[], cursor: string): Promise<WatchedEvent[]> {
  const events: WatchedEvent[] = [];
  for (let at = cursor; ;) {
    const batch = await store.journal.readEvents(of, at);
    events.push(...batch.events);
    if (batch.events.length === 0) return events;
    at = batch.cursor;
  }
}

async function pruneAll(store: Store): Promise<void> {
  await collect(store.upkeep!.pruneEvents(log, { fromDay: '9999-01-01', dryRun: false }));
}

/** By the clock of the room, not of the machine. */
function touchEvents(room: Room, name: string): void {
  const now = new Date(room.clock.now());
  utimesSync(room.at(name).events, now, now);
}

const told = (events: readonly WatchedEvent[]): string[] =>
  events.map(({ event, id, again }) => `${event} ${id}${again ? ' again' : ''}`);

test('what was published, and lost its event to a power cut, is heard behind a cursor from before', async () => {
  const room = makeRoom();
  const store = await room.open(afterBoot('first'));
  await publish(room, store, 'heard');
  const [{ cursor = '' } = {}] = await eventsBehind(store, [log], await store.journal.cursor([log], 'start'));
  const { length } = readFileSync(logPath(room, log));
  const ids = [await publish(room, store, 'one'), await publish(room, store, 'two')];
  truncateSync(logPath(room, log), length + 20);

  const later = await room.open(afterBoot('second'));
  expect(told(await eventsBehind(later, [log], cursor))).toEqual(ids.map((id) => `published ${id} again`));
  const { clock, root: path } = room;
  const root = rootOver(later, { path, clock, ids: room.ids }, { warn: () => undefined });
  const heard = await collect(listen(root, 'build.*', { since: cursor, count: 2 }));
  expect(heard.map(({ message, again }) => [message.body, again])).toEqual([
    ['one', true],
    ['two', true],
  ]);
});

test('a whole log that a power cut took is told again, of a topic, and of what waits in a mailbox', async () => {
  const room = makeRoom();
  const store = await room.open(afterBoot('first'));
  const cursor = await store.journal.cursor(['bob', log], 'now');
  const published = await publish(room, store, 'one');
  const claimed = await send(room, store);
  await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
  const delayed = await send(room, store, { dueAt: room.clock.now() + day });
  const ready = await send(room, store);
  for (const name of [log, 'bob']) rmSync(logPath(room, name));
  room.clock.advance(3 * day);
  const later = await room.open(afterBoot('second'));
  expect(told(await eventsBehind(later, ['bob', log], cursor)).sort()).toEqual(
    [`published ${published}`, `delivered ${claimed}`, `scheduled ${delayed}`, `delivered ${ready}`]
      .map((one) => `${one} again`)
      .sort(),
  );
  const about = { from: 'ann', type: 'message', priority: 'normal' };
  expect((await eventsBehind(later, ['bob'], cursor)).find(({ id }) => id === ready)).toMatchObject(about);
});

test('a log that a power cut took is told again although a sender of another day came first', async () => {
  const room = makeRoom();
  const store = await room.open(afterBoot('first'));
  const lost = [await publish(room, store, 'friday'), await send(room, store)];
  for (const name of [log, 'bob']) rmSync(logPath(room, name));
  room.clock.advance(3 * day);
  const later = await room.open(afterBoot('second'));
  const kept = [await publish(room, later, 'monday'), await send(room, later)];
  for (const [i, name] of [log, 'bob'].entries()) {
    touchEvents(room, name);
    const events = told(await eventsBehind(later, [name], await later.journal.cursor([name], 'start')));
    const kind = name === log ? 'published' : 'delivered';
    expect(events).toEqual([`${kind} ${kept[i]}`, `${kind} ${lost[i]} again`]);
  }
});

test('it is told once: neither the next one nor the next start of the machine tells it anew', async () => {
  const room = makeRoom();
  const first = await room.open(afterBoot('first'));
  await publish(room, first, 'one');
  rmSync(logPath(room, log));
  for (const boot of ['second', 'second', 'third', 'fourth']) {
    const store = await room.open(afterBoot(boot));
    expect(await eventsBehind(store, [log], await store.journal.cursor([log], 'start'))).toHaveLength(1);
    room.clock.advance(day);
  }
  expect(await inspected(await room.open(), false)).toEqual([]);
});

test.for(['', ',"delay":"365d"'])(
  'what was handed in under an id of the future (%j) is told once, too',
  async (more) => {
    const room = makeRoom();
    const first = await room.open(afterBoot('first'));
    const start = await first.journal.cursor(['bob'], 'start');
    await send(room, first);
    const id = '7Y000000000000000000000000';
    writeFileSync(join(room.at('bob').drop, 'a.json'), `{"from":"script","body":"x","id":"${id}"${more}}`, {
      mode: 0o600,
    });
    await first.mail.recover('bob', policy);
    const before = told(await eventsBehind(first, ['bob'], start));
    expect(before[1]).toMatch(`${more === '' ? 'delivered' : 'scheduled'} ${id}`);
    for (const boot of ['second', 'third', 'fourth']) {
      room.clock.advance(2 * day);
      expect(told(await eventsBehind(await room.open(afterBoot(boot)), ['bob'], start))).toEqual(before);
    }
    rmSync(eventLog(room.at('bob'), new Date(room.clock.now() - 6 * day).toISOString().slice(0, 10)));
    for (const boot of ['fifth', 'sixth']) {
      const again = await eventsBehind(await room.open(afterBoot(boot)), ['bob'], start);
      expect(told(again)).toContain(`${before[1]} again`);
      expect(again.filter((event) => event.id === id)).toHaveLength(1);
      expect(again.every(({ at }) => Date.parse(at) <= room.clock.now())).toBe(true);
      room.clock.advance(2 * day);
    }
  },
);

test('nothing is told anew after an orderly start', async () => {
  const room = makeRoom();
  const store = await room.open(afterBoot('first'));
  const start = await store.journal.cursor(undefined, 'start');
  await publish(room, store, 'one');
  await send(room, store);
  await send(room, store, { dueAt: room.clock.now() + day });
  const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
  await store.mail.ack(delivery?.receipt ?? '', {});
  const later = await room.open(afterBoot('second'));
  for (const of of [['bob'], [log]])
    expect((await eventsBehind(later, of, start)).filter(({ again }) => again)).toEqual([]);
});

test('what was pruned from the events is not taken for lost', async () => {
  const room = makeRoom();
  const store = await room.open(afterBoot('first'));
  await publish(room, store, 'old');
  room.clock.advance(10 * day);
  await pruneAll(store);
  const later = await room.open(afterBoot('second'));
  expect(await eventsBehind(later, [log], await later.journal.cursor([log], 'start'))).toEqual([]);
  expect(await inspected(later, false)).toEqual([]);
});

test('what a power cut took behind the days that were pruned is told again', async () => {
  const room = makeRoom();
  const store = await room.open(afterBoot('first'));
  await publish(room, store, 'old');
  room.clock.advance(day);
  await publish(room, store, 'old, too');
  room.clock.advance(10 * day);
  // Once more with nothing to prune: what is known of it stays.
  for (let times = 0; times < 2; times++) await pruneAll(store);
  const lost = await publish(room, store, 'lost');
  rmSync(logPath(room, log));
  room.clock.advance(3 * day);
  touchEvents(room, log);
  const later = await room.open(afterBoot('second'));
  expect(told(await eventsBehind(later, [log], await later.journal.cursor([log], 'start')))).toEqual([
    `published ${lost} again`,
  ]);
  await pruneAll(later);
  expect(readdirSync(room.at(log).events).filter((name) => name.endsWith('.pruned'))).toHaveLength(1);
});

test('what was pruned by a clock that was ahead hides no event, once it is right again', async () => {
  const room = makeRoom();
  const store = await room.open(afterBoot('first'));
  room.clock.advance(300 * day);
  await publish(room, store, 'of a day to come');
  room.clock.advance(10 * day);
  await pruneAll(store);
  room.clock.advance(-309 * day);
  const right = await room.open(afterBoot('first'));
  const lost = await publish(room, right, 'lost');
  rmSync(logPath(room, log));
  const later = await room.open(afterBoot('second'));
  expect(told(await eventsBehind(later, [log], await later.journal.cursor([log], 'start')))).toContain(
    `published ${lost} again`,
  );
});

test('in a run of the machine one small file is looked at, and no mailbox', async () => {
  const room = makeRoom();
  const store = await room.open(afterBoot('first'));
  await publish(room, store, 'one');
  await store.journal.cursor([log], 'now');
  const listed: string[] = [];
  const next = await room.open(afterBoot('first', ({ method, path }) => void (method === 'list' && listed.push(path))));
  await next.journal.cursor([log], 'now');
  expect(listed).toEqual([room.at(log).events]);
});

test.for([
  [900, []],
  [1100, [expect.stringMatching(/^Waiting for .*boot\.lock: .*power cut/)]],
])('who waits for another who compares says so after a second: %d ms', async ([ms, warnings]) => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const room = makeRoom();
  const disk: Disk = {
    ...afterBoot('second'),
    withLock(_, work) {
      vi.advanceTimersByTime(ms as number);
      return work({ isHeld: () => true });
    },
  };
  await (await room.open(disk)).journal.cursor([log], 'now');
  vi.advanceTimersByTime(5000);
  expect(room.warnings).toEqual(warnings);
});

test('a root that cannot be written is followed all the same, with a warning', async () => {
  const room = makeRoom();
  await publish(room, await room.open(afterBoot('first')), 'one');
  const readOnly = afterBoot('second', ({ method, path }) => {
    if (method === 'writeWhole') throw new DreamosError('disk', 'DISK_FAILED', `Could not write ${path}: EROFS.`);
  });
  const store = await room.open(readOnly);
  expect(await eventsBehind(store, [log], await store.journal.cursor([log], 'start'))).toHaveLength(1);
  expect(room.warnings).toEqual([expect.stringContaining('EROFS')]);
});

test('a record of a clock that was ahead, or one that cannot be read, is none', async () => {
  for (const said of ['{"boot":"first","toldBefore":99999999999999}', '{"boot":1}', 'x', '']) {
    const room = makeRoom();
    const store = await room.open(afterBoot('first'));
    await publish(room, store, 'one');
    rmSync(logPath(room, log));
    writeFileSync(room.layout.boot, said);
    const later = await room.open(afterBoot('second'));
    expect(await eventsBehind(later, [log], await later.journal.cursor([log], 'start'))).toHaveLength(1);
  }
});

test('in a new root nothing is told again, also not what is being sent when somebody looks first', async () => {
  const room = makeRoom();
  rmSync(join(room.root, 'format.json'));
  await initFileStore({ root: room.root, cwd: '/', env: {} });
  const store = await room.open();
  const id = await send(room, store);
  const { length } = readFileSync(logPath(room, 'bob'));
  // The next one's sender has come to its commit, and not yet to its event.
  await send(room, store);
  truncateSync(logPath(room, 'bob'), length);
  const looking = await room.open();
  const events = await eventsBehind(looking, ['bob'], await looking.journal.cursor(['bob'], 'start'));
  expect(told(events)).toEqual([`delivered ${id}`]);
});

const handOver = async (store: Store, from: string, to: string): Promise<void> => {
  for (const entry of await collect(store.look.list(from, 'ready'))) await store.mail.handOver(entry, to, {});
};

test('what was handed over long after it was made, and lost its events, is told where it is, and not where it was', async () => {
  const room = makeRoom();
  const store = await room.open(afterBoot('first'));
  const id = await send(room, store);
  const of = ['ann', 'bob'];
  room.clock.advance(9 * day);
  await room.open(afterBoot('second')).then((between) => between.journal.cursor(of, 'now'));
  room.clock.advance(9 * day);
  const cursor = await store.journal.cursor(of, 'now');
  await handOver(store, 'bob', 'ann');
  for (const name of of) rmSync(logPath(room, name));
  const later = await room.open(afterBoot('third'));
  const events = await eventsBehind(later, of, cursor);
  expect(told(events)).toEqual([`delivered ${id} again`]);
  expect(events[0]).toMatchObject({ mailbox: 'ann', from: 'ann' });
  expect(told(await eventsBehind(await room.open(afterBoot('fourth')), of, cursor))).toEqual(told(events));
});

test('what came back to a mailbox that had handed it over, and lost that event alone, is told again', async () => {
  const room = makeRoom();
  const store = await room.open(afterBoot('first'));
  const id = await send(room, store);
  await handOver(store, 'bob', 'ann');
  const cursor = await store.journal.cursor(['bob'], 'now');
  const { length } = readFileSync(logPath(room, 'bob'));
  await handOver(store, 'ann', 'bob');
  truncateSync(logPath(room, 'bob'), length);
  const later = await room.open(afterBoot('second'));
  expect(told(await eventsBehind(later, ['bob'], cursor))).toEqual([`delivered ${id} again`]);
});

test('what is handed over while events are compared is told where it goes alone', async () => {
  const room = makeRoom();
  const store = await room.open(afterBoot('first'));
  const id = await send(room, store);
  let over = false;
  const second = afterBoot('second', async ({ method, path }) => {
    if (over || method !== 'stat' || path !== logPath(room, 'bob')) return;
    over = true;
    await handOver(store, 'bob', 'ann');
  });
  const cursor = await store.journal.cursor(['ann', 'bob'], 'start');
  const events = await eventsBehind(await room.open(second), ['ann', 'bob'], cursor);
  expect(over).toBe(true);
  expect(events.map(({ event, mailbox, again }) => `${event} ${mailbox} ${again === true}`).sort()).toEqual([
    'delivered ann false',
    'delivered bob false',
    'handed_over bob false',
  ]);
  expect(events.every((event) => event.id === id)).toBe(true);
});
