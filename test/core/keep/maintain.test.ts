import { beforeEach, expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { listArchive } from '../../../src/core/keep/archive.ts';
import { setConfig } from '../../../src/core/config/change.ts';
import { maintain, pruneArchive } from '../../../src/core/keep/maintain.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { addSchedule } from '../../../src/core/schedules/schedules.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { watch } from '../../../src/core/follow/watch.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { type CoreRig, createCoreRig, expectRefusal, gather, must } from '../rig.ts';

const dayMs = 86_400_000;

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

async function finished(body: string, to = 'reviewer'): Promise<void> {
  await send(rig.root, { to, body });
  await ack(rig.root, must(await readNext(rig.root, to)).receipt);
}

const archived = async (): Promise<string[]> =>
  (await gather(listArchive(rig.root, 'reviewer'))).map(({ message }) => message.body);

test('where nothing is to be done, nothing is', async () => {
  await finished('x');
  expect(await gather(maintain(rig.root))).toEqual([]);
});

test('it brings what is due and buries what has expired, and says how much', async () => {
  await send(rig.root, { to: 'reviewer', body: 'old', ttlMs: 1000 });
  await send(rig.root, { to: 'reviewer', body: 'held' });
  await send(rig.root, { to: 'reviewer', body: 'later', delayMs: 2000 });
  rig.clock.advance(5000);
  const done = [
    { task: 'expired', mailbox: 'reviewer', count: 1 },
    { task: 'due', mailbox: 'reviewer', count: 1 },
  ];
  const dry = await gather(maintain(rig.root, { dryRun: true }));
  expect(dry).toEqual(done.map((one) => ({ ...one, dryRun: true })));
  expect((await rig.root.store.look.counts('reviewer')).delayed).toBe(1);
  expect(await gather(maintain(rig.root))).toEqual(done);
  expect(await rig.root.store.look.counts('reviewer')).toMatchObject({ ready: 2, delayed: 0, dead: 1 });
  expect(await gather(maintain(rig.root))).toEqual([]);
});

test('it takes back what was claimed while the clock was ahead, and says so before', async () => {
  await send(rig.root, { to: 'reviewer', body: 'held' });
  rig.clock.advance(400 * dayMs);
  await readNext(rig.root, 'reviewer');
  rig.clock.advance(-400 * dayMs);
  const due = { task: 'due', mailbox: 'reviewer', count: 1 };
  expect(await gather(maintain(rig.root, { dryRun: true }))).toEqual([{ ...due, dryRun: true }]);
  expect(await gather(maintain(rig.root))).toEqual([due]);
});

test('it sends what a schedule says, once, and a dry run sends nothing', async () => {
  await addSchedule(rig.root, { name: 'hourly', cron: '0 * * * *', message: { to: 'reviewer', body: 'look' } });
  rig.clock.advance(2 * 3_600_000);
  const done = [{ task: 'schedule', schedule: 'hourly', count: 1 }];
  expect(await gather(maintain(rig.root, { dryRun: true }))).toEqual(done.map((one) => ({ ...one, dryRun: true })));
  expect((await rig.root.store.look.counts('reviewer')).ready).toBe(0);
  expect(await gather(maintain(rig.root))).toEqual(done);
  expect(await gather(maintain(rig.root))).toEqual([]);
  expect((await rig.root.store.look.counts('reviewer')).ready).toBe(1);
});

test('it keeps the logs of topics for as long as the setting says', async () => {
  await publish(rig.root, 'build.done', { body: 'old' });
  rig.clock.advance(8 * dayMs);
  await publish(rig.root, 'build.done', { body: 'new' });
  const done = [{ task: 'topic', topic: 'build.done', count: 1, bytes: expect.any(Number) as number }];
  expect(await gather(maintain(rig.root, { dryRun: true }))).toEqual(done.map((one) => ({ ...one, dryRun: true })));
  expect(await gather(maintain(rig.root))).toEqual(done);
  expect((await rig.root.store.look.counts('#build.done')).archived).toBe(1);
});

test('it keeps the archive and the event log for as many days as the settings say', async () => {
  await registerAgent(rig.root, { name: 'reviewer', settings: { archiveDays: 2, eventDays: 3 } });
  for (const body of ['one', 'two', 'three', 'four', 'five']) {
    await finished(body);
    await finished(body, 'Builder');
    rig.clock.advance(dayMs);
  }
  const dry = await gather(maintain(rig.root, { dryRun: true }));
  expect(dry.map(({ task, mailbox }) => `${task} ${mailbox}`)).toEqual([
    ...Array<string>(3).fill('prune reviewer'),
    ...Array<string>(2).fill('events reviewer'),
  ]);
  expect(await archived()).toHaveLength(5);
  const done = await gather(maintain(rig.root));
  expect(done.map((one) => ({ ...one, dryRun: true }))).toEqual(dry);
  expect(await archived()).toEqual(['five', 'four']);
  expect(await gather(listArchive(rig.root, 'Builder'))).toHaveLength(5);
  const events = await gather(watch(rig.root, { mailboxes: ['reviewer'], since: 'start', waitMs: 0 }));
  expect(events).toHaveLength(9);
  expect(await gather(maintain(rig.root))).toEqual([]);
});

test('what fails in one mailbox does not keep the others, and is told at the end', async () => {
  await setConfig(rig.root, 'archiveDays', '0');
  await finished('one');
  await finished('one', 'Builder');
  rig.clock.advance(dayMs);
  const { store } = rig.root;
  const prune = store.upkeep!.pruneArchive.bind(store);
  store.upkeep!.pruneArchive = (mailbox, keep) => {
    if (mailbox !== 'reviewer') throw new DreamosError('disk', 'DISK_FAILED', `${mailbox}: no room.`);
    return prune(mailbox, keep);
  };
  const done: unknown[] = [];
  const keeping = (async () => {
    for await (const one of maintain(rig.root)) done.push(one);
  })();
  await expectRefusal(keeping, 'DISK_FAILED');
  expect(done).toMatchObject([{ task: 'prune', mailbox: 'reviewer' }]);
  expect(rig.warnings).toContain('planner: no room.');
});

test('of the named mailboxes only, and nothing of the whole root, under the lock of each', async () => {
  await setConfig(rig.root, 'archiveDays', '0');
  await finished('one');
  await finished('one', 'Builder');
  rig.clock.advance(dayMs);
  const locks: string[] = [];
  const { store } = rig.root;
  const withLock = store.documents.withLock.bind(store);
  store.documents.withLock = (name, work) => {
    locks.push(name);
    return withLock(name, work);
  };
  await addSchedule(rig.root, { name: 'hourly', cron: '0 * * * *', message: { to: 'reviewer', body: 'look' } });
  rig.clock.advance(2 * 3_600_000);
  expect(await gather(maintain(rig.root, { mailboxes: ['REVIEWER'], dryRun: true }))).toHaveLength(1);
  expect(locks).toEqual([]);
  expect(await gather(maintain(rig.root, { mailboxes: ['REVIEWER'] }))).toMatchObject([
    { task: 'prune', mailbox: 'reviewer', count: 1 },
  ]);
  expect(new Set(locks)).toEqual(new Set(['maintain.reviewer']));
  expect(await gather(listArchive(rig.root, 'Builder'))).toHaveLength(1);
  await expectRefusal(gather(maintain(rig.root, { mailboxes: ['nobody'] })), 'AGENT_NOT_FOUND');
});

test('a dry run of pruning keeps everything, and a wet one what was asked for', async () => {
  await finished('one');
  rig.clock.advance(3 * dayMs);
  await finished('two');
  const prune = (dryRun: boolean) => gather(pruneArchive(rig.root, 'reviewer', { olderThanMs: dayMs, dryRun }));
  expect(await prune(true)).toMatchObject([{ task: 'prune', count: 1, dryRun: true }]);
  expect(await archived()).toEqual(['two', 'one']);
  expect(await prune(false)).toMatchObject([{ task: 'prune', count: 1 }]);
  expect(await archived()).toEqual(['two']);
});
