import * as fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { registerAgent } from '../../../../src/core/agents/agents.ts';
import { heartbeat } from '../../../../src/core/agents/heartbeat.ts';
import type { Session } from '../../../../src/core/root/root.ts';
import { createTask } from '../../../../src/core/tasks/create.ts';
import { listTasks, showTask } from '../../../../src/core/tasks/list.ts';
import type { BeadsIssue } from '../../../../src/core/tasks/many/beads.ts';
import { exportBeads } from '../../../../src/core/tasks/many/export-beads.ts';
import { importBeads } from '../../../../src/core/tasks/many/import-beads.ts';
import { cancelTask, doneTask, failTask } from '../../../../src/core/tasks/moves.ts';
import { acceptTask, nextTask } from '../../../../src/core/tasks/next.ts';
import type { ErrorCode } from '../../../../src/model/errors.ts';
import { taskStates } from '../../../../src/model/state.ts';
import { type CoreRig, createCoreRig, expectRefusal, gather, must } from '../../rig.ts';

let rig: CoreRig;
let root: Session;

beforeEach(async () => {
  rig = await createCoreRig();
  root = rig.root;
});

async function worker(name: string, capabilities: string[] = []): Promise<void> {
  await registerAgent(root, { name, capabilities });
  await heartbeat(root, name, { status: 'idle' });
}

const blocks = (id: string, on: string) => ({
  issue_id: id,
  depends_on_id: on,
  type: 'blocks',
  created_at: '2025-12-17T21:19:11.312625-08:00',
  created_by: 'daemon',
});
const partOf = (id: string, parent: string) => ({ ...blocks(id, parent), type: 'parent-child' });

/** As beads writes them: times with nanoseconds and zones, what is empty left out. */
const issues: BeadsIssue[] = [
  {
    id: 'bd-1',
    title: 'release 0.30',
    description: '',
    status: 'open',
    priority: 0,
    issue_type: 'epic',
    created_at: '2025-12-17T21:19:11.141249-08:00',
    updated_at: '2025-12-17T21:46:46.390985-08:00',
    dependencies: [blocks('bd-1', 'bd-1.1')],
  },
  {
    id: 'bd-1.1',
    title: 'publish',
    description: 'push the tag',
    design: 'by the workflow',
    acceptance_criteria: 'it is there',
    notes: 'twice',
    status: 'in_progress',
    priority: 4,
    issue_type: 'task',
    assignee: 'ann',
    estimated_minutes: 30,
    labels: ['ts', 'Release notes'],
    external_ref: 'gh-9',
    created_at: '2025-12-17T21:19:12.141249-08:00',
    updated_at: '2025-12-17T21:46:46.390985-08:00',
    due_at: '2031-01-02T03:04:05Z',
    dependencies: [
      blocks('bd-1.1', 'bd-2'),
      partOf('bd-1.1', 'bd-1'),
      { ...blocks('bd-1.1', 'bd-9'), type: 'related' },
    ],
    comments: [{ id: 1, issue_id: 'bd-1.1', author: 'ann', text: 'soon', created_at: '2025-12-18T00:00:00Z' }],
  },
  {
    id: 'bd-2',
    title: 'tests are green',
    status: 'closed',
    priority: 1,
    issue_type: 'task',
    created_at: '2025-12-01T00:00:00Z',
    updated_at: '2025-12-02T00:00:00Z',
    closed_at: '2025-12-02T00:00:00Z',
    close_reason: 'they are',
  },
];

const exported = (all = false): Promise<BeadsIssue[]> => gather(exportBeads(root, { all }));

test('issues of beads become tasks: what blocks has to be done before, and what is closed is', async () => {
  await worker('Ann', ['ts']);
  const made = await importBeads(root, issues, { requiresLabels: true });
  expect(made).toMatchObject([
    { key: 'bd-1', state: 'blocked', waitsFor: [made[1]?.id] },
    { key: 'bd-1.1', state: 'assigned', assignee: 'Ann' },
  ]);
  expect(await showTask(root, must(made[1]).id)).toMatchObject({
    title: 'publish',
    body: 'push the tag\n\n## Design\n\nby the workflow\n\n## Acceptance criteria\n\nit is there\n\n## Notes\n\ntwice',
    priority: 'low',
    requires: ['ts'],
    tags: ['ts', 'Release notes'],
    dependsOn: [],
    parent: made[0]?.id,
    deadline: '2031-01-02T03:04:05.000Z',
  });
  expect(await nextTask(rig.as('Ann'))).toMatchObject({ title: 'publish' });
  await doneTask(rig.as('Ann'), must(made[1]).id);
  expect(await nextTask(rig.as('Ann'))).toMatchObject({
    title: 'release 0.30',
    body: 'release 0.30',
    priority: 'urgent',
  });
  expect(rig.warnings).toEqual([]);
});

test('what is in progress goes to its assignee, if he is here and can take it, and else to who can', async () => {
  for (const name of ['bob', 'ann']) await worker(name);
  const at = (id: string, assignee: string): BeadsIssue => ({ id, title: id, status: 'in_progress', assignee });
  expect(await importBeads(root, [at('a', 'ann'), at('b', 'ann'), at('c', 'nobody')])).toMatchObject([
    { key: 'a', assignee: 'ann' },
    { key: 'b', assignee: 'bob' },
    { key: 'c', state: 'ready' },
  ]);
});

test('what is closed comes along on demand, as done', async () => {
  const made = await importBeads(root, issues, { all: true });
  expect(made[2]).toMatchObject({ key: 'bd-2', state: 'done' });
  expect(await showTask(root, must(made[1]).id)).toMatchObject({ state: 'ready', dependsOn: [made[2]?.id] });
  const done = await gather(listTasks(root, { states: ['done'] }));
  expect(done.map(({ title }) => title)).toEqual(['tests are green']);
});

test('the same issues are imported once, and a later file may name what came with an earlier one', async () => {
  const first = await importBeads(root, issues);
  rig.clock.advance(1000);
  const again = await importBeads(root, issues);
  expect(again.map(({ id, duplicate }) => ({ id, duplicate }))).toEqual(
    first.map(({ id }) => ({ id, duplicate: true })),
  );
  const [late] = await importBeads(root, [{ id: 'bd-3', title: 'late', dependencies: [blocks('bd-3', 'bd-1')] }]);
  expect(late).toMatchObject({ state: 'blocked', waitsFor: [first[0]?.id] });
  expect(await gather(listTasks(root, { states: taskStates }))).toHaveLength(3);
});

test('what is exported here and imported again is not made twice', async () => {
  await createTask(root, { title: 'ours' });
  await importBeads(root, issues);
  expect((await importBeads(root, await exported())).map(({ duplicate }) => duplicate)).toEqual([true, true, true]);
});

test('what nothing is known of is not waited for, and what rests in beads is ready here: both are said', async () => {
  await importBeads(root, [
    { id: 'a', title: 'a', dependencies: [blocks('a', 'x')] },
    { id: 'b', title: 'b', status: 'deferred' },
    { id: 'c', title: 'c', status: 'blocked', dependencies: [blocks('c', 'b')] },
  ]);
  expect(rig.warnings).toEqual([
    '1 of these is deferred in beads; here nothing holds a task back but other tasks.',
    'What is named is neither in the file nor here, and not waited for: a names x',
  ]);
});

test.for<[string, unknown, ErrorCode, RegExp]>([
  ['has no title', { id: 'b' }, 'MESSAGE_INVALID', /^Issue 2: "title" has to be a text/],
  ['is no object', 'b', 'MESSAGE_INVALID', /^Issue 2: This is no issue/],
  ['has the id of another', { id: 'a', title: 'b' }, 'MESSAGE_INVALID', /^Issue 2: Issue 1 has the same id, a\./],
  ['has an odd priority', { id: 'b', title: 'b', priority: 5 }, 'MESSAGE_INVALID', /^Issue 2: "priority" has to be/],
  ['has odd dependencies', { id: 'b', title: 'b', dependencies: [{}] }, 'MESSAGE_INVALID', /^Issue 2: "dependencies"/],
  ['has half a character', { id: 'b', title: '\ud800' }, 'MESSAGE_INVALID', /^Issue 2: .*half a character/],
  ['waits for itself', { id: 'b', title: 'b', dependencies: [blocks('b', 'b')] }, 'TASK_CYCLE', /: b -> b\. Nothing/],
  [
    'is its own part',
    { id: 'b', title: 'b', dependencies: [partOf('b', 'b')] },
    'TASK_CYCLE',
    /parts of each other: b/,
  ],
])('nothing is imported if an issue %s', async ([, wrong, code, message]) => {
  const file = [{ id: 'a', title: 'a' }, wrong];
  await expectRefusal(importBeads(root, file), code);
  await expect(importBeads(root, file)).rejects.toThrow(message);
  expect(await gather(listTasks(root, { states: taskStates }))).toEqual([]);
});

test('a dry run of an import makes nothing', async () => {
  expect(await importBeads(root, issues, { dryRun: true, all: true })).toMatchObject([
    { key: 'bd-1', state: 'blocked' },
    { key: 'bd-1.1', state: 'ready' },
    { key: 'bd-2', state: 'done' },
  ]);
  expect(await gather(listTasks(root, { states: taskStates }))).toEqual([]);
});

test('what has become of an issue here is exported, and all else as it came', async () => {
  await worker('ann');
  const [a, b, c, d] = await importBeads(
    root,
    ['a', 'b', 'c', 'd'].map((id) => ({
      id,
      title: id,
      status: 'blocked',
      odd: { x: [1] },
      updated_at: '2025-01-01T00:00:00Z',
    })),
  );
  await doneTask(rig.as('ann'), must(await acceptTask(rig.as('ann'), must(a).id)).id, { result: 'it works' });
  await acceptTask(rig.as('ann'), must(b).id);
  await failTask(rig.as('ann'), must(b).id, 'no');
  await cancelTask(root, must(c).id);
  await acceptTask(rig.as('ann'), must(d).id);
  const now = new Date(rig.clock.now()).toISOString();
  const odd = { odd: { x: [1] } };
  const ended = { status: 'closed', updated_at: now, closed_at: now, ...odd };
  const byId = (list: readonly BeadsIssue[]) => list.toSorted((x, y) => (x.id < y.id ? -1 : 1));
  expect(byId(await exported(true))).toEqual([
    { id: 'a', title: 'a', assignee: 'ann', close_reason: 'it works', ...ended },
    { id: 'b', title: 'b', assignee: 'ann', status: 'open', updated_at: now, ...odd },
    { id: 'c', title: 'c', close_reason: 'cancelled', ...ended },
    { id: 'd', title: 'd', assignee: 'ann', status: 'in_progress', updated_at: now, ...odd },
  ]);
  expect(byId(await exported()).map(({ id }) => id)).toEqual(['b', 'd']);
});

test('what was made here is exported with its id, and comes back in another root as it was', async () => {
  const first = await createTask(root, {
    title: 'first',
    requires: ['ts'],
    tags: ['t'],
    priority: 'high',
    data: { n: 1 },
  });
  const second = await createTask(root, {
    title: 'second',
    body: 'all of it',
    dependsOn: [first.id],
    parent: first.id,
    deadline: '2031-01-02T03:04:05Z',
  });
  const all = await exported();
  expect(all).toMatchObject([
    {
      id: first.id,
      title: 'first',
      status: 'open',
      priority: 1,
      issue_type: 'task',
      labels: ['t'],
      created_by: 'planner',
    },
    {
      id: second.id,
      description: 'all of it',
      priority: 2,
      due_at: '2031-01-02T03:04:05.000Z',
      dependencies: [
        { issue_id: second.id, depends_on_id: first.id, type: 'blocks' },
        { issue_id: second.id, depends_on_id: first.id, type: 'parent-child' },
      ],
    },
  ]);
  ({ root } = await createCoreRig());
  const [a, b] = await importBeads(root, all);
  expect(await showTask(root, must(a).id)).toMatchObject({ requires: ['ts'], tags: ['t'], priority: 'high' });
  expect(await showTask(root, must(b).id)).toMatchObject({ body: 'all of it', dependsOn: [a?.id], parent: a?.id });
  expect(await exported()).toEqual(all);
});

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const filled = text.filter((one) => one.trim() !== '');
const time = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2025-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString());
const anIssue = fc.record(
  {
    title: fc.oneof(
      filled,
      fc.string({ minLength: 300, maxLength: 500, unit: 'grapheme-ascii' }).filter((one) => one.trim() !== ''),
    ),
    description: text,
    design: text,
    acceptance_criteria: text,
    notes: text,
    status: fc.constantFrom('open', 'in_progress', 'blocked', 'closed', 'deferred', 'tombstone', 'hooked', 'our own'),
    priority: fc.integer({ min: 0, max: 4 }),
    issue_type: fc.constantFrom('bug', 'feature', 'task', 'epic', 'chore'),
    assignee: text,
    labels: fc.array(fc.oneof(text, fc.constantFrom('ts', 'docs'))),
    created_at: fc.oneof(time, fc.constant('2025-12-17T21:19:11.141249-08:00')),
    updated_at: time,
    closed_at: time,
    close_reason: text,
    due_at: time,
    estimated_minutes: fc.nat(),
    external_ref: text,
    comments: fc.array(fc.record({ id: fc.nat(), author: text, text }), { maxLength: 2 }),
    unheard_of: fc.jsonValue(),
  },
  { requiredKeys: ['title'] },
);
/** Each may name those before it, so that there is no circle. */
const someIssues = fc
  .array(
    fc.tuple(
      anIssue,
      fc.array(fc.tuple(fc.nat(), fc.constantFrom('blocks', 'parent-child', 'related')), { maxLength: 3 }),
    ),
    {
      maxLength: 8,
    },
  )
  .map((all) =>
    all.map(([issue, ends], i): BeadsIssue => {
      const id = `bd-${i}`;
      const dependencies = i === 0 ? [] : ends.map(([n, type]) => ({ ...blocks(id, `bd-${n % i}`), type }));
      return { id, ...issue, ...(dependencies.length > 0 && { dependencies }) };
    }),
  );

test('issues that are imported, exported, imported elsewhere and exported again are what they were', async () => {
  await fc.assert(
    fc.asyncProperty(someIssues, fc.boolean(), async (drawn, requiresLabels) => {
      // What JSON has no word for is not in a file.
      const file = JSON.parse(JSON.stringify(drawn)) as BeadsIssue[];
      const byId = (list: readonly BeadsIssue[]) => list.toSorted((x, y) => (x.id < y.id ? -1 : 1));
      let now = file;
      for (let round = 0; round < 2; round++) {
        ({ root } = await createCoreRig());
        await importBeads(root, now, { all: true, requiresLabels });
        now = JSON.parse(JSON.stringify(await exported(true))) as BeadsIssue[];
        expect(byId(now)).toEqual(byId(file));
      }
      const open = file.filter(({ status }) => status !== 'closed' && status !== 'tombstone');
      expect(byId(await exported())).toEqual(byId(open));
    }),
    { numRuns: 60 },
  );
});
