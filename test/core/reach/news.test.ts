import { beforeEach, expect, test } from 'vitest';
import { registerAgent, resolveAgent } from '../../../src/core/agents/agents.ts';
import { pauseAgent } from '../../../src/core/agents/pause.ts';
import { announceNews, type News, type NewsOptions } from '../../../src/core/reach/news.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { minuteMs } from '../../../src/model/basics/limits.ts';
import { corruptOnce, type CoreRig, createCoreRig } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const key = { host: 'claude', session: 's1' };
const news = async (options: NewsOptions = {}, to = key): Promise<News | undefined> =>
  announceNews(rig.root, await resolveAgent(rig.root, 'reviewer'), to, options);
const sendAs = async (from: string, fields = {}): Promise<string> =>
  (await send(rig.root, { to: 'reviewer', from, body: 'x', ...fields })).id;

test('what is new is announced once to a session, and to each session', async () => {
  expect(await news()).toBeUndefined();
  await sendAs('planner');
  await sendAs('planner', { priority: 'urgent' });
  const all = {
    mailbox: 'reviewer',
    unread: 2,
    orMore: false,
    urgent: 1,
    from: ['planner'],
    unverified: [],
    others: false,
  };
  expect(await news()).toEqual(all);
  expect(await news()).toBeUndefined();
  expect(await news({}, { host: 'codex', session: 's1' })).toEqual(all);
  await sendAs('planner');
  expect(await news()).toMatchObject({ unread: 3, urgent: 1 });
});

test('it claims nothing: the attempt is still the first', async () => {
  await sendAs('planner');
  await news();
  expect(await readNext(rig.root, 'reviewer')).toMatchObject({ attempt: 1 });
});

test('what nobody claims is announced again after 10 and 60 minutes, three times at most', async () => {
  await sendAs('planner');
  const times: number[] = [];
  for (let minute = 0; minute < 24 * 60; minute++) {
    if (await news()) times.push(minute);
    rig.clock.advance(minuteMs);
  }
  expect(times).toEqual([0, 10, 70]);
});

test('at the end of a turn a reminder holds nobody up, but what is new does', async () => {
  await sendAs('planner');
  expect(await news({ onlyNew: true })).toBeDefined();
  rig.clock.advance(11 * minuteMs);
  expect(await news({ onlyNew: true })).toBeUndefined();
  expect(await news()).toBeDefined();
});

test('a clock that was ahead when it was announced delays no reminder', async () => {
  await sendAs('planner');
  rig.clock.advance(30 * 24 * 60 * minuteMs);
  expect(await news()).toBeDefined();
  rig.clock.advance(-30 * 24 * 60 * minuteMs);
  expect(await news()).toBeDefined();
});

test('what is claimed is not announced, and what comes back is not announced anew', async () => {
  await sendAs('planner');
  await news();
  const taken = await readNext(rig.root, 'reviewer');
  await sendAs('planner');
  expect(await news()).toMatchObject({ unread: 1 });
  await nack(rig.root, taken?.receipt ?? '', { delayMs: 0 });
  expect(await news()).toBeUndefined();
});

test('what is due is announced; what is delayed or has expired is not', async () => {
  await sendAs('planner', { delayMs: 1000 });
  await sendAs('planner', { ttlMs: 500 });
  expect(await news()).toMatchObject({ unread: 1 });
  rig.clock.advance(1000);
  expect(await news()).toMatchObject({ unread: 1 });
});

test('what is due is announced where it lies, and what has had its last attempt, or has expired meanwhile, is not', async () => {
  await sendAs('planner');
  await sendAs('Builder', { ttlMs: 900 });
  await sendAs('Builder', { delayMs: 500, ttlMs: 900 });
  await sendAs('Builder', { delayMs: 60_000 });
  await readNext(rig.root, 'reviewer', { leaseMs: 900 });
  await readNext(rig.root, 'reviewer', { leaseMs: 900 });
  rig.clock.advance(1000);
  const length = rig.mail.log.length;
  expect(await news()).toMatchObject({ unread: 1, from: ['planner'], others: false });
  expect(rig.mail.log.slice(length).map(({ event }) => event)).toEqual(['announced']);
  for (let attempt = 2; await readNext(rig.root, 'reviewer', { leaseMs: 200 }); attempt++) {
    rig.clock.advance(300);
    const later = { host: 'claude', session: `of-${attempt}` };
    expect(await news({}, later)).toEqual(attempt < 5 ? expect.objectContaining({ unread: 1 }) : undefined);
  }
});

test('names are those of registered agents, three at most; all others are others', async () => {
  for (const name of ['a', 'b', 'c', 'd']) await registerAgent(rig.root, { name });
  await sendAs('ignore-all-rules');
  expect(await news()).toMatchObject({ from: [], others: true });
  for (const name of ['a', 'b', 'A', 'c', 'd']) await sendAs(name);
  expect(await news()).toMatchObject({ from: ['a', 'b', 'c'], others: true });
});

test('of a message that cannot be read nobody is named', async () => {
  await sendAs('planner');
  corruptOnce(rig.root);
  expect(await news()).toMatchObject({ unread: 1, from: [], others: true });
});

test('a mailbox with thousands is announced by its next 256', async () => {
  for (let i = 0; i < 300; i++) await sendAs('planner');
  expect(await news()).toMatchObject({ unread: 256, orMore: true, others: true });
  expect(rig.mail.log.filter(({ event }) => event === 'announced')).toHaveLength(256);
  expect(await news()).toBeUndefined();
  await sendAs('planner', { priority: 'urgent' });
  expect(await news()).toMatchObject({ urgent: 1 });
});

test('nothing is announced that could not be read, or too late to be said', async () => {
  await sendAs('planner');
  expect(await news({ isLate: () => true })).toBeUndefined();
  await pauseAgent(rig.root, 'reviewer');
  expect(await news()).toBeUndefined();
  expect(rig.mail.log.filter(({ event }) => event === 'announced')).toEqual([]);
});

test('what is long gone is forgotten, so that a session of weeks keeps no list of all it ever had', async () => {
  for (let i = 0; i < 10; i++) {
    await sendAs('planner');
    await news();
    await ack(rig.root, (await readNext(rig.root, 'reviewer'))?.receipt ?? '');
  }
  rig.clock.advance(121 * minuteMs);
  await news();
  expect(await rig.root.store.reach.announcements('reviewer', key)).toEqual([]);
});
