/** Rollups over files, beside a count of every event that was ever logged. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { totals, windowOf } from '../../../src/core/metrics/totals.ts';
import { startOf } from '../../../src/core/metrics/rollup.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { dayMs, minuteMs } from '../../../src/model/basics/limits.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { createIds } from '../../../src/model/id.ts';
import type { LoggedEvent, Tally } from '../../../src/model/metrics/tally.ts';
import { eventLog, rollupFile } from '../../../src/storage/file/names/slots.ts';
import { makeRoom, type Room } from '../../storage/file/room.ts';
import { must } from '../rig.ts';

const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** What was logged, by the day of its log; and what of it is a log now. */
class Logged {
  readonly all: { readonly day: string; readonly event: LoggedEvent }[] = [];
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
    mkdirSync(room.at('bob').events, { recursive: true });
  }

  path(day: string): string {
    return eventLog(this.#room.at('bob'), day);
  }

  log(event: Omit<LoggedEvent, 'at' | 'id'> & { readonly id: string; readonly event: string }): void {
    const now = this.#room.clock.now();
    const whole: LoggedEvent = { at: new Date(now).toISOString(), mailbox: 'bob', ...event };
    appendFileSync(this.path(isoDay(now)), `${JSON.stringify(whole)}\n`);
    this.all.push({ day: isoDay(now), event: whole });
  }
}

const numbersIn = (events: readonly LoggedEvent[]) => {
  const kinds: Record<string, number> = {};
  for (const { event } of events) kinds[event] = (kinds[event] ?? 0) + 1;
  const of = (kind: string) => events.filter(({ event }) => event === kind);
  const sum = (field: string) => events.reduce((all, event) => all + Number(event[field] ?? 0), 0);
  return {
    kinds,
    arrived: of('delivered').filter(({ attempt }) => attempt === undefined).length,
    first: of('acked').filter(({ attempt }) => attempt === 1).length,
    again: of('claimed').filter(({ attempt }) => Number(attempt) > 1).length,
    waited: [of('claimed').filter(({ waitedMs }) => waitedMs !== undefined).length, sum('waitedMs')],
    held: [events.filter(({ heldMs }) => heldMs !== undefined).length, sum('heldMs')],
    onTime: of('acked').filter(({ late }) => late === false).length,
    late: of('acked').filter(({ late }) => late === true).length,
    scores: [events.filter(({ score }) => score !== undefined).length, Math.round(sum('score') * 1000)],
    types: of('delivered').filter(({ type, attempt }) => type === 'task' && attempt === undefined).length,
  };
};

const numbersOf = (tally: Tally): ReturnType<typeof numbersIn> => ({
  kinds: { ...tally.events },
  arrived: tally.arrived,
  first: tally.ackedFirst,
  again: tally.redelivered,
  waited: [tally.waited.count, tally.waited.sum],
  held: [tally.held.count, tally.held.sum],
  onTime: tally.onTime,
  late: tally.late,
  scores: [tally.scored, Math.round(tally.scores * 1000)],
  types: tally.types['task'] ?? 0,
});

async function open(room: Room): Promise<Session> {
  const { clock } = room;
  const store = await room.open();
  return rootOver(store, { path: room.root, clock, ids: createIds() }, { env: {}, warn: () => undefined });
}

const total = async (session: Session): Promise<Tally> =>
  must((await totals(session, { mailboxes: ['bob'] })).get('bob'));

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('events' as const),
      count: fc.integer({ min: 1, max: 30 }),
      chance: fc.nat(1e6),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('look' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('window' as const),
      back: fc.nat(20),
      length: fc.integer({ min: 1, max: 120 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('killed' as const), call: fc.nat(4) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('later' as const),
      ms: fc.oneof(fc.nat(10 * minuteMs), fc.nat(3 * dayMs)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('set back' as const), ms: fc.oneof(fc.nat(minuteMs), fc.nat(4 * dayMs)) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pruned' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('thrown away' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('torn line' as const) }) },
);

describe('rollups', () => {
  it('are what a count of all events says, whatever comes between', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const room = makeRoom();
        const logged = new Logged(room);
        let session = await open(room);
        let made = 0;
        let latest = 0;
        for (const one of steps) {
          latest = Math.max(latest, room.clock.now());
          if (one.kind === 'events') {
            for (let i = 0; i < one.count; i++) {
              logged.log(eventOf(made++, one.chance + i));
              room.clock.advance((one.chance * (i + 1)) % 50_000);
            }
          } else if (one.kind === 'look') {
            expect(numbersOf(await total(session))).toEqual(numbersIn(logged.all.map(({ event }) => event)));
          } else if (one.kind === 'window') {
            const until = room.clock.now() - one.back * minuteMs;
            const since = until - one.length * minuteMs;
            const within = logged.all.filter(({ event }) => {
              const at = Date.parse(event.at);
              return at >= startOf(since, until) && at < Math.ceil(until / minuteMs) * minuteMs;
            });
            // Where the clock was set back, the lines of minutes may be gone.
            if (room.clock.now() < latest - dayMs) continue;
            const told = numbersOf(await windowOf(session, 'bob', since, until));
            expect(told).toEqual(numbersIn(within.map(({ event }) => event)));
          } else if (one.kind === 'killed') {
            await killedLook(session, one.call);
            session = await open(room);
          } else if (one.kind === 'later') room.clock.advance(one.ms);
          else if (one.kind === 'set back') room.clock.advance(-one.ms);
          else if (one.kind === 'pruned') {
            await total(session);
            const upkeep = must(session.store.upkeep);
            const pruning = upkeep.pruneEvents('bob', { fromDay: isoDay(room.clock.now()), dryRun: false });
            for await (const _ of pruning);
          } else if (one.kind === 'thrown away') {
            // What has no log any more is not made again.
            const days = new Set(logged.all.map(({ day }) => day));
            if ([...days].every((day) => existsSync(logged.path(day))) && !(await isReborn(session)))
              rmSync(room.at('bob').metrics, { recursive: true, force: true });
            session = await open(room);
          } else if (existsSync(logged.path(isoDay(room.clock.now())))) {
            appendFileSync(logged.path(isoDay(room.clock.now())), '{"at":"2026-11-2\n');
          }
        }
        expect(numbersOf(await total(session))).toEqual(numbersIn(logged.all.map(({ event }) => event)));
        expect(numbersOf(await total(await open(room)))).toEqual(numbersIn(logged.all.map(({ event }) => event)));
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('keep the numbers of a pruned log also where nobody has looked before its day has another one', async () => {
    const room = makeRoom();
    const logged = new Logged(room);
    const session = await open(room);
    const path = logged.path(isoDay(room.clock.now()));
    for (let i = 0; i < 9; i++) logged.log(eventOf(i, 1));
    room.clock.advance(4 * dayMs);
    expect((await total(session)).arrived).toBe(3);
    for await (const _ of must(session.store.upkeep).pruneEvents('bob', { fromDay: '9999-01-01', dryRun: false }));
    expect(existsSync(path)).toBe(false);
    room.clock.advance(-4 * dayMs);
    for (let i = 9; i < 12; i++) logged.log(eventOf(i, 1));
    expect((await total(session)).arrived).toBe(4);
    for (let i = 12; i < 15; i++) logged.log(eventOf(i, 1));
    expect((await total(session)).arrived).toBe(5);
    expect((await total(await open(room))).arrived).toBe(5);
  });

  it('count a log that is cut short anew, where it is the first one behind those that were pruned', async () => {
    const room = makeRoom();
    const logged = new Logged(room);
    const session = await open(room);
    logged.log(eventOf(0, 1));
    room.clock.advance(4 * dayMs);
    for await (const _ of must(session.store.upkeep).pruneEvents('bob', { fromDay: '9999-01-01', dryRun: false }));
    room.clock.advance(-4 * dayMs);
    const path = logged.path(isoDay(room.clock.now()));
    for (let i = 0; i < 9; i++) logged.log(eventOf(i, 1));
    expect((await total(session)).arrived).toBe(3);
    const [first = ''] = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, `${first}\n`);
    expect((await total(session)).arrived).toBe(1);
  });

  it('keep the numbers of a pruned log, and add what a clock that is set back logs under its day', async () => {
    const room = makeRoom();
    const logged = new Logged(room);
    const session = await open(room);
    for (let i = 0; i < 9; i++) logged.log(eventOf(i, 1));
    const start = room.clock.now();
    expect((await total(session)).arrived).toBe(3);
    room.clock.advance(4 * dayMs);
    for await (const _ of must(session.store.upkeep).pruneEvents('bob', { fromDay: '9999-01-01', dryRun: false }));
    expect(existsSync(logged.path(isoDay(start)))).toBe(false);
    expect((await total(session)).arrived).toBe(3);
    room.clock.advance(-4 * dayMs);
    for (let i = 9; i < 12; i++) logged.log(eventOf(i, 1));
    expect((await total(session)).arrived).toBe(4);
    expect((await windowOf(session, 'bob', start, start + 1)).arrived).toBe(4);
  });

  it('are made again where somebody has spoilt them', async () => {
    const room = makeRoom();
    const logged = new Logged(room);
    for (let i = 0; i < 9; i++) logged.log(eventOf(i, 1));
    const now = room.clock.now();
    const session = await open(room);
    const good = numbersOf(await total(session));
    for (const junk of [
      '',
      'null',
      '{"v":1}\n',
      '{"v":1,"mark":{"bytes":4}}\n{"t":"',
      `{"v":9,"mark":{"bytes":4}}\n`,
      '\0\0',
    ])
      for (const name of [isoDay(now), 'index']) {
        writeFileSync(rollupFile(room.at('bob'), name), junk);
        expect(numbersOf(await total(session))).toEqual(good);
        expect(numbersOf(await windowOf(session, 'bob', now, now + 1))).toEqual(good);
      }
  });

  it('are counted at each look where they cannot be written, which is said once', async () => {
    const room = makeRoom();
    const logged = new Logged(room);
    for (let i = 0; i < 9; i++) logged.log(eventOf(i, 1));
    const session = await open(room);
    const warnings: string[] = [];
    const saying = { ...session, warn: (message: string) => void warnings.push(message) };
    session.store.rollups.write = async () => {
      throw new DreamosError('disk', 'DISK_FAILED', 'The disk is full.');
    };
    for (let look = 0; look < 3; look++) expect((await total(saying)).arrived).toBe(3);
    expect(warnings).toEqual(['The numbers of bob are not kept, so the next look counts anew: The disk is full.']);
    expect(existsSync(room.at('bob').metrics)).toBe(false);
  });

  it('pair what older builds logged, and count what has no beginning', async () => {
    const room = makeRoom();
    const logged = new Logged(room);
    const session = await open(room);
    logged.log({ event: 'claimed', id: 'A', attempt: 1, by: 'bob' });
    logged.log({ event: 'acked', id: 'B', attempt: 1, by: 'bob' });
    await total(session);
    room.clock.advance(5000);
    logged.log({ event: 'acked', id: 'A', attempt: 1, by: 'bob' });
    const { held, waited, unpaired } = await total(session);
    expect([held.count, held.sum, waited.count, unpaired]).toEqual([1, 5000, 0, 1]);
  });

  it('are made again of a log that is another one, or was cut short', async () => {
    const room = makeRoom();
    const logged = new Logged(room);
    const session = await open(room);
    for (let i = 0; i < 9; i++) logged.log(eventOf(i, 1));
    await total(session);
    const path = logged.path(isoDay(room.clock.now()));
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, `${lines.slice(3, 6).join('\n')}\n`);
    expect((await total(session)).arrived).toBe(1);
    writeFileSync(path, '');
    expect((await total(session)).events).toEqual({});
  });

  it('keep hours and no minutes when a week has passed', async () => {
    const room = makeRoom(['bob'], Date.parse('2026-11-20T09:30:00.000Z'));
    const logged = new Logged(room);
    const session = await open(room);
    for (let i = 0; i < 9; i++) logged.log(eventOf(i, 1));
    const start = room.clock.now();
    await total(session);
    const lines = () => readFileSync(rollupFile(room.at('bob'), '2026-11-20'), 'utf8').split('\n').length - 2;
    expect(lines()).toBe(3);
    room.clock.advance(9 * dayMs);
    expect((await total(session)).arrived).toBe(3);
    expect(lines()).toBe(2);
    expect((await windowOf(session, 'bob', start - minuteMs, start + 20 * minuteMs)).arrived).toBe(3);
  });

  /** Whether something was pruned: a log may be there again under the name of one that was. */
  async function isReborn(session: Session): Promise<boolean> {
    return (await session.store.journal.prunedThrough('bob', true)) !== undefined;
  }

  /** It ends before this write. */
  async function killedLook(session: Session, call: number): Promise<void> {
    const { rollups } = session.store;
    const write = rollups.write.bind(rollups);
    let left = call;
    rollups.write = async (...given) => {
      if (left-- === 0) throw new Error('killed');
      await write(...given);
    };
    await total(session).catch((error: Error) => expect(error.message).toBe('killed'));
  }
});

/** Of a message's life, one after the other, with what a chance gives it. */
function eventOf(at: number, chance: number): LoggedEvent {
  const id = `M${Math.floor(at / 3)}`;
  const by = { by: 'bob', ...(chance % 3 === 0 && { label: 'one' }) };
  const attempt = 1 + (chance % 2);
  const kind = ['delivered', 'claimed', ['acked', 'nacked', 'lease_expired'][chance % 3]][at % 3];
  return {
    event: must(kind),
    id,
    ...(kind === 'delivered' && {
      from: `s${chance % 5}`,
      type: chance % 2 ? 'task' : 'message',
      ...(chance % 7 === 0 && { attempt: 1 }),
    }),
    ...(kind === 'claimed' && { ...by, attempt, waitedMs: chance % 100_000 }),
    ...(at % 3 === 2 && { ...by, attempt, heldMs: chance % 70_000 }),
    ...(kind === 'acked' && chance % 2 === 0 && { score: (chance % 11) / 10, late: chance % 4 === 0 }),
  } as unknown as LoggedEvent;
}
