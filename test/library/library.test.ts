import { once } from 'node:events';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exactData, exactDataOf, init, open } from '../../src/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'dreamos-root-')));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('the library: send, consume, reply, watch and status on one root', async () => {
  await using planner = await init({ root: folder, agents: ['planner', 'reviewer'], as: 'planner', env: {} });
  await using reviewer = await open({ root: folder, as: 'reviewer', env: {} });
  const { id } = await planner.send({ to: 'reviewer', body: 'Please look.', subject: 'Patch' });

  for await (const job of reviewer.consume('reviewer', { waitMs: 1 })) {
    expect(job.message).toMatchObject({ id, from: 'planner', body: 'Please look.' });
    await reviewer.reply(job.receipt, { body: 'Looks good.' }, { ack: true });
  }

  const answer = await planner.read('planner');
  expect(answer?.message).toMatchObject({ from: 'reviewer', subject: 'Re: Patch', replyTo: id });
  const events: string[] = [];
  for await (const { event, mailbox } of planner.watch({ since: 'start', mailboxes: ['reviewer'], count: 3 }))
    events.push(`${event} ${mailbox}`);
  expect(events).toEqual(['delivered reviewer', 'claimed reviewer', 'acked reviewer']);
  expect(await planner.status(['reviewer'])).toMatchObject([{ ready: 0, archived: 1 }]);
});

test('the library sends and hands over data exactly as its JSON text is, also where its value is rounded', async () => {
  await using mail = await init({ root: folder, agents: ['planner', 'reviewer'], as: 'planner', env: {} });
  const text = '{"b":1970670598291982290,"a":1e400,"2":1,"1":[1.0]}';
  const { id } = await mail.send({ to: 'reviewer', body: 'x', data: exactData(text) });
  await mail.send({ to: 'reviewer', body: 'y', data: { port: 80 } });
  const first = await mail.read('reviewer');
  const second = await mail.read('reviewer');
  expect(first && exactDataOf(first.message)).toBe(text);
  expect(first?.message.data).toEqual({ b: 1970670598291982300, a: Infinity, 1: [1], 2: 1 });
  expect(second && exactDataOf(second.message)).toBe('{"port":80}');
  expect(exactDataOf((await mail.show(id)).message)).toBe(text);
  await expect(mail.send({ to: 'reviewer', body: 'x', data: { inner: exactData(text) } })).rejects.toMatchObject({
    code: 'MESSAGE_INVALID',
  });
  expect(() => exactData('{"a":}')).toThrow(
    expect.objectContaining({ code: 'MESSAGE_INVALID', hint: expect.any(String) }),
  );
});

test('two consumers of one mailbox in the library can be told apart, and those of several processes anyway', async () => {
  const mail = await init({ root: folder, agents: ['reviewer'], as: 'reviewer', env: {} });
  const labelled = await open({ root: folder, as: 'reviewer', label: 'build-2', env: { DREAMOS_LABEL: 'other' } });
  const ids = [];
  for (const body of ['a', 'b', 'c', 'd']) ids.push((await mail.send({ to: 'reviewer', body })).id);
  await labelled.ack((await labelled.read('reviewer'))?.receipt ?? '');
  await mail.ack((await mail.read('reviewer', { label: 'build-3' }))?.receipt ?? '');
  await mail.work('reviewer', () => undefined, { count: 1 });
  await mail.as('planner').work('reviewer', () => undefined, { count: 1, label: 'build-4' });
  const labels = await Promise.all(
    ids.map(async (id) => (await mail.trace(id)).steps.slice(1).map(({ label }) => label)),
  );
  const here = `${hostname()}:${process.pid}`;
  expect(labels).toEqual([
    ['build-2', 'build-2'],
    ['build-3', undefined],
    [here, here],
    ['build-4', 'build-4'],
  ]);
  await expect(open({ root: folder, label: 'a\tb', env: {} })).rejects.toMatchObject({ code: 'USAGE' });
  await mail.close();
  await labelled.close();
});

test('the library acts as several agents on one root', async () => {
  const mail = await init({ root: folder, agents: ['planner', 'reviewer'], env: {} });
  expect(mail.acting).toBeUndefined();
  await mail.as('planner').send({ to: 'reviewer', body: 'x' });
  expect((await mail.as('reviewer').read('reviewer'))?.message.from).toBe('planner');
  expect(() => mail.as('a/b')).toThrow(expect.objectContaining({ code: 'NAME_INVALID' }));
  await mail.close();
});

test('the library: schedules, for a process that never waits', async () => {
  let now = Date.parse('2026-11-20T09:00:00.000Z');
  const clock = { now: () => now, uptime: () => performance.now() };
  await using mail = await init({ root: folder, agents: ['planner', 'reviewer'], as: 'planner', env: {}, clock });
  const message = { to: 'reviewer', body: 'check the build' };
  await mail.schedule.add({ name: 'hourly', cron: '@hourly', message });
  now += 5_400_000;
  const { fired, nextAt } = await mail.schedule.fire();
  expect(fired).toMatchObject([{ schedule: 'hourly', at: '2026-11-20T10:00:00.000Z' }]);
  expect(nextAt).toBe(Date.parse('2026-11-20T11:00Z'));
  expect(await mail.schedule.list()).toMatchObject([{ name: 'hourly', lastId: fired[0]?.id }]);
  expect((await mail.schedule.show('hourly')).upcoming).toHaveLength(5);
  await mail.schedule.remove('hourly');
  expect(await mail.schedule.list()).toEqual([]);
});

test('a warning of the library is a warning of the process, unless somebody takes it', async () => {
  const told: string[] = [];
  const taking = await init({
    root: folder,
    agents: ['reviewer'],
    env: {},
    as: 'cron',
    warn: (warning) => told.push(warning),
  });
  await taking.send({ to: 'reviewer', body: 'x' });
  await taking.close();
  expect(told).toEqual([expect.stringContaining('cron is not registered')]);

  const warned = once(process, 'warning');
  const mail = await open({ root: folder, env: {}, as: 'cron2' });
  await mail.send({ to: 'reviewer', body: 'x' });
  await mail.close();
  expect(await warned).toMatchObject([
    { name: 'DreamosWarning', message: expect.stringContaining('cron2 is not registered') },
  ]);
});
