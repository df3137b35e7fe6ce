import { beforeEach, describe, expect, test } from 'vitest';
import {
  isLegal,
  type TaskMove,
  taskMoveNames,
  taskMoves,
  type TaskState,
  taskStates,
} from '../../../src/model/state.ts';
import { createRig, type Rig } from '../rig.ts';

const reviewer = { env: { DREAMOS_AGENT: 'reviewer' } };
let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
  await rig.dreamos('agent register reviewer --max-tasks 9');
});

async function create(...more: string[]): Promise<string> {
  const words = ['task', 'create', '--title', 'parse', '--no-assign', '--as', 'planner', '--json', ...more];
  return String((await rig.dreamos(words)).json[0]?.['id']);
}

/** A task in this state; nobody has said that he is there, so none moves by itself. */
async function taskIn(state: TaskState): Promise<string> {
  const id = await create(...(state === 'blocked' ? ['--depends-on', await create()] : []));
  const did = async (words: string): Promise<void> => {
    expect(await rig.dreamos(`task ${words}`, reviewer)).toMatchObject({ code: 0 });
  };
  if (state === 'assigned') await did(`assign ${id} reviewer`);
  if (state === 'active' || state === 'done' || state === 'failed') await did(`accept ${id}`);
  if (state === 'done') await did(`done ${id}`);
  if (state === 'failed') await did(`fail ${id}`);
  if (state === 'cancelled') await did(`cancel ${id}`);
  expect(await stateOf(id)).toBe(state);
  return id;
}

const typed: Readonly<Record<TaskMove, (id: string) => string>> = {
  assign: (id) => `task assign ${id} reviewer`,
  accept: (id) => `task accept ${id}`,
  progress: (id) => `task progress ${id} --percent 50`,
  done: (id) => `task done ${id} --result merged`,
  fail: (id) => `task fail ${id} --reason why`,
  cancel: (id) => `task cancel ${id}`,
  retry: (id) => `task retry ${id}`,
};

async function shown(id: string): Promise<Record<string, unknown>> {
  return (await rig.dreamos(`task show ${id} --json`)).json[0] ?? {};
}

async function stateOf(id: string): Promise<unknown> {
  return (await shown(id))['state'];
}

const pairs = taskMoveNames.flatMap((move) => taskStates.map((state) => ({ move, state })));
const legal = pairs.filter(({ move, state }) => isLegal(move, state));
const illegal = pairs.filter(({ move, state }) => !isLegal(move, state));

describe('a move that the table has', () => {
  test.each(legal)('$move of what is $state leads where it says', async ({ move, state }) => {
    const id = await taskIn(state);
    const did = await rig.dreamos(`${typed[move](id)} --json`, reviewer);
    expect(did).toMatchObject({ code: 0 });
    const now = await stateOf(id);
    expect(taskMoves[move].to).toContain(now);
    expect(did.json).toMatchObject([{ id, state: now }]);
  });
});

describe('every other move', () => {
  test.each(illegal)('$move of what is $state is refused, and changes nothing', async ({ move, state }) => {
    const id = await taskIn(state);
    const before = await shown(id);
    const did = await rig.dreamos(`${typed[move](id)} --json`, reviewer);
    expect(did).toMatchObject({ code: 5, out: '' });
    expect(JSON.parse(did.err)).toMatchObject({ error: { code: 'TASK_STATE' } });
    expect(await shown(id)).toEqual(before);
  });
});

test('what is refused says what can be done instead', async () => {
  const id = await taskIn('assigned');
  const { err } = await rig.dreamos(`task done ${id.slice(-6)}`, reviewer);
  expect(err).toBe(
    `Error: Task ${id} is assigned, with reviewer: only what is active can be done.\n` +
      `  Next: What can be done now: dreamos task assign ${id}; dreamos task accept ${id} --as reviewer; dreamos task cancel ${id}\n`,
  );
});

test('a cancelled task that has to wait is blocked again when it is retried', async () => {
  const id = await taskIn('blocked');
  await rig.dreamos(`task cancel ${id}`);
  expect((await rig.dreamos(`task retry ${id}`)).out).toMatch(new RegExp(`^${id} blocked: waits for \\w{26}\\n$`));
});

test('who is not at a task cannot end it', async () => {
  const id = await taskIn('active');
  const before = await shown(id);
  for (const move of ['progress', 'done', 'fail'] as const) {
    const did = await rig.dreamos(`${typed[move](id)} --as planner --json`);
    // Nobody is led to end another one's task in his name.
    const hint = `What became of it: dreamos task show ${id}; to call it off: dreamos task cancel ${id}`;
    expect(JSON.parse(did.err)).toMatchObject({ error: { code: 'TASK_NOT_FOR_YOU', hint } });
    expect(did.code).toBe(5);
  }
  expect(await shown(id)).toEqual(before);
});

test('of several that are called off each is tried, and the first failure is the exit code', async () => {
  const [done, ready] = [await taskIn('done'), await taskIn('ready')];
  const did = await rig.dreamos(`task cancel ${done} ${ready}`);
  expect(did).toMatchObject({ code: 5, out: `${ready} cancelled\n` });
});

test('the result comes from an option, a file or the standard input, and never from both', async () => {
  const ways = [
    ['done', '--result', 'merged'],
    ['done', '--result-file', 'r.txt'],
    ['done', '--result', '-'],
    ['done'],
  ];
  for (const [verb = '', ...more] of ways) {
    const id = await taskIn('active');
    const isPiped = more.length === 0 || more[1] === '-';
    const terms = { ...reviewer, files: { 'r.txt': 'merged' }, ...(isPiped && { stdin: 'merged', spareInput: true }) };
    expect(await rig.dreamos(['task', verb, id, ...more], terms)).toMatchObject({ code: 0, out: `${id} done\n` });
    expect(await shown(id)).toMatchObject({ result: 'merged' });
  }
  const id = await taskIn('active');
  const twice = await rig.dreamos(`task done ${id} --result a --result-file r.txt`, reviewer);
  expect(twice).toMatchObject({ code: 2, out: '' });
  const spare = await rig.dreamos(`task done ${id} --result a`, { ...reviewer, stdin: 'b', spareInput: true });
  expect(spare).toMatchObject({ code: 2, out: '' });
  expect(await rig.dreamos(`task progress ${id} --percent 101`, reviewer)).toMatchObject({ code: 2 });
  expect(await rig.dreamos(`task progress ${id} --percent half`, reviewer)).toMatchObject({ code: 2 });
  expect(await stateOf(id)).toBe('active');
});
