import { beforeEach, expect, test } from 'vitest';
import { type Rig, createRig } from '../rig.ts';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});

test('list shows ready, delayed and in flight; receipts to their holder only', async () => {
  const one = await rig.sent();
  const two = await rig.sent('send reviewer later --as planner --delay 5m');
  const receipt = await rig.claimed();
  const mine = (await rig.dreamos('list --as reviewer --json')).json;
  expect(mine).toMatchObject([
    {
      id: two,
      mailbox: 'reviewer',
      state: 'delayed',
      priority: 'normal',
      attempt: 0,
      dueAt: '2026-11-20T09:05:00.000Z',
    },
    {
      id: one,
      state: 'inflight',
      attempt: 1,
      receipt,
      leaseUntil: '2026-11-20T09:15:00.000Z',
      message: { body: 'hello' },
    },
  ]);
  const theirs = await rig.dreamos('list reviewer --as planner --json');
  expect(theirs.out).not.toContain(receipt);
});

test('list --state takes several, all, and nothing else', async () => {
  const id = await rig.sent();
  await rig.dreamos(`ack ${await rig.claimed()}`);
  expect((await rig.dreamos('list reviewer --json')).json).toEqual([]);
  expect((await rig.dreamos('list reviewer --state ready,archived --json')).json).toMatchObject([{ id }]);
  expect((await rig.dreamos('list reviewer --state archived --state ready --json')).json).toMatchObject([{ id }]);
  expect((await rig.dreamos('list reviewer --state all --json')).json).toHaveLength(1);
  expect((await rig.dreamos('list reviewer --state done')).code).toBe(2);
});

test('an empty list is exit 0, and stderr says that it is empty', async () => {
  expect(await rig.dreamos('list reviewer')).toMatchObject({
    code: 0,
    out: '',
    err: 'Nothing in reviewer is ready or delayed or inflight.\n',
  });
});

test('a list line stays one line, whatever the subject says', async () => {
  await rig.dreamos(['send', 'reviewer', 'x', '--as', 'planner', '--subject', 'a\nb\u001B[31m']);
  const { out } = await rig.dreamos('list reviewer');
  expect(out.trimEnd().split('\n')).toHaveLength(1);
  expect(out).toContain('a\\nb\\x1b[31m');
});

test('where a filter leaves nothing, nothing else is said of the mailbox', async () => {
  await rig.sent();
  for (const [line, said] of [
    ['list reviewer --tag nosuch', 'Nothing in reviewer that fits is ready or delayed or inflight.\n'],
    ['search hello --tag nosuch', 'Nothing that fits has "hello".\n'],
    ['peek reviewer --tag nosuch', 'Nothing that fits is ready for reviewer.\n'],
    ['archive list reviewer --from zz', "Nothing that fits is in reviewer's archive.\n"],
    ['archive list reviewer', "Nothing is in reviewer's archive.\n"],
  ] as const)
    expect((await rig.dreamos(line)).err).toContain(said);
});

test('without a name it is who acts whose mailbox is listed, and where nobody acts all of them, one after the other', async () => {
  const toReviewer = await rig.sent();
  const toPlanner = await rig.sent('send planner hi --as reviewer');
  const ids = async (line: string): Promise<unknown[]> =>
    (await rig.dreamos(`${line} --json`)).json.map(({ id }) => id);
  expect(await ids('list')).toEqual([toPlanner, toReviewer]);
  expect(await ids('list --as planner')).toEqual([toPlanner]);
  expect(await ids('list -n 1')).toEqual([toPlanner]);
  expect(await ids('list --from planner')).toEqual([toReviewer]);
  expect((await rig.dreamos('list')).out).toMatch(
    /^ready .* planner {2}from reviewer: hi\nready .* reviewer {2}from planner: hello\n$/,
  );
  expect(await rig.dreamos('list --state dead')).toMatchObject({ code: 0, err: 'Nothing in any mailbox is dead.\n' });
});
