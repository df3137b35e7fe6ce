import { beforeEach, expect, test } from 'vitest';
import type { Stats } from '../../../src/contract/numbers/stats.ts';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
  await rig.dreamos('agent register planner');
});

async function finish(count: number, heldMs: number, as = 'reviewer'): Promise<void> {
  for (let i = 0; i < count; i++) {
    await rig.dreamos('send reviewer hello --as planner --type task');
    rig.time.nowMs += 1000;
    await rig.dreamos(`read reviewer --as ${as} --quiet`);
    rig.time.nowMs += heldMs;
    await rig.dreamos(`ack --as ${as}`);
  }
}

test('a table of mailboxes; what has too few samples is no data, and never 0', async () => {
  await finish(2, 500);
  const { out, err } = await rig.dreamos('stats');
  const [head, planner, reviewer] = out.split('\n').map((line) => line.split(/ {2,}/));
  expect(head?.slice(0, 3)).toEqual(['mailbox', 'in/min', 'out/min']);
  expect(planner?.slice(0, 3)).toEqual(['planner', '0', '0']);
  expect(reviewer?.[0]).toBe('reviewer');
  expect(reviewer?.[head?.indexOf('1st try') ?? 0]).toBe('no data');
  expect(err).toMatch(/^From \S+ to \S+\. What each number is: dreamos help numbers\n/);
});

test('with enough samples there are shares; with --json an object, with --csv lines', async () => {
  await finish(6, 500);
  const { json } = await rig.dreamos('stats reviewer --json');
  expect(json).toHaveLength(1);
  expect(json[0]).toMatchObject({
    by: 'mailbox',
    rows: [
      {
        name: 'reviewer',
        arrived: 6,
        acked: 6,
        dead: 0,
        firstAttemptShare: 1,
        redeliveredShare: 0,
        scoreMean: null,
        backlog: 0,
      },
    ],
    slow: [],
    hot: [],
  });
  expect((json[0] as unknown as Stats).rows[0]?.series.reduce((sum, one) => sum + one, 0)).toBe(6);
  const { out } = await rig.dreamos('stats --csv');
  const lines = out.split('\r\n').map((line) => line.split(','));
  expect(lines).toHaveLength(4);
  expect(lines.map((line) => line.length)).toEqual([24, 24, 24, 1]);
  expect(lines[2]?.[lines[0]?.indexOf('firstAttemptShare') ?? 0]).toBe('1');
  expect(lines[1]?.[lines[0]?.indexOf('firstAttemptShare') ?? 0]).toBe('');
});

test('by agent it tells what each claimed, by type and by topic what arrived', async () => {
  await finish(5, 500);
  await rig.dreamos('publish build.done hello --as planner');
  const names = async (by: string) => (await rig.dreamos(`stats --by ${by} --json`)).json[0]?.['rows'];
  expect(await names('agent')).toMatchObject([{ name: 'reviewer', arrived: 5, acked: 5, errorShare: 0 }]);
  expect(await names('type')).toMatchObject([{ name: 'task', arrived: 5, outPerMinute: null }]);
  expect(await names('topic')).toMatchObject([{ name: 'build.done', arrived: 1 }]);
});

test('on a terminal arrivals are a line of bars', async () => {
  await finish(1, 500);
  const { out } = await rig.dreamos('stats reviewer', {
    terminal: true,
    screen: { rows: 24, columns: 200 },
    env: { NO_COLOR: '1' },
  });
  expect(out).toMatch(/reviewer +·*█·* /);
});

test('an agent that nobody knows, a grouping and a window that are none are refused', async () => {
  expect(await rig.dreamos('stats nobody')).toMatchObject({ code: 4 });
  const by = await rig.dreamos('stats --by agents');
  expect(by).toMatchObject({ code: 2 });
  expect(by.err).toContain('One of: mailbox, agent, type, topic');
  expect(await rig.dreamos('stats --window soon')).toMatchObject({ code: 2 });
  expect(await rig.dreamos('stats --window 0')).toMatchObject({ code: 2 });
});

const told = async (line: string): Promise<Stats> => (await rig.dreamos(`${line} --json`)).json[0] as unknown as Stats;

test('rates are of the time since the first event where that is less than was asked for, and it says so', async () => {
  await finish(6, 9000);
  for (const by of ['mailbox', 'agent', 'type']) {
    const { knownSince, rows } = await told(`stats --window 24h --by ${by}`);
    const busy = rows.find(({ arrived }) => arrived > 0);
    expect([by, knownSince, busy?.knownSince]).toEqual([by, '2026-11-20T09:00:00.000Z', knownSince]);
    expect([by, busy?.inPerMinute]).toEqual([by, 6]);
  }
  const { err } = await rig.dreamos('stats --window 24h --by agent');
  expect(err).toContain('Known, and rates of the time since: all from 2026-11-20T09:00:00.000Z\n');
  rig.time.nowMs += 48 * 3_600_000;
  await finish(6, 9000);
  const { knownSince, rows } = await told('stats --by agent');
  expect(knownSince).toBeUndefined();
  expect(rows[0]?.inPerMinute).toBeCloseTo(6 / 61);
});

test('one message in the first second of a mailbox is one a minute', async () => {
  await rig.dreamos('send reviewer hello --as planner');
  rig.time.nowMs += 1000;
  expect((await told('stats reviewer --window 24h')).rows[0]?.inPerMinute).toBe(1);
});

test('by topic the names are topics, and one that nobody has published to is refused', async () => {
  await rig.dreamos('publish build.done hello --as planner');
  await rig.dreamos('publish build.failed hello --as planner');
  expect((await told('stats build.done --by topic')).rows.map(({ name }) => name)).toEqual(['build.done']);
  const { code, err } = await rig.dreamos('stats build.don --by topic');
  expect(code).toBe(4);
  expect(err).toContain('build.done');
});

test('of the mailboxes that were asked for only the agents are told', async () => {
  expect((await told('stats reviewer')).agents.reduce((sum, { count }) => sum + count, 0)).toBe(1);
  expect((await told('stats')).agents.reduce((sum, { count }) => sum + count, 0)).toBe(2);
});

test('on a narrow terminal the newest arrivals are in the last of fewer bars; by agent they are claims', async () => {
  await finish(1, 500);
  const narrow = { terminal: true, screen: { rows: 24, columns: 80 }, env: { NO_COLOR: '1' } };
  const { out } = await rig.dreamos('stats reviewer', narrow);
  expect(out).toMatch(/reviewer +·{7}█ /);
  expect(out).toMatch(/^mailbox +arrivals /);
  expect((await rig.dreamos('stats --by agent', narrow)).out).toMatch(/^agent +claims /);
});

test('what cannot go together, or is no window, is refused in the words that were typed', async () => {
  expect(await rig.dreamos('stats --csv --json')).toMatchObject({ code: 2, out: '' });
  expect((await rig.dreamos('stats --window 0')).err).toContain('The --window has to be more than 0');
});

test('the share of tasks that are done is of tasks alone', async () => {
  await finish(6, 500);
  expect((await told('stats reviewer')).rows[0]?.completedShare).toBeNull();
  for (let i = 0; i < 6; i++) {
    await rig.dreamos(`task create --title job${i} --as planner`);
    await rig.dreamos('task next --as reviewer');
    await rig.dreamos(i < 3 ? 'ack --as reviewer' : 'nack --dead --reason no --as reviewer');
  }
  expect((await told('stats reviewer')).rows[0]?.completedShare).toBe(0.5);
});
