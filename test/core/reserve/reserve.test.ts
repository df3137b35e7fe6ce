import { beforeEach, expect, test } from 'vitest';
import { retireAgent } from '../../../src/core/agents/agents.ts';
import { deleteAgent } from '../../../src/core/keep/delete-agent.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { maintain } from '../../../src/core/keep/maintain.ts';
import { finishRenames, renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { checkReservations, releaseReservations, renewReservations } from '../../../src/core/reserve/held.ts';
import { listReservations } from '../../../src/core/reserve/reservations.ts';
import { reserve } from '../../../src/core/reserve/reserve.ts';
import type { Session } from '../../../src/core/root/root.ts';
import type { DreamosError } from '../../../src/model/errors.ts';
import { changeIn, documentIn } from '../../storage/contract/ways.ts';
import { type CoreRig, createCoreRig, expectRefusal, gather, must, refusal } from '../rig.ts';

let rig: CoreRig;
let ann: Session;
let bob: Session;
beforeEach(async () => {
  rig = await createCoreRig();
  ann = rig.as('planner');
  bob = rig.as('REVIEWER');
});

const hour = 3_600_000;
const cwd = '/nowhere';
const paths = async (): Promise<string[]> =>
  (await listReservations(rig.root)).map((one) => `${one.agent} ${one.path}`);
const tokenOf = async (session: Session, path: string, forMs = hour): Promise<number> =>
  must((await reserve(session, path, { cwd, forMs }))?.[0]).token;

test('whoever reserves has it until its end, and the others are told who, what, until when and why', async () => {
  const [one, more] = must(await reserve(ann, ['src', 'a.md'], { cwd, reason: 'new grammar' }));
  const now = new Date(rig.clock.now()).toISOString();
  const until = new Date(rig.clock.now() + hour).toISOString();
  expect(one).toEqual({
    ...{ path: '/nowhere/src', agent: 'planner', shared: false, reason: 'new grammar', since: now, until },
    token: expect.any(Number) as number,
    created: true,
  });
  expect(must(more).token).toBeGreaterThan(must(one).token);
  const error = await refusal(reserve(bob, 'src/x/b.ts', { cwd }));
  expect(error).toMatchObject({ kind: 'conflict', code: 'RESERVED' });
  expect(error.message).toBe(
    `/nowhere/src/x/b.ts is reserved as /nowhere/src by planner until ${until}, in 1h ("new grammar").`,
  );
  expect(error.hint).toBe(
    'The same with `waitMs` waits for it; or ask: dreamos send planner "Are you done with it?" --as REVIEWER',
  );
  rig.clock.advance(hour - 1);
  await expectRefusal(reserve(bob, 'src/x/b.ts', { cwd }), 'RESERVED');
  rig.clock.advance(1);
  expect(await reserve(bob, 'src/x/b.ts', { cwd })).toMatchObject([{ agent: 'reviewer', created: true }]);
});

test('of several all are reserved or none, and each that is held is named', async () => {
  await reserve(ann, ['a', 'c'], { cwd });
  const before = await documentIn(rig.root.store, 'reservations');
  const error = await refusal(reserve(bob, ['x', 'c/d', 'y', 'A'], { cwd }));
  expect(error.message).toMatch(
    /^\/nowhere\/c\/d is reserved as \/nowhere\/c by planner .*; \/nowhere\/A is reserved as \/nowhere\/a by/,
  );
  expect(await documentIn(rig.root.store, 'reservations')).toEqual(before);
});

test('a refusal names few of many', async () => {
  await reserve(ann, ['a', 'b', 'c', 'd', 'e', 'f', 'g'], { cwd });
  expect((await refusal(reserve(bob, '**', { cwd }))).message).toMatch(/; and 2 more\.$/);
});

test('shared ones never conflict with one another, and exclude who wants to change', async () => {
  await reserve(ann, 'doc', { cwd, shared: true });
  expect(await reserve(bob, 'doc/a.md', { cwd, shared: true })).toMatchObject([{ shared: true }]);
  await expectRefusal(reserve(bob, 'doc/a.md', { cwd }), 'RESERVED');
  await releaseReservations(ann, undefined, { cwd });
  // One's own made exclusive, now that nobody reads it.
  expect(await reserve(bob, 'doc/a.md', { cwd })).toMatchObject([{ shared: false, created: false }]);
  await expectRefusal(reserve(ann, 'doc', { cwd, shared: true }), 'RESERVED');
});

test("one's own never conflict, and asking again for one makes it last longer, under the same token", async () => {
  const [first] = must(await reserve(ann, 'src', { cwd, forMs: 3 * hour, reason: 'why' }));
  expect(await reserve(ann, 'src/a.ts', { cwd })).toMatchObject([{ created: true }]);
  rig.clock.advance(1000);
  expect(await reserve(ann, 'SRC', { cwd })).toEqual([{ ...first, created: false }]);
  const longer = new Date(rig.clock.now() + 4 * hour).toISOString();
  expect(await reserve(ann, 'src', { cwd, forMs: 4 * hour, reason: 'still' })).toEqual([
    { ...first, reason: 'still', until: longer, created: false },
  ]);
  expect(await paths()).toEqual(['planner /nowhere/src', 'planner /nowhere/src/a.ts']);
});

test('tokens only grow: after all are released, when the clock is set back, and after an older state is back', async () => {
  const tokens = [await tokenOf(ann, 'a'), await tokenOf(ann, 'b')];
  await releaseReservations(ann, undefined, { cwd });
  tokens.push(await tokenOf(bob, 'a'));
  rig.clock.advance(-10 * hour);
  tokens.push(await tokenOf(ann, 'c'), await tokenOf(ann, 'd'));
  rig.clock.advance(11 * hour);
  const backup = await documentIn(rig.root.store, 'reservations');
  tokens.push(await tokenOf(ann, 'e'), await tokenOf(ann, 'f'));
  await changeIn(rig.root.store, 'reservations', () => backup);
  rig.clock.advance(1000);
  tokens.push(await tokenOf(ann, 'g'));
  // What was over is another one.
  rig.clock.advance(2 * hour);
  tokens.push(await tokenOf(ann, 'a'), await tokenOf(ann, 'e'));
  expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
});

test('a clock that was ahead keeps nobody out for ever', async () => {
  rig.clock.advance(1000 * hour);
  await reserve(ann, 'a', { cwd });
  rig.clock.advance(-1000 * hour);
  expect(await reserve(bob, 'a', { cwd })).toMatchObject([{ agent: 'reviewer' }]);
});

test('what is over is lost to a renewal and to a release, which tell since when and who has it', async () => {
  const [one] = must(await reserve(ann, ['a', 'b'], { cwd, forMs: 1000 }));
  rig.clock.advance(999);
  expect(await renewReservations(ann, 'a', { cwd, forMs: 2000 })).toMatchObject([
    { path: '/nowhere/a', token: one?.token },
  ]);
  rig.clock.advance(1001);
  const [kept, lost] = await renewReservations(ann, undefined, { cwd });
  expect(kept).toMatchObject({ path: '/nowhere/a' });
  expect(lost).toMatchObject({ kind: 'conflict', code: 'RESERVATION_LOST' });
  expect((lost as DreamosError).message).toBe(`planner's reservation of /nowhere/b ended at ${must(one).until}.`);
  rig.clock.advance(2 * hour);
  await reserve(bob, 'a', { cwd, reason: 'mine now' });
  const [late] = await renewReservations(ann, 'a', { cwd });
  expect((late as DreamosError).message).toMatch(
    /^planner's reservation of \/nowhere\/a ended at .*; reviewer has it until .*, in 1h\.$/,
  );
  // Told once, it is forgotten.
  expect(await releaseReservations(ann, undefined, { cwd })).toMatchObject([
    { code: 'RESERVATION_LOST' },
    { code: 'RESERVATION_LOST' },
  ]);
  expect(await releaseReservations(ann, undefined, { cwd })).toEqual([]);
  expect(await releaseReservations(ann, 'a', { cwd })).toMatchObject([
    {
      message: expect.stringMatching(/^planner holds no reservation of \/nowhere\/a; reviewer has it/) as string,
      // There was none that could have ended.
      hint: 'All there are: dreamos reserve list',
    },
  ]);
  expect(await paths()).toEqual(['reviewer /nowhere/a']);
});

test('a release gives free what is named, or all; a renewal never makes one shorter', async () => {
  await reserve(ann, ['a', 'b', 'c'], { cwd, forMs: 5 * hour });
  await reserve(bob, ['d'], { cwd });
  expect(await renewReservations(ann, 'a', { cwd, forMs: hour })).toMatchObject([
    { until: new Date(rig.clock.now() + 5 * hour).toISOString() },
  ]);
  expect(await releaseReservations(ann, ['b', 'x'], { cwd })).toMatchObject([
    { path: '/nowhere/b' },
    { code: 'RESERVATION_LOST', message: 'planner holds no reservation of /nowhere/x.' },
  ]);
  expect(await releaseReservations(ann)).toMatchObject([{ path: '/nowhere/a' }, { path: '/nowhere/c' }]);
  expect(await paths()).toEqual(['reviewer /nowhere/d']);
});

test('a check says what is free, mine and held, and changes nothing', async () => {
  await reserve(ann, 'src', { cwd, shared: true });
  await reserve(bob, 'doc', { cwd });
  const before = await rig.root.store.documents.get('reservations');
  const told = async (session: Session, options = {}): Promise<string> =>
    (await checkReservations(session, ['src/a', 'doc/a', 'x'], { cwd, ...options }))
      .map(({ state, held }) => `${state}${held.map((one) => ` ${one.agent}`).join('')}`)
      .join(', ');
  expect(await told(ann)).toBe('mine, held reviewer, free');
  expect(await told(bob)).toBe('held planner, mine, free');
  expect(await told(bob, { shared: true })).toBe('free, mine, free');
  expect(await told(rig.as(undefined))).toBe('held planner, held reviewer, free');
  expect(await told(rig.as('nobody'))).toBe('held planner, held reviewer, free');
  expect(await rig.root.store.documents.get('reservations')).toEqual(before);
});

test('who reserves is an agent that takes mail, for a time that can be', async () => {
  await expectRefusal(reserve(rig.as(undefined), 'a', { cwd }), 'USAGE');
  await expectRefusal(reserve(rig.as('nobody'), 'a', { cwd }), 'AGENT_NOT_FOUND');
  await expectRefusal(renewReservations(rig.as('nobody')), 'AGENT_NOT_FOUND');
  await retireAgent(rig.root, 'Builder');
  await expectRefusal(reserve(rig.as('builder'), 'a', { cwd }), 'AGENT_RETIRED');
  for (const forMs of [0, 99, 24 * hour + 1, Number.NaN, Infinity])
    await expectRefusal(reserve(ann, 'a', { cwd, forMs }), 'USAGE');
  await expectRefusal(reserve(ann, [], { cwd }), 'USAGE');
  await expectRefusal(reserve(ann, 'a', { cwd, reason: 'x\uD800' }), 'MESSAGE_INVALID');
  expect(await documentIn(rig.root.store, 'reservations')).toBeUndefined();
});

test('a renamed agent keeps what it has, also when the rename was cut off', async () => {
  await reserve(ann, ['a', 'b'], { cwd });
  expect(await renameAgent(rig.root, 'planner', 'lead')).toMatchObject({ reservations: ['/nowhere/a', '/nowhere/b'] });
  expect(await paths()).toEqual(['lead /nowhere/a', 'lead /nowhere/b']);
  await changeIn(
    rig.root.store,
    'reservations',
    (value) => JSON.parse(JSON.stringify(value).replaceAll('"lead"', '"planner"')) as unknown,
  );
  expect(await finishRenames(rig.root)).toEqual(['lead']);
  expect(await paths()).toEqual(['lead /nowhere/a', 'lead /nowhere/b']);
});

test('a deleted agent has nothing any more', async () => {
  await reserve(ann, 'a', { cwd });
  await reserve(bob, 'b', { cwd });
  expect(await deleteAgent(rig.root, 'planner')).toMatchObject({ reservations: ['/nowhere/a'] });
  expect(await paths()).toEqual(['reviewer /nowhere/b']);
});

test('what was over long ago is dropped by maintain, and by whoever reserves next', async () => {
  await reserve(ann, ['a', 'b'], { cwd });
  const dropped = async (dryRun = false) =>
    (await gather(maintain(rig.root, { dryRun }))).filter(({ task }) => task === 'reservations');
  rig.clock.advance(25 * hour - 1);
  expect(await dropped()).toEqual([]);
  rig.clock.advance(1);
  expect(await dropped(true)).toEqual([{ task: 'reservations', count: 2, dryRun: true }]);
  expect(await dropped()).toEqual([{ task: 'reservations', count: 2 }]);
  expect(await dropped()).toEqual([]);
  await reserve(ann, 'c', { cwd });
  rig.clock.advance(26 * hour);
  await reserve(bob, 'd', { cwd });
  expect(await documentIn(rig.root.store, 'reservations')).toMatchObject({ reservations: [{ path: '/nowhere/d' }] });
});

test('a document that cannot be read is refused to all, and the doctor tells', async () => {
  await reserve(ann, 'a', { cwd });
  await changeIn(rig.root.store, 'reservations', (value) => ({ ...(value as object), later: 1 }));
  await reserve(bob, 'b', { cwd });
  expect(await documentIn(rig.root.store, 'reservations')).toMatchObject({ later: 1 });
  const findings = async () => (await gather(doctor(rig.root))).filter(({ rule }) => rule === 'reservations');
  expect(await findings()).toEqual([]);
  await changeIn(
    rig.root.store,
    'reservations',
    (value) => JSON.parse(JSON.stringify(value).replace('"reviewer"', '"ghost"')) as unknown,
  );
  expect(await findings()).toMatchObject([
    { level: 'warning', message: expect.stringMatching(/^ghost has \/nowhere\/b/) as string },
  ]);
  await changeIn(rig.root.store, 'reservations', () => ({ reservations: 'none' }));
  for (const doing of [
    reserve(ann, 'x', { cwd }),
    checkReservations(ann, 'x', { cwd }),
    deleteAgent(rig.root, 'planner'),
  ])
    await expectRefusal(doing, 'CONFIG_INVALID');
  expect(await findings()).toMatchObject([{ level: 'problem' }]);
});
