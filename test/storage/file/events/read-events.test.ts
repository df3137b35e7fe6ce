import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { WatchedEvent } from '../../../../src/model/event.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { leaseMs, policy } from '../../contract/rig.ts';
import { changes, diskFailure, watchedDisk } from '../disks.ts';
import type { Disk } from '../../../../src/storage/file/disk/disk.ts';
import { makeRoom, type Room } from '../room.ts';
import { changeAgentIn, newToken } from '../../contract/ways.ts';
import { eventLog } from '../../../../src/storage/file/names/slots.ts';

const day = (room: Room, ago = 0): string => new Date(room.clock.now() - ago * 86_400_000).toISOString().slice(0, 10);
const logOf = (room: Room, ago = 0, name = 'bob'): string => eventLog(room.at(name), day(room, ago));
const line = (id: string, more: object = {}): string =>
  `${JSON.stringify({ at: '2026-11-20T09:00:00.000Z', mailbox: 'bob', event: 'delivered', id, ...more })}\n`;

interface Caught {
  readonly ids: string[];
  readonly events: WatchedEvent[];
  readonly cursor: string;
  readonly warnings: string[];
}

/** Reads on until there is no more. */
async function catchUp(store: Store, cursor: string, of: 'bob' | 'all' = 'bob'): Promise<Caught> {
  const mailboxes = of === 'all' ? undefined : [of];
  const events: WatchedEvent[] = [];
  const warnings: string[] = [];
  let at = cursor;
  for (let round = 0; ; round++) {
    if (round > 100) throw new Error('The log never ends.');
    const batch = await store.journal.readEvents(mailboxes, at);
    events.push(...batch.events);
    warnings.push(...batch.warnings);
    const still = batch.events.length === 0 && batch.cursor === at;
    at = batch.cursor;
    if (still) return { ids: events.map(({ id }) => id), events, cursor: at, warnings };
  }
}

const noon = Date.parse('2026-11-20T12:00:00.000Z');

async function started(startMs = noon): Promise<{ room: Room; store: Store; start: string }> {
  const room = makeRoom(['ann', 'bob'], startMs);
  const store = await room.open();
  return { room, store, start: await store.journal.cursor(['bob'], 'start') };
}

describe('a line', () => {
  test('that is not yet written to its end is left for the next look', async () => {
    const { room, store, start } = await started();
    const whole = line('b');
    writeFileSync(logOf(room), line('a') + whole.slice(0, 30));
    const first = await catchUp(store, start);
    expect(first.ids).toEqual(['a']);
    expect(first.warnings).toEqual([]);
    appendFileSync(logOf(room), whole.slice(30));
    expect((await catchUp(store, first.cursor)).ids).toEqual(['b']);
  });

  test('that is not yet written to its end is in front of a cursor that begins now', async () => {
    const { room, store } = await started();
    writeFileSync(logOf(room), line('a') + line('b').slice(0, 30));
    const now = await store.journal.cursor(['bob'], 'now');
    appendFileSync(logOf(room), line('b').slice(30) + line('c'));
    expect(await catchUp(store, now)).toMatchObject({ ids: ['b', 'c'], warnings: [] });
  });

  test('that was cut short does not take the next one with it', async () => {
    const { room, store, start } = await started();
    writeFileSync(logOf(room), line('a').slice(0, 40) + line('b') + line('c'));
    expect((await catchUp(store, start)).ids).toEqual(['b', 'c']);
  });

  test('that was cut short and ended costs itself alone, with a warning', async () => {
    const { room, store, start } = await started();
    writeFileSync(logOf(room), `${line('a').slice(0, 40)}\n${line('b')}nonsense\n{"json":true}\n${line('c')}`);
    const caught = await catchUp(store, start);
    expect(caught.ids).toEqual(['b', 'c']);
    expect(caught.warnings).toHaveLength(3);
  });

  test('nested so deeply that nobody could print it is passed over with a warning', async () => {
    const { room, store, start } = await started();
    const nested = (id: string, levels: number): string =>
      line(id).replace('}', `,"x":${'['.repeat(levels)}${']'.repeat(levels)}}`);
    writeFileSync(logOf(room), nested('a', 500) + nested('b', 100_000) + line('c'));
    const caught = await catchUp(store, start);
    expect(caught.ids).toEqual(['a', 'c']);
    expect(caught.warnings).toEqual(['A line of the event log of bob (2026-11-20) cannot be read and is passed over.']);
    expect(JSON.parse(JSON.stringify(caught.events))).toEqual(caught.events);
  });

  test('cannot speak for another mailbox, nor bring a cursor of its own', async () => {
    const { room, store, start } = await started();
    writeFileSync(logOf(room), line('a', { mailbox: 'ann', cursor: 'forged', kept: 1 }));
    const { events } = await catchUp(store, start);
    expect(events).toMatchObject([{ mailbox: 'bob', kept: 1 }]);
    expect((await store.journal.readEvents(['bob'], events[0]?.cursor ?? '')).events).toEqual([]);
  });

  test('of several MiB is passed over with a warning, once, and what follows is read once', async () => {
    const { room, store, start } = await started();
    writeFileSync(logOf(room), line('a') + line('long', { reason: 'x'.repeat(3_500_000) }) + line('b'));
    const caught = await catchUp(store, start);
    expect(caught.ids).toEqual(['a', 'b']);
    expect(caught.warnings).toHaveLength(1);
    appendFileSync(logOf(room), line('c'));
    expect(await catchUp(store, caught.cursor)).toMatchObject({ ids: ['c'], warnings: [] });
  });

  test('of several MiB that is still being written is waited for', async () => {
    const { room, store, start } = await started();
    writeFileSync(logOf(room), line('a') + 'x'.repeat(2_500_000));
    const caught = await catchUp(store, start);
    expect(caught).toMatchObject({ ids: ['a'], warnings: [] });
    appendFileSync(logOf(room), `\n${line('b')}`);
    expect((await catchUp(store, caught.cursor)).ids).toEqual(['b']);
  });
});

// Of 100 logs of 0.8 MB `watch --since start` took 790 MB, and told its first line after 7 s.
test('many long logs are told in the order of their times, so much in one call, and any cursor goes on', async () => {
  const names = Array.from({ length: 12 }, (_, n) => `agent${n}`);
  const room = makeRoom(names);
  const store = await room.open();
  const start = await store.journal.cursor(undefined, 'start');
  const all: string[] = [];
  for (const [n, name] of names.entries()) {
    // Beginning one after the other, and some much longer than others.
    const times = Array.from({ length: n % 3 === 0 ? 4000 : 400 }, (_, i) =>
      new Date(Date.parse('2026-11-20T08:00:00.000Z') + n * 60_000 + i * 1000 + n).toISOString(),
    );
    writeFileSync(
      logOf(room, 0, name),
      times.map((at) => line(`${at} ${name}`, { at, mailbox: name, subject: 'x'.repeat(100) })).join(''),
    );
    all.push(...times.map((at) => `${at} ${name}`));
  }
  all.sort();
  const first = await store.journal.readEvents(undefined, start);
  expect(first.events.length).toBeGreaterThan(100);
  expect(JSON.stringify(first.events.map((event) => ({ ...event, cursor: undefined }))).length).toBeLessThan(
    2.5 * 1024 * 1024,
  );
  const { ids, events } = await catchUp(store, start, 'all');
  expect(ids).toEqual(all);
  // Where there is more, is said.
  const read = first.events.map(({ id }) => id);
  for (let { more, cursor } = first; more.size > 0;) {
    const batch = await store.journal.readEvents(undefined, cursor, more);
    read.push(...batch.events.map(({ id }) => id));
    ({ more, cursor } = batch);
  }
  expect(read).toEqual(all);
  for (const at of [0, 7000, all.length - 5])
    expect((await catchUp(await room.open(), events[at]?.cursor ?? '', 'all')).ids).toEqual(all.slice(at + 1));
}, 20_000);

describe('a log', () => {
  test('longer than one read comes whole and in order, and any event’s cursor goes on behind it', async () => {
    const { room, store, start } = await started();
    const ids = Array.from({ length: 12_000 }, (_, i) => `id${i}`);
    writeFileSync(logOf(room), ids.map((id) => line(id, { subject: 'ä'.repeat(60) })).join(''));
    expect(readFileSync(logOf(room)).length).toBeGreaterThan(2 * 1024 * 1024);
    const { events, ids: seen } = await catchUp(store, start);
    expect(seen).toEqual(ids);
    for (const at of [0, 5000, 11_990]) {
      expect((await catchUp(store, events[at]?.cursor ?? '')).ids).toEqual(ids.slice(at + 1));
    }
  });

  test('of yesterday is read on when a process that was paused over midnight writes to it', async () => {
    const { room, store } = await started(Date.parse('2026-11-20T23:59:59.900Z'));
    writeFileSync(logOf(room), line('a'));
    const { cursor } = await catchUp(store, await store.journal.cursor(['bob'], 'start'));
    const now = await store.journal.cursor(['bob'], 'now');
    room.clock.advance(200);
    writeFileSync(logOf(room), line('b'));
    const second = await catchUp(store, cursor);
    expect(second.ids).toEqual(['b']);
    appendFileSync(logOf(room, 1), line('late'));
    appendFileSync(logOf(room), line('c'));
    expect((await catchUp(store, second.cursor)).ids.sort()).toEqual(['c', 'late']);
    expect((await catchUp(store, now)).ids.sort()).toEqual(['b', 'c', 'late']);
    expect((await catchUp(store, await store.journal.cursor(['bob'], 'now'))).ids).toEqual([]);
  });

  test('of yesterday that only a paused process begins is read, too', async () => {
    const { room, store } = await started(Date.parse('2026-11-21T00:00:01.000Z'));
    const now = await store.journal.cursor(['bob'], 'now');
    writeFileSync(logOf(room), line('today'));
    writeFileSync(logOf(room, 1), line('late'));
    expect((await catchUp(store, now)).ids.sort()).toEqual(['late', 'today']);
  });

  test.for(['start', 'now'] as const)(
    'of today is read on from %s when there are logs of days to come, and those are read once',
    async (at) => {
      const { room, store } = await started();
      for (const ahead of [400, 401]) writeFileSync(logOf(room, -ahead), line(`ahead ${ahead}`));
      writeFileSync(logOf(room), line('before'));
      let { ids, cursor } = await catchUp(store, await store.journal.cursor(['bob'], at));
      expect(ids).toEqual(at === 'start' ? ['before', 'ahead 400', 'ahead 401'] : []);
      for (const id of ['today', 'still today']) {
        appendFileSync(logOf(room), line(id));
        ({ ids, cursor } = await catchUp(store, cursor));
        expect(ids).toEqual([id]);
      }
      room.clock.advance(86_400_000);
      writeFileSync(logOf(room), line('tomorrow'));
      expect(await catchUp(store, cursor)).toMatchObject({ ids: ['tomorrow'], warnings: [] });
    },
  );

  test('of today is read by a watcher that began while the clock was ahead', async () => {
    const { room, store } = await started();
    room.clock.advance(400 * 86_400_000);
    const { cursor } = await catchUp(store, await store.journal.cursor(['bob'], 'now'));
    room.clock.advance(-400 * 86_400_000);
    writeFileSync(logOf(room), line('today'));
    const caught = await catchUp(store, cursor);
    expect(caught.ids).toEqual(['today']);
    expect((await catchUp(store, caught.cursor)).ids).toEqual([]);
  });

  test('of each of many days is read from the start, in order, and once', async () => {
    const { room, store, start } = await started();
    const ids: string[] = [];
    for (let ago = 30; ago >= 0; ago--) {
      if (ago % 7 === 3) continue;
      writeFileSync(logOf(room, ago), line(`d${ago}a`) + line(`d${ago}b`));
      ids.push(`d${ago}a`, `d${ago}b`);
    }
    const caught = await catchUp(store, start);
    expect(caught.ids).toEqual(ids);
    expect((await catchUp(store, caught.events[10]?.cursor ?? '')).ids).toEqual(ids.slice(11));
  });

  test.for([
    ['is shorter than the cursor', (path: string) => writeFileSync(path, line('new'))],
    ['has no line there', (path: string) => writeFileSync(path, line('new', { reason: 'x'.repeat(500) }))],
  ] as const)('that %s is read again from its start, with a warning', async ([, change]) => {
    const { room, store, start } = await started();
    writeFileSync(logOf(room), line('a') + line('b'));
    const { cursor } = await catchUp(store, start);
    change(logOf(room));
    const again = await catchUp(store, cursor);
    expect(again.ids).toEqual(['new']);
    expect(again.warnings).toEqual([expect.stringContaining('does not fit')]);
    expect(await catchUp(store, again.cursor)).toMatchObject({ ids: [], warnings: [] });
  });

  test('that is gone is no reason to stop', async () => {
    const { room, store, start } = await started();
    writeFileSync(logOf(room), line('a'));
    const { cursor } = await catchUp(store, start);
    rmSync(logOf(room));
    expect((await catchUp(store, cursor)).ids).toEqual([]);
    await store.mail.send([room.outgoing()], { durability: 'relaxed' });
    expect((await catchUp(store, cursor)).events).toMatchObject([{ event: 'delivered' }]);
  });

  test('under another name is none', async () => {
    const { room, store, start } = await started();
    const noDays = ['2026-99-99.jsonl', '2026-02-31.jsonl', '2026-11-00.jsonl'];
    for (const name of ['2026-11-20.jsonl.1', '2026-11-20', 'x.jsonl', '.jsonl', ...noDays]) {
      writeFileSync(`${room.at('bob').events}/${name}`, line('x'));
    }
    mkdirSync(`${room.at('bob').events}/2026-11-19.jsonl`);
    for (const of of ['bob', 'all'] as const) expect((await catchUp(store, start, of)).ids).toEqual([]);
    const now = await store.journal.cursor(undefined, 'now');
    writeFileSync(logOf(room), line('a'));
    expect((await catchUp(store, now, 'all')).ids).toEqual(['a']);
  });
});

describe('a cursor', () => {
  test('of all mailboxes also sees everything of one that is registered after it', async () => {
    const { room, store } = await started();
    const now = await store.journal.cursor(undefined, 'now');
    const other = await room.open();
    await changeAgentIn(other, 'new', () => ({ name: 'new', createdAt: '2026-11-20T09:00:00.000Z' }));
    await other.mail.send([room.outgoing({ to: ['new'] })], { durability: 'relaxed' });
    const caught = await catchUp(store, now, 'all');
    expect(caught.events).toMatchObject([{ mailbox: 'new', event: 'delivered' }]);
    expect((await catchUp(store, caught.events[0]?.cursor ?? '', 'all')).ids).toEqual([]);
  });

  test('of one mailbox outlives the other ones', async () => {
    const { room, store } = await started();
    const both = await store.journal.cursor(undefined, 'now');
    rmSync(room.at('ann').dir, { recursive: true });
    await store.mail.send([room.outgoing()], { durability: 'relaxed' });
    expect((await catchUp(store, both, 'all')).events).toMatchObject([{ mailbox: 'bob' }]);
  });

  test('of a life of two days sees each event once', async () => {
    const { room, store, start } = await started(Date.parse('2026-11-20T23:59:00.000Z'));
    const seen: string[] = [];
    let cursor = start;
    for (let i = 0; i < 12; i++) {
      await store.mail.send([room.outgoing()], { durability: 'relaxed' });
      const delivery = await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
      await store.mail.ack(delivery?.receipt ?? '', {});
      if (i % 3 === 0) {
        const caught = await catchUp(store, cursor);
        seen.push(...caught.events.map(({ event }) => event));
        ({ cursor } = caught);
      }
      room.clock.advance(i === 6 ? 86_400_000 : 15_000);
    }
    seen.push(...(await catchUp(store, cursor)).events.map(({ event }) => event));
    expect(seen).toEqual(Array.from({ length: 12 }, () => ['delivered', 'claimed', 'acked']).flat());
  });

  test('tells a line from another that came to lie in its place, also at the very end of the log', async () => {
    const { room, store, start } = await started();
    writeFileSync(logOf(room), line('a1') + line('a2') + line('a3'));
    const { cursor } = await catchUp(store, start);
    // A power cut took the last two lines, and others of the same length came.
    for (const after of [line('b2') + line('b3'), line('b2') + line('b3') + line('b4')]) {
      writeFileSync(logOf(room), line('a1') + after);
      const later = await room.open();
      const caught = await catchUp(later, cursor);
      expect(caught.ids).toEqual(['a1', 'b2', 'b3', 'b4'].slice(0, after.length / line('xx').length + 1));
      expect(caught.warnings).toEqual([expect.stringContaining('does not fit')]);
    }
  });

  test('of before there were checks goes on', async () => {
    const { room, store } = await started();
    writeFileSync(logOf(room), line('a') + line('b'));
    const rows = [['bob', day(room, 1), 0, day(room), line('a').length]];
    const old = `c1.${Buffer.from(JSON.stringify(rows)).toString('base64url')}`;
    expect(await catchUp(store, old)).toMatchObject({ ids: ['b'], warnings: [] });
  });

  test('passes a clock that was ahead: today is read, and once', async () => {
    const { room, store, start } = await started();
    for (const ahead of [-9, -5, -3]) writeFileSync(logOf(room, ahead), line(`ahead${-ahead}`));
    writeFileSync(logOf(room), line('a'));
    const first = await catchUp(store, start);
    expect(first.ids.sort()).toEqual(['a', 'ahead3', 'ahead5', 'ahead9']);
    const now = await store.journal.cursor(['bob'], 'now');
    for (const from of [first.cursor, now, ...first.events.slice(-1).map(({ cursor }) => cursor)]) {
      const later = await room.open();
      expect((await catchUp(later, from)).ids).toEqual([]);
    }
    appendFileSync(logOf(room), line('b'));
    for (const from of [first.cursor, now]) expect((await catchUp(store, from)).ids).toEqual(['b']);
    room.clock.advance(86_400_000);
    writeFileSync(logOf(room), line('c'));
    expect((await catchUp(store, first.cursor)).ids).toEqual(['b', 'c']);
  });

  test('of which a day was pruned warns, once; one that had read that day, and others behind it, does not', async () => {
    const { room, store, start } = await started();
    writeFileSync(logOf(room, 4), line('a') + line('b'));
    const { events, cursor: all } = await catchUp(store, start);
    for (const ago of [1, 0]) writeFileSync(logOf(room, ago), line(`ago${ago}`));
    const { cursor: behind } = await catchUp(store, all);
    rmSync(logOf(room, 4));
    const caught = await catchUp(await room.open(), events[0]?.cursor ?? '');
    expect(caught.ids).toEqual(['ago1', 'ago0']);
    expect(caught.warnings).toEqual([expect.stringMatching(/^Events of bob .* may have been pruned/)]);
    expect(await catchUp(await room.open(), behind)).toMatchObject({ ids: [], warnings: [] });
  });
});

describe('a cursor of many mailboxes', () => {
  const names = Array.from({ length: 30 }, (_, i) => `agent${i}`);

  async function crowd(disk?: Disk): Promise<{ room: Room; store: Store; send: () => Promise<void> }> {
    const room = makeRoom(names);
    const store = await room.open(disk);
    const send = async (): Promise<void> => {
      await (await room.open()).mail.send([room.outgoing({ to: names })], { durability: 'relaxed' });
    };
    return { room, store, send };
  }
  const keyOf = ({ mailbox, id }: WatchedEvent): string => `${mailbox} ${id}`;
  const kept = (room: Room): string[] => readdirSync(room.layout.cursors);

  test('has at most 200 bytes, and goes on from each event without gap or repeat, in any process', async () => {
    const { room, store, send } = await crowd();
    await send();
    const now = await store.journal.cursor(undefined, 'now');
    await send();
    room.clock.advance(1000);
    await send();
    const { events } = await catchUp(store, now, 'all');
    expect(events).toHaveLength(60);
    for (const [i, { cursor }] of events.entries()) {
      expect(cursor.length).toBeLessThanOrEqual(200);
      if (i % 7 > 0 && i < 58) continue;
      const rest = await catchUp(await room.open(), cursor, 'all');
      expect(rest.events.map(keyOf)).toEqual(events.slice(i + 1).map(keyOf));
      expect(rest.warnings).toEqual([]);
    }
    expect((await catchUp(store, now, 'all')).events.map(keyOf)).toEqual(events.map(keyOf));
  });

  test('is kept in one file, which grows by little with each event, and is followed by another when it is long', async () => {
    const { room, store, send } = await crowd();
    await send();
    let cursor = await store.journal.cursor(undefined, 'now');
    const first = kept(room);
    expect(first).toHaveLength(1);
    const size = (): number => statSync(join(room.layout.cursors, first[0] ?? '')).size;
    const before = size();
    for (let i = 0; i < 5; i++) {
      await store.mail.send([room.outgoing({ to: ['agent7'] })], { durability: 'relaxed' });
      ({ cursor } = await catchUp(store, cursor, 'all'));
    }
    expect(kept(room)).toEqual(first);
    expect(size() - before).toBeLessThan(5 * 60);
    writeFileSync(logOf(room, 0, 'agent7'), Array.from({ length: 30_000 }, (_, i) => line(`id${i}`)).join(''));
    const caught = await catchUp(store, cursor, 'all');
    expect(caught.ids).toHaveLength(30_000);
    appendFileSync(logOf(room, 0, 'agent8'), line('next'));
    expect((await catchUp(store, caught.cursor, 'all')).ids).toEqual(['next']);
    expect(kept(room)).toHaveLength(2);
    expect(await catchUp(await room.open(), caught.events[29_990]?.cursor ?? '', 'all')).toMatchObject({
      ids: [...caught.ids.slice(29_991), 'next'],
      warnings: [],
    });
  });

  test('is kept for 30 days after its last event; one that is gone begins with the oldest, with a warning', async () => {
    const { room, store, send } = await crowd();
    await send();
    const [old = '', young = ''] = [
      await store.journal.cursor(undefined, 'now'),
      await store.journal.cursor(undefined, 'now'),
    ];
    const ago = (days: number): number => (room.clock.now() - days * 86_400_000) / 1000;
    for (const [i, name] of kept(room).sort().entries())
      utimesSync(join(room.layout.cursors, name), ago(i === 0 ? 31 : 29), ago(i === 0 ? 31 : 29));
    for (let i = 3; i < 100; i++) writeFileSync(room.layout.cursor(room.ids.next(room.clock.now())), '');
    await store.journal.cursor(undefined, 'now');
    expect(kept(room)).toHaveLength(99);
    expect(await catchUp(await room.open(), young, 'all')).toMatchObject({ ids: [], warnings: [] });
    const caught = await catchUp(await room.open(), old, 'all');
    expect(caught.events).toHaveLength(30);
    expect(caught.warnings).toEqual([expect.stringContaining('not kept any more')]);
  });

  test('repeats nothing of older days, of which one ends with what cannot be read', async () => {
    const { room, store, send } = await crowd();
    for (const ago of [20, 10, 5, 2, 1, 0]) writeFileSync(logOf(room, ago, 'agent0'), line(`a${ago}`));
    appendFileSync(logOf(room, 20, 'agent0'), 'nonsense\n');
    await send();
    const { cursor, events } = await catchUp(store, await store.journal.cursor(undefined, 'start'), 'all');
    expect(events).toHaveLength(36);
    expect((await catchUp(await room.open(), cursor, 'all')).ids).toEqual([]);
  });

  test('whose file was swept away while it is followed goes on in another', async () => {
    const { room, store, send } = await crowd();
    await send();
    const now = await store.journal.cursor(undefined, 'now');
    rmSync(room.layout.cursors, { recursive: true });
    await send();
    const { events, warnings } = await catchUp(store, now, 'all');
    expect(events).toHaveLength(30);
    expect(warnings).toEqual([]);
    expect((await catchUp(await room.open(), events[9]?.cursor ?? '', 'all')).events.map(keyOf)).toEqual(
      events.slice(10).map(keyOf),
    );
  });

  test('whose file lost its end tells some events again, and misses none', async () => {
    const { room, store, send } = await crowd();
    await send();
    await send();
    const { events } = await catchUp(store, await store.journal.cursor(undefined, 'start'), 'all');
    const path = join(room.layout.cursors, kept(room)[0] ?? '');
    for (const size of [1000, 60, 1, 0]) {
      truncateSync(path, size);
      const { ids, warnings } = await catchUp(await room.open(), events[50]?.cursor ?? '', 'all');
      expect(ids.length).toBeGreaterThanOrEqual(events.length - 51);
      expect(new Set([...ids, ...events.slice(0, 51).map(({ id }) => id)]).size).toBe(2);
      expect(warnings).toEqual([expect.stringContaining('What the cursor')]);
    }
  });

  test('in a root that cannot be written goes on in this process, and elsewhere begins with the oldest', async () => {
    const readOnly = watchedDisk(({ method, path }) => {
      if (changes({ method, path })) throw diskFailure({ method, path });
    });
    const { room, store, send } = await crowd(readOnly);
    await send();
    const now = await store.journal.cursor(undefined, 'now');
    await send();
    const { events } = await catchUp(store, now, 'all');
    expect(events).toHaveLength(30);
    expect(room.warnings).toContainEqual(expect.stringContaining('Cursors cannot be kept'));
    expect((await catchUp(await room.open(), events[9]?.cursor ?? '', 'all')).events).toHaveLength(60);
  });
});
