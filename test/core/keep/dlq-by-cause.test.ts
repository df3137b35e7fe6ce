import { beforeEach, expect, test } from 'vitest';
import { exportArchive, listArchive, searchArchive } from '../../../src/core/keep/archive.ts';
import { listDead, purgeDead, retryDead } from '../../../src/core/keep/dlq.ts';
import { list } from '../../../src/core/look/list.ts';
import { search } from '../../../src/core/look/search.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import type { Draft } from '../../../src/model/draft.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import type { DeadFilter } from '../../../src/model/filter.ts';
import { corruptOnce, type CoreRig, createCoreRig, expectRefusal, gather, must } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const hourMs = 3_600_000;

/** One more each hour. */
async function dies(reason: string, to = 'reviewer', draft: Partial<Draft> = {}): Promise<string> {
  rig.clock.advance(hourMs);
  await send(rig.root, { to, body: 'x', ...draft });
  return (await nack(rig.root, must(await readNext(rig.root, to)).receipt, { dead: true, reason })).id;
}

const listed = async (filter: DeadFilter, mailbox?: string): Promise<string[]> =>
  (await gather(listDead(rig.root, mailbox, { filter }))).map(({ id }) => id);
const idsOf = (results: readonly ({ id: string } | DreamosError)[]): string[] =>
  results.map((one) => (one instanceof DreamosError ? one.code : one.id));

test('dead letters are listed over all mailboxes, by cause, sender, type, subject, age and number', async () => {
  const timeout = await dies('connect ETIMEDOUT 10.0.0.1');
  const there = await dies('connect etimedout', 'Builder', { type: 'task', subject: 'Deploy it' });
  const other = await dies('cannot parse', 'reviewer', { from: 'Builder', subject: 'Look' });
  expect(await listed({})).toEqual([other, there, timeout]);
  expect(await listed({ reason: 'ETIMEDOUT' })).toEqual([there, timeout]);
  expect(await listed({ reason: 'ETIMEDOUT' }, 'Reviewer')).toEqual([timeout]);
  expect(await listed({ from: 'builder' })).toEqual([other]);
  expect(await listed({ type: 'task' })).toEqual([there]);
  expect(await listed({ subject: 'deploy' })).toEqual([there]);
  expect(await listed({ subject: 'o', reason: 'parse' })).toEqual([other]);
  expect(await listed({ olderThanMs: 2 * hourMs })).toEqual([timeout]);
  expect(await listed({ olderThanMs: 0 })).toHaveLength(3);
  expect(await gather(listDead(rig.root, undefined, { limit: 2 }))).toHaveLength(2);
  expect(await gather(listDead(rig.root, undefined, { limit: 0 }))).toEqual([]);
});

test('what is retried by cause is what fits, the oldest first over all mailboxes, and no more than the limit', async () => {
  const [one, two, three] = [await dies('timeout'), await dies('Timeout', 'Builder'), await dies('timeout')];
  await dies('other');
  const filter = { reason: 'TIMEOUT' };
  const how = { filter, limit: 2 };
  const dry = await retryDead(rig.root, undefined, 'all', { ...how, dryRun: true });
  expect(dry).toMatchObject([
    { id: one, mailbox: 'reviewer', state: 'dead' },
    { id: two, mailbox: 'Builder', state: 'dead' },
  ]);
  expect(idsOf(await retryDead(rig.root, undefined, 'all', how))).toEqual([one, two]);
  expect(idsOf(await retryDead(rig.root, 'Builder', 'all', { filter }))).toEqual([]);
  expect(idsOf(await retryDead(rig.root, 'reviewer', 'all', { filter }))).toEqual([three]);
  expect(await listed({})).toHaveLength(1);
});

test('without a mailbox an id is retried where it died', async () => {
  const [here, there] = [await dies('a'), await dies('b', 'Builder')];
  const results = await retryDead(rig.root, undefined, [there, '01JD0000000000000000000000', here]);
  expect(idsOf(results)).toEqual([there, 'MESSAGE_NOT_FOUND', here]);
});

test('a broadcast that died in several mailboxes comes back in each', async () => {
  const { id } = await send(rig.root, { to: ['reviewer', 'Builder'], body: 'x' });
  for (const to of ['reviewer', 'Builder'])
    await nack(rig.root, must(await readNext(rig.root, to)).receipt, { dead: true, reason: 'why' });
  const results = await retryDead(rig.root, undefined, 'all', { filter: { reason: 'why' } });
  expect(results).toMatchObject([
    { id, mailbox: 'Builder', state: 'ready' },
    { id, mailbox: 'reviewer', state: 'ready' },
  ]);
});

test('a purge of all without a filter wants to be forced; nothing is purged before', async () => {
  const ids = [await dies('a'), await dies('b', 'Builder')];
  for (const mailbox of ['reviewer', undefined])
    for (const options of [{}, { filter: {} }, { limit: 1 }])
      await expectRefusal(purgeDead(rig.root, mailbox, 'all', options), 'USAGE');
  expect(idsOf(await purgeDead(rig.root, undefined, 'all', { dryRun: true }))).toEqual(ids);
  expect(idsOf(await purgeDead(rig.root, undefined, 'all', { filter: { reason: 'a' } }))).toEqual([ids[0]]);
  expect(await listed({})).toEqual([ids[1]]);
  expect(idsOf(await purgeDead(rig.root, undefined, 'all', { force: true }))).toEqual([ids[1]]);
  expect(await listed({})).toEqual([]);
});

test('a filter that means everything, or beside ids, is refused before anything is done', async () => {
  const id = await dies('a');
  for (const filter of [{ reason: '' }, { subject: '' }, { olderThanMs: -1 }]) {
    await expectRefusal(purgeDead(rig.root, undefined, 'all', { filter }), 'USAGE');
    await expectRefusal(gather(listDead(rig.root, undefined, { filter })), 'USAGE');
  }
  await expectRefusal(retryDead(rig.root, 'reviewer', [id], { filter: { reason: 'a' } }), 'USAGE');
  await expectRefusal(retryDead(rig.root, undefined, [id], { limit: 1 }), 'USAGE');
  expect(await listed({})).toEqual([id]);
});

test('a dead letter that cannot be read is retried by its cause all the same', async () => {
  const id = await dies('broken');
  corruptOnce(rig.root);
  expect(idsOf(await retryDead(rig.root, undefined, 'all', { filter: { reason: 'broken' } }))).toEqual([id]);
});

test('a retry ends with its signal, and says what it has done', async () => {
  const ids = [await dies('a'), await dies('a')];
  const stop = new AbortController();
  const onProgress = (): void => stop.abort();
  expect(idsOf(await retryDead(rig.root, undefined, 'all', { onProgress, signal: stop.signal }))).toEqual([ids[0]]);
});

test('a search looks into the reasons of the dead, and tells them', async () => {
  const id = await dies('connect ETIMEDOUT');
  await dies('cannot parse');
  expect(await gather(search(rig.root, 'etimedout'))).toMatchObject([
    { id, state: 'dead', reason: 'connect ETIMEDOUT' },
  ]);
  await retryDead(rig.root, undefined, 'all');
  expect(await gather(search(rig.root, 'etimedout'))).toEqual([]);
});

test('a list takes the same filters; with a reason it is of the dead', async () => {
  const id = await dies('why', 'reviewer', { subject: 'Deploy' });
  await send(rig.root, { to: 'reviewer', body: 'x', subject: 'deploy now' });
  rig.clock.advance(hourMs);
  await send(rig.root, { to: 'reviewer', body: 'x', subject: 'other' });
  const subjects = async (options: Parameters<typeof list>[2]): Promise<unknown[]> =>
    (await gather(list(rig.root, 'reviewer', options))).map(({ message }) => message?.subject);
  expect(await subjects({ filter: { subject: 'DEPLOY' } })).toEqual(['deploy now']);
  expect(await subjects({ filter: { olderThanMs: 1000 } })).toEqual(['deploy now']);
  expect(await gather(list(rig.root, 'reviewer', { filter: { reason: 'why' } }))).toMatchObject([
    { id, reason: 'why' },
  ]);
  expect(await subjects({ states: ['ready', 'dead'], filter: { reason: 'WHY' } })).toEqual(['Deploy']);
  expect(await subjects({ states: ['ready', 'dead'], filter: { olderThanMs: hourMs } })).toEqual([
    'deploy now',
    'Deploy',
  ]);
});

test('an archive is listed, searched and exported by the same', async () => {
  for (const subject of ['one', 'two', 'ones']) {
    rig.clock.advance(hourMs);
    await send(rig.root, { to: 'reviewer', body: 'word', subject });
    await ack(rig.root, must(await readNext(rig.root, 'reviewer')).receipt);
  }
  const looks = {
    list: (options: object) => listArchive(rig.root, 'reviewer', options),
    search: (options: object) => searchArchive(rig.root, 'word', options),
    export: (options: object) => exportArchive(rig.root, 'reviewer', options),
  };
  for (const look of Object.values(looks)) {
    const found = async (options: object): Promise<string[]> =>
      (await gather(look(options))).map(({ message }) => message.subject).sort();
    expect(await found({ filter: { subject: 'ONE' } })).toEqual(['one', 'ones']);
    expect(await found({ filter: { subject: 'one', olderThanMs: hourMs } })).toEqual(['one']);
    expect(await found({ filter: { from: 'Builder' } })).toEqual([]);
    expect(await found({ limit: 2 })).toHaveLength(2);
    expect(await found({ limit: 0 })).toEqual([]);
    await expectRefusal(found({ filter: { subject: '' } }), 'USAGE');
  }
});
