import { beforeEach, expect, test, vi } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { heartbeat } from '../../../src/core/agents/heartbeat.ts';
import { pauseAgent } from '../../../src/core/agents/pause.ts';
import { type Gauge, gauges } from '../../../src/core/metrics/gauges.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { nack } from '../../../src/core/take/settle.ts';
import { createTask } from '../../../src/core/tasks/create.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { type GaugeName, gaugeNames } from '../../../src/model/metrics/gauges.ts';
import { type CoreRig, createCoreRig, must } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const sendTo = async (to: string, delayMs = 0): Promise<void> =>
  void (await send(rig.root, { to, body: 'x', delayMs }));

/** By their labels or, without any, by their mailboxes. */
async function valuesOf(name: GaugeName, mailbox?: string): Promise<Record<string, number>> {
  const of = (await gauges(rig.root, [name])).filter((one) => mailbox === undefined || one.mailbox === mailbox);
  const keyOf = ({ labels, mailbox: its = 'root' }: Gauge): string => Object.values(labels ?? {})[0] ?? its;
  return Object.fromEntries(of.map((one) => [keyOf(one), one.value]));
}

test('what is in a mailbox is told by its states, after moving what is due', async () => {
  await sendTo('reviewer');
  await sendTo('reviewer', 1000);
  await sendTo('reviewer', 60_000);
  await sendTo('reviewer');
  const taken = must(await readNext(rig.root, 'reviewer'));
  await nack(rig.root, taken.receipt, { dead: true, reason: 'no' });
  await readNext(rig.root, 'reviewer');
  rig.clock.advance(2000);
  const reviewer = Object.fromEntries(
    (await gauges(rig.root, gaugeNames))
      .filter(({ mailbox }) => mailbox === 'reviewer')
      .map((one) => [one.name, one.value]),
  );
  expect(reviewer).toMatchObject({
    ready: 1,
    delayed: 1,
    inflight: 1,
    backlog: 3,
    dead: 1,
    archived: 0,
    corrupt: 0,
    refused: 0,
  });
});

test('ages are of the oldest ready message and of the last read; where nothing waits there is none', async () => {
  await sendTo('reviewer');
  rig.clock.advance(5000);
  await readNext(rig.as('planner'), 'planner');
  rig.clock.advance(1000);
  expect(await valuesOf('oldestReadyMs')).toEqual({ reviewer: 6000 });
  expect(await valuesOf('silentMs')).toEqual({ Builder: 6000, planner: 1000, reviewer: 6000 });
});

test('mail is unread for as long as it waits and nobody asks, and not in a mailbox that is paused', async () => {
  await sendTo('reviewer');
  await sendTo('Builder');
  rig.clock.advance(3000);
  await sendTo('reviewer');
  await readNext(rig.root, 'reviewer');
  rig.clock.advance(4000);
  expect(await valuesOf('unreadMs')).toEqual({ reviewer: 4000, Builder: 7000 });
  await pauseAgent(rig.root, 'Builder');
  expect(await valuesOf('unreadMs')).toEqual({ reviewer: 4000 });
});

test('an agent that is gone tells how much it leaves', async () => {
  await heartbeat(rig.root, 'reviewer');
  await sendTo('reviewer');
  await sendTo('reviewer', 60_000 * 60);
  await sendTo('planner');
  expect(await valuesOf('goneWithMail')).toEqual({ Builder: 0, planner: 0, reviewer: 0 });
  rig.clock.advance((60 * 60_000) / 2);
  expect(await valuesOf('goneWithMail')).toEqual({ Builder: 0, planner: 0, reviewer: 2 });
  expect(await valuesOf('agentState', 'reviewer')).toEqual({ gone: 1 });
  expect(await valuesOf('agentState', 'planner')).toEqual({ unseen: 1 });
});

test('what has a limit is told with what is used of it, and for all else nothing is looked at', async () => {
  await registerAgent(rig.root, { name: 'reviewer', settings: { maxMessages: 4, maxBytes: 'none', sendRate: 'none' } });
  await sendTo('reviewer');
  const load = vi.spyOn(rig.root.store.look, 'load');
  expect(await valuesOf('resourceLimit')).toEqual({ messages: 4 });
  expect(await valuesOf('resourceUsed')).toEqual({ messages: 1 });
  expect(await valuesOf('resourceShare')).toEqual({ messages: 0.25 });
  expect(load).not.toHaveBeenCalled();
  await registerAgent(rig.root, { name: 'reviewer', settings: { maxMessages: 'none', maxBytes: 1000, sendRate: 10 } });
  await send(rig.as('reviewer'), { to: 'planner', body: 'x' });
  const { bytes } = await rig.root.store.look.load('reviewer');
  expect(bytes).toBeGreaterThan(0);
  expect(await valuesOf('resourceUsed')).toEqual({ bytes, sends: 1 });
  expect(await valuesOf('resourceShare')).toEqual({ bytes: bytes / 1000, sends: 0.1 });
  await createTask(rig.root, { title: 'one', body: 'x' });
  expect(await valuesOf('resourceLimit', 'planner')).toEqual({ tasks: 1 });
});

test('tasks are counted by their state, and there is no value where there never were any', async () => {
  expect(await valuesOf('tasks')).toEqual({});
  await createTask(rig.root, { title: 'one', body: 'x' });
  await createTask(rig.root, { title: 'two', body: 'x' });
  expect(await valuesOf('tasks')).toEqual({ ready: 2 });
});

test("what is put aside of a topic's log is told under the log's name", async () => {
  await publish(rig.root, 'builds.main', { body: 'x' });
  expect(await valuesOf('corrupt')).toEqual({ Builder: 0, planner: 0, reviewer: 0, '#builds.main': 0 });
});

test('what the disk holds is not told by a store that does not know it', async () => {
  expect(await valuesOf('diskFreeShare')).toEqual({});
  const { store } = rig.root;
  store.space = async () => ({ bytes: 1000, freeBytes: 250 });
  expect(await valuesOf('diskFreeShare')).toEqual({ root: 0.25 });
  expect(await valuesOf('diskFreeBytes')).toEqual({ root: 250 });
});

test('nothing is looked at for what is not asked for', async () => {
  const counts = vi.spyOn(rig.root.store.look, 'counts');
  rig.root.store.space = async () => ({ bytes: 1000, freeBytes: 250 });
  await gauges(rig.root, ['diskFreeShare']);
  expect(counts).not.toHaveBeenCalled();
  await gauges(rig.root, ['backlog']);
  expect(counts).toHaveBeenCalledTimes(3);
});
