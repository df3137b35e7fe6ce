import { beforeEach, expect, test } from 'vitest';
import type { Overview } from '../../../src/contract/look.ts';
import { changeCard, registerAgent } from '../../../src/core/agents/agents.ts';
import { heartbeat } from '../../../src/core/agents/heartbeat.ts';
import { pauseAgent } from '../../../src/core/agents/pause.ts';
import { followOverview, overview } from '../../../src/core/overview/overview.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ackTask } from '../../../src/core/tasks/place/pending.ts';
import { createTask } from '../../../src/core/tasks/create.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { type CoreRig, createCoreRig, must } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const sent = async (to = 'reviewer'): Promise<string> => (await send(rig.root, { to, body: 'x' })).id;
const mailboxIn = ({ mailboxes }: Overview, name: string) => must(mailboxes.find(({ mailbox }) => mailbox === name));
const agentIn = ({ agents }: Overview, name: string) => must(agents.find(({ agent }) => agent === name));

test('tells of each mailbox what waits, and what came and was finished within the last minute', async () => {
  await sent();
  rig.clock.advance(61_000);
  await sent();
  await sent();
  await ack(rig.root, must(await readNext(rig.root, 'reviewer')).receipt);
  rig.clock.advance(10_000);
  const seen = await overview(rig.root);
  expect(mailboxIn(seen, 'reviewer')).toMatchObject({
    ready: 2,
    inPerMinute: 2,
    outPerMinute: 1,
    oldestReadyAgeMs: 10_000,
  });
  expect(mailboxIn(seen, 'planner')).toMatchObject({ ready: 0, inPerMinute: 0, outPerMinute: 0 });
  rig.clock.advance(60_000);
  expect(mailboxIn(await overview(rig.root), 'reviewer')).toMatchObject({ ready: 2, inPerMinute: 0, outPerMinute: 0 });
});

test('what came while the clock was ahead does not count as of this minute', async () => {
  rig.clock.advance(86_400_000);
  await sent();
  rig.clock.advance(-86_400_000);
  await sent();
  expect(mailboxIn(await overview(rig.root), 'reviewer')).toMatchObject({ ready: 2, inPerMinute: 1 });
});

test('tells the last events, the latest last, as many as are asked for', async () => {
  const ids = [await sent(), await sent('planner'), await sent()];
  rig.clock.advance(600_000);
  expect((await overview(rig.root)).events.map(({ id }) => id)).toEqual(ids);
  expect((await overview(rig.root, { events: 2 })).events.map(({ id }) => id)).toEqual(ids.slice(1));
});

test('tells of each agent what it is doing and what it holds, in whosever mailbox', async () => {
  const [own, others] = [await sent('planner'), await sent()];
  await readNext(rig.as('planner'), 'planner');
  await readNext(rig.as('planner'), 'reviewer', { by: 'planner' });
  await pauseAgent(rig.root, 'Builder');
  await registerAgent(rig.root, { name: 'idle', maxTasks: 3 });
  await heartbeat(rig.root, 'idle', { status: 'idle', note: 'at hand' });
  const seen = await overview(rig.root);
  expect(agentIn(seen, 'planner')).toMatchObject({ state: 'busy', holds: 2 });
  expect(
    agentIn(seen, 'planner')
      .held.map(({ id, mailbox }) => `${id} of ${mailbox}`)
      .sort(),
  ).toEqual([`${own} of planner`, `${others} of reviewer`].sort());
  // It was read, by another.
  expect(agentIn(seen, 'reviewer')).toMatchObject({ holds: 0, held: [] });
  expect(agentIn(seen, 'Builder')).toMatchObject({ state: 'paused', since: expect.any(String) });
  expect(agentIn(seen, 'idle')).toMatchObject({
    state: 'ready',
    note: 'at hand',
    holds: 0,
    maxTasks: 3,
    seenAt: seen.at,
  });
});

test('a mailbox that holds tasks which nobody has yet is no agent', async () => {
  await changeCard(rig.root, 'task-pool', () => ({
    name: 'task-pool',
    kind: 'queue',
    createdAt: new Date(rig.clock.now()).toISOString(),
  }));
  const seen = await overview(rig.root);
  expect(seen.agents.map(({ agent }) => agent)).not.toContain('task-pool');
  expect(mailboxIn(seen, 'task-pool')).toMatchObject({ ready: 0 });
});

test('an agent that says nothing any more is late, then gone', async () => {
  await heartbeat(rig.root, 'reviewer', { status: 'busy' });
  // It says so every 5 minutes.
  for (const [minutes, state] of [
    [1, 'busy'],
    [11, 'late'],
    [20, 'gone'],
  ] as const) {
    rig.clock.advance(minutes * 60_000);
    expect(agentIn(await overview(rig.root), 'reviewer')).toMatchObject({ state, since: expect.any(String) });
  }
});

test('counts tasks by their states, those that are done only where not much is archived', async () => {
  expect(await overview(rig.root)).not.toHaveProperty('tasks');
  await registerAgent(rig.root, { name: 'reviewer', maxTasks: 5 });
  await heartbeat(rig.root, 'reviewer', { status: 'idle' });
  const first = await createTask(rig.root, { title: 'one' });
  await createTask(rig.root, { title: 'two' });
  await createTask(rig.root, { title: 'three', dependsOn: [first.id] });
  await createTask(rig.root, { title: 'four', requires: ['rust'] });
  const counted = async () => (await overview(rig.root)).tasks?.map(({ state, count }) => `${count} ${state}`);
  expect(await counted()).toEqual(['1 blocked', '1 ready', '2 assigned']);
  await ackTask(rig.root, must(await readNext(rig.root, 'reviewer')).receipt, 'reviewer');
  expect(await counted()).toContain('1 done');
  const { look } = rig.root.store;
  const counts = look.counts.bind(look);
  look.counts = async (mailbox) => ({ ...(await counts(mailbox)), archived: 1_000_000 });
  expect(await counted()).not.toContain('1 done');
});

test('who follows it is told when something happens, and each event once', async () => {
  await sent();
  const ended = new AbortController();
  const seen: Overview[] = [];
  for await (const one of followOverview(rig.root, { signal: ended.signal, leastMs: 0 })) {
    seen.push(one);
    if (seen.length === 1) await sent();
    if (seen.length === 2) {
      await registerAgent(rig.root, { name: 'newcomer' });
      await sent('newcomer');
    }
    if (seen.length === 3) ended.abort();
  }
  expect(seen.map((one) => mailboxIn(one, 'reviewer').ready)).toEqual([1, 2, 2]);
  expect(seen.map(({ events }) => events.length)).toEqual([1, 2, 3]);
  // Nothing tells that somebody was registered; that he got mail does.
  expect(seen.at(-1)?.agents.map(({ agent }) => agent)).toContain('newcomer');
});

test('what happens between the first look and the watch is told once', async () => {
  const { journal } = rig.root.store;
  const recent = journal.recent.bind(journal);
  const between: string[] = [];
  journal.recent = async (...how) => {
    between.push(await sent());
    return recent(...how);
  };
  const ended = new AbortController();
  const seen: string[][] = [];
  for await (const { events } of followOverview(rig.root, { signal: ended.signal, leastMs: 0 })) {
    seen.push(events.map(({ id }) => id));
    if (seen.length === 1) between.push(await sent());
    if (seen.length === 2) ended.abort();
  }
  expect(seen).toEqual([between.slice(0, 1), between]);
});

test('many who follow it alike have one look at what happens, and each is told from when he came', async () => {
  const ended = new AbortController();
  const looked: string[] = [];
  const { look } = rig.root.store;
  const counts = look.counts.bind(look);
  look.counts = (mailbox) => (looked.push(mailbox), counts(mailbox));
  const follow = (): AsyncGenerator<Overview> => followOverview(rig.root, { signal: ended.signal, leastMs: 0 });
  const readyAt = async (one: AsyncGenerator<Overview>): Promise<number> => {
    const next = await one.next();
    return next.done ? -1 : mailboxIn(next.value, 'reviewer').ready;
  };
  const first = follow();
  expect(await readyAt(first)).toBe(0);
  await sent();
  const second = follow();
  expect(await readyAt(second)).toBe(1);
  expect(await readyAt(first)).toBe(1);
  const others = Array.from({ length: 5 }, follow);
  expect(await Promise.all(others.map(readyAt))).toEqual([1, 1, 1, 1, 1]);
  looked.length = 0;
  await sent();
  expect(await Promise.all([first, second, ...others].map(readyAt))).toEqual([2, 2, 2, 2, 2, 2, 2]);
  expect(looked).toEqual(['reviewer']);
  // Who began it goes: the others are told on.
  await first.return(undefined);
  await sent();
  expect(await readyAt(second)).toBe(3);
  // All that was not asked for meanwhile is one picture, the newest.
  await sent();
  await expect.poll(() => looked.length).toBe(3);
  expect(await readyAt(others[0] as AsyncGenerator<Overview>)).toBeGreaterThanOrEqual(3);
  ended.abort();
  expect(await readyAt(second)).toBe(-1);
  // Who is not asked any more has not heard of it, and the pictures go on for him.
  for (const one of others) await one.return(undefined);
});

test('what ends the pictures ends all who follow them, and what they warn of each is told', async () => {
  const { look } = rig.root.store;
  const counts = look.counts.bind(look);
  const ended = new AbortController();
  const warned: string[][] = [[], []];
  const both = warned.map((own) =>
    followOverview({ ...rig.root, warn: (text) => own.push(text) }, { signal: ended.signal, leastMs: 0 }),
  );
  for (const one of both) await one.next();
  look.counts = () => Promise.reject(new DreamosError('disk', 'DISK_FAILED', 'No disk.'));
  await sent();
  const next = both.map((one) => one.next().catch((error: unknown) => error));
  await expect.poll(() => warned.map((own) => own.length > 0)).toEqual([true, true]);
  expect(await Promise.all(next)).toMatchObject([{ message: 'No disk.' }, { message: 'No disk.' }]);
  look.counts = counts;
  const again = followOverview(rig.root, { signal: ended.signal, leastMs: 0 });
  expect((await again.next()).done).toBe(false);
  await again.return(undefined);
});

test('who follows looks only where something happened', async () => {
  const ended = new AbortController();
  const looked: string[] = [];
  const { look } = rig.root.store;
  const counts = look.counts.bind(look);
  look.counts = (mailbox) => (looked.push(mailbox), counts(mailbox));
  let seen = 0;
  for await (const _ of followOverview(rig.root, { signal: ended.signal, leastMs: 0 })) {
    if (++seen === 2) break;
    looked.length = 0;
    await sent();
  }
  expect(looked).toEqual(['reviewer']);
});

test('one mailbox in disorder hides nothing of the others, and is a warning', async () => {
  const { look } = rig.root.store;
  const counts = look.counts.bind(look);
  look.counts = async (mailbox) => {
    if (mailbox === 'planner') throw new DreamosError('disk', 'DISK_FAILED', 'The disk failed.');
    return counts(mailbox);
  };
  const seen = await overview(rig.root);
  expect(seen.mailboxes.map(({ mailbox }) => mailbox)).toEqual(['Builder', 'reviewer']);
  expect(rig.warnings).toContainEqual(expect.stringContaining('planner'));
});
