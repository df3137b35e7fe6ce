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
