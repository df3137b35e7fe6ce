/**
 * Whoever looks at a root sees the same, whichever look he takes: on random roots, at moments right before and behind those
 * at which something falls due, expires or is taken back, every look is asked in any order, by this process or another.
 */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { exportArchive, listArchive, searchArchive, showArchived } from '../../../src/core/keep/archive.ts';
import { cancel } from '../../../src/core/keep/cancel.ts';
import { listDead, purgeDead, retryDead, showDead } from '../../../src/core/keep/dlq.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { list } from '../../../src/core/look/list.ts';
import { peek } from '../../../src/core/look/peek.ts';
import { search } from '../../../src/core/look/search.ts';
import { show } from '../../../src/core/look/show.ts';
import { status } from '../../../src/core/look/status.ts';
import { thread } from '../../../src/core/look/thread.ts';
import { trace } from '../../../src/core/look/trace.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { type State, states } from '../../../src/model/state.ts';
import { makeRoom } from '../../storage/file/room.ts';
import { createRigOn, gather } from '../rig.ts';
import { createFakeClock, type FakeClock } from '../../storage/contract/fake-clock.ts';

interface World {
  readonly clock: FakeClock;
  /** As another process. */
  open(): Promise<Session>;
}

const names = ['ann', 'bob'];

async function onFiles(): Promise<World> {
  const room = makeRoom(names);
  const { root: path, clock, ids } = room;
  return { clock, open: async () => rootOver(await room.open(), { path, clock, ids }, { as: 'ann' }) };
}

async function inMemory(): Promise<World> {
  const clock = createFakeClock();
  const { as, mail } = await createRigOn(clock);
  for (const name of names)
    mail.agents.set(name, { value: { name, createdAt: '2026-11-20T09:00:00.000Z' }, version: 1 });
  for (const name of [...mail.agents.keys()]) if (!names.includes(name)) mail.agents.delete(name);
  return { clock, open: async () => as('ann') };
}

const ms = fc.constantFrom(100, 1000, 60_000);
const operation = fc.oneof(
  fc.record({
    do: fc.constant('send' as const),
    to: fc.constantFrom('bob', 'ann', 'ann,bob'),
    ttlMs: fc.option(ms, { nil: undefined }),
    delayMs: fc.option(fc.constantFrom(50, 500, 30_000), { nil: undefined }),
    priority: fc.constantFrom('normal' as const, 'urgent' as const),
  }),
  fc.record({ do: fc.constant('read' as const), mailbox: fc.constantFrom(...names), leaseMs: ms }),
  fc.record({ do: fc.constant('ack' as const) }),
  fc.record({ do: fc.constant('nack' as const), dead: fc.boolean(), delayMs: fc.option(ms, { nil: undefined }) }),
  fc.record({ do: fc.constant('cancel' as const) }),
  fc.record({ do: fc.constant('retry' as const), mailbox: fc.constantFrom(...names) }),
  fc.record({ do: fc.constant('purge' as const), mailbox: fc.constantFrom(...names) }),
  fc.record({ do: fc.constant('look' as const), mailbox: fc.constantFrom(...names) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 50, 99, 100, 999, 1000, 30_000, 60_000) }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

interface Sent {
  readonly id: string;
  readonly draft: Parameters<typeof send>[1];
}

async function happens(
  session: Session,
  clock: FakeClock,
  one: Operation,
  sent: Sent[],
  held: string[],
): Promise<void> {
  const last = sent.at(-1);
  switch (one.do) {
    case 'send': {
      const { to, ttlMs, delayMs, priority } = one;
      if (ttlMs !== undefined && delayMs !== undefined && delayMs >= ttlMs) return;
      const draft = {
        ...{ to, body: 'words', thread: 'talk', priority, dedupeKey: `k${sent.length}` },
        ...(ttlMs !== undefined && { ttlMs }),
        ...(delayMs !== undefined && { delayMs }),
      };
      sent.push({ id: (await send(session, draft)).id, draft });
      return;
    }
    case 'read': {
      const delivery = await readNext(session, one.mailbox, { leaseMs: one.leaseMs });
      if (delivery) held.push(delivery.receipt);
      return;
    }
    case 'ack': {
      const receipt = held.pop();
      if (receipt !== undefined) await ack(session, receipt);
      return;
    }
    case 'nack': {
      const receipt = held.pop();
      const { dead, delayMs } = one;
      if (receipt !== undefined) await nack(session, receipt, { dead, ...(delayMs !== undefined && { delayMs }) });
      return;
    }
    case 'cancel':
      if (last) await cancel(session, last.id);
      return;
    case 'retry':
      await retryDead(session, one.mailbox, 'all');
      return;
    case 'purge':
      await purgeDead(session, one.mailbox, 'all', { force: true });
      return;
    case 'look':
      await status(session, [one.mailbox]);
      return;
    case 'wait':
      clock.advance(one.ms);
  }
}

async function tried<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    return undefined;
  }
}

/** Of these states, where each message is: `bob 01… ready`. */
interface Seen {
  readonly of?: readonly State[];
  readonly where: readonly string[];
}

const inEach = async (look: (mailbox: string) => Promise<readonly string[]>): Promise<string[]> =>
  (await Promise.all(names.map(look))).flat();

type Look = (session: Session, sent: readonly Sent[]) => Promise<Seen>;

const line = (at: { mailbox: string; id: string; state: string }): string => `${at.mailbox} ${at.id} ${at.state}`;
const inState = (state: State) => (at: { mailbox: string; id: string }) => line({ ...at, state });

const looks: Record<string, Look> = {
  list: async (session) => ({
    where: await inEach(async (name) => (await gather(list(session, name, { states }))).map(line)),
  }),
  ...Object.fromEntries(
    states.map((state): [string, Look] => [
      `list ${state}`,
      async (session) => ({
        of: [state],
        where: await inEach(async (name) => (await gather(list(session, name, { states: [state] }))).map(line)),
      }),
    ]),
  ),
  'dlq list': async (session) => ({
    of: ['dead'],
    where: await inEach(async (name) => (await gather(listDead(session, name))).map(inState('dead'))),
  }),
  'dlq list of all': async (session) => ({
    of: ['dead'],
    where: (await gather(listDead(session))).map(inState('dead')),
  }),
  'dlq show': async (session, sent) => ({
    of: ['dead'],
    where: await inEach(async (name) =>
      (await Promise.all(sent.map(({ id }) => tried(showDead(session, name, id))))).flatMap((one) =>
        one ? inState('dead')(one) : [],
      ),
    ),
  }),
  'archive list': async (session) => ({
    of: ['archived'],
    where: await inEach(async (name) => (await gather(listArchive(session, name))).map(inState('archived'))),
  }),
  'archive show': async (session, sent) => ({
    of: ['archived'],
    where: await inEach(async (name) =>
      (await Promise.all(sent.map(({ id }) => tried(showArchived(session, name, id))))).flatMap((one) =>
        one ? inState('archived')(one) : [],
      ),
    ),
  }),
  'archive search': async (session) => ({
    of: ['archived'],
    where: (await gather(searchArchive(session, 'words'))).map(inState('archived')),
  }),
  'archive export': async (session) => ({
    of: ['archived'],
    where: await inEach(async (name) => (await gather(exportArchive(session, name))).map(inState('archived'))),
  }),
  peek: async (session) => ({
    of: ['ready'],
    where: await inEach(async (name) =>
      (await peek(session, name, { limit: 100 })).map(({ mailbox, message }) => `${mailbox} ${message.id} ready`),
    ),
  }),
  search: async (session) => ({ where: (await gather(search(session, 'words'))).map(line) }),
  thread: async (session) => ({
    where: ((await tried(thread(session, 'talk'))) ?? []).flatMap(({ entries }) => entries.map(line)),
  }),
  show: async (session, sent) => ({
    where: (await Promise.all(sent.map(({ id }) => tried(show(session, id))))).flatMap(
      (one) => one?.entries.map(line) ?? [],
    ),
  }),
  trace: async (session, sent) => ({
    where: (await Promise.all(sent.map(({ id }) => tried(trace(session, id))))).flatMap(
      (one) => one?.entries.map(line) ?? [],
    ),
  }),
  'send again': async (session, sent) => ({
    where: (await Promise.all(sent.map(({ draft }) => send(session, draft))))
      .flatMap(({ id, states: now = [] }) => now.map(({ mailbox, state }) => line({ mailbox, id, state })))
      .filter((one) => !one.endsWith(' gone')),
  }),
};

/** How many are where: `bob dead 1`. */
type Count = (session: Session) => Promise<{ readonly of: readonly State[]; readonly counts: readonly string[] }>;

const counting: Record<string, Count> = {
  status: async (session) => ({
    of: states,
    counts: (await status(session)).flatMap((one) =>
      states.filter((state) => one[state] > 0).map((state) => `${one.mailbox} ${state} ${one[state]}`),
    ),
  }),
  doctor: async (session) => ({
    of: ['dead'],
    counts: (await gather(doctor(session)))
      .filter(({ rule }) => rule === 'dead-letters')
      .map(({ mailbox, message }) => `${mailbox} dead ${parseInt(message)}`),
  }),
};

function countsOf(where: readonly string[], of: readonly State[]): string[] {
  const counts = new Map<string, number>();
  for (const one of where) {
    const [mailbox, , state = ''] = one.split(' ');
    if ((of as readonly string[]).includes(state))
      counts.set(`${mailbox} ${state}`, (counts.get(`${mailbox} ${state}`) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `${what} ${count}`);
}

const lives = fc.array(operation, { minLength: 1, maxLength: 25 });
const orders = fc.shuffledSubarray([...Object.keys(looks), ...Object.keys(counting)]);

test.for([
  ['memory', inMemory],
  ['files', onFiles],
] as const)('every look at a root in %s sees the same', { timeout: 60_000 }, async ([, make]) => {
  await fc.assert(
    fc.asyncProperty(lives, orders, fc.boolean(), async (operations, order, another) => {
      const world = await make();
      const session = await world.open();
      const sent: Sent[] = [];
      const held: string[] = [];
      for (const one of operations) await tried(happens(session, world.clock, one, sent, held));
      const seen: [string, Seen][] = [];
      const counted: [string, Awaited<ReturnType<Count>>][] = [];
      for (const name of order) {
        const looker = another ? await world.open() : session;
        const [look, count] = [looks[name], counting[name]];
        if (look) seen.push([name, await look(looker, sent)]);
        if (count) counted.push([name, await count(looker)]);
      }
      // At last by what sees all.
      const { where } = await looks['list']!(session, sent);
      const told: unknown[] = [];
      const wanted: unknown[] = [];
      for (const [name, { of = states, where: here }] of seen) {
        told.push([name, ...[...here].sort()]);
        wanted.push([name, ...where.filter((one) => of.some((state) => one.endsWith(` ${state}`))).sort()]);
      }
      for (const [name, { of, counts }] of counted) {
        told.push([name, ...[...counts].sort()]);
        wanted.push([name, ...countsOf(where, of).sort()]);
      }
      expect(told).toEqual(wanted);
    }),
    { numRuns: 100 },
  );
});
