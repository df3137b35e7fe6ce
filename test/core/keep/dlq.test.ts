import { beforeEach, expect, test } from 'vitest';
import { listDead, purgeDead, retryDead, showDead } from '../../../src/core/keep/dlq.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { type CoreRig, createCoreRig, expectRefusal, gather, must } from '../rig.ts';
import type { Draft } from '../../../src/model/draft.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const finish = async (draft: Partial<Draft> = {}): Promise<string> => {
  await send(rig.root, { to: 'reviewer', body: 'x', ...draft });
  rig.clock.advance(1000);
  return (await ack(rig.root, must(await readNext(rig.root, 'reviewer')).receipt)).id;
};
const fail = async (reason = 'broke'): Promise<string> => {
  await send(rig.root, { to: 'reviewer', body: 'x' });
  rig.clock.advance(1000);
  return (await nack(rig.root, must(await readNext(rig.root, 'reviewer')).receipt, { dead: true, reason })).id;
};

test('dead letters are listed with their reason, and shown with their history', async () => {
  const id = await fail('no disk');
  expect(await gather(listDead(rig.root, 'reviewer'))).toMatchObject([
    { id, mailbox: 'reviewer', reason: 'no disk', attempts: 1, deadAt: '2026-11-20T09:00:01.000Z', message: { id } },
  ]);
  const shown = await showDead(rig.root, 'Reviewer', id);
  expect(shown).toMatchObject({ id, reason: 'no disk' });
  expect(shown.history.map(({ event }) => event)).toEqual(['delivered', 'claimed']);
  await expectRefusal(showDead(rig.root, 'Builder', id), 'MESSAGE_NOT_FOUND');
  await expectRefusal(showDead(rig.root, 'reviewer', await finish()), 'STATE_CHANGED');
});

test('of several retries each has its own result', async () => {
  const [dead, done] = [await fail(), await finish()];
  const results = await retryDead(rig.root, 'reviewer', [dead, done, '01JD0000000000000000000000']);
  expect(results.map((result) => (result instanceof DreamosError ? result.code : result.state))).toEqual([
    'ready',
    'STATE_CHANGED',
    'MESSAGE_NOT_FOUND',
  ]);
  expect(must(await readNext(rig.root, 'reviewer'))).toMatchObject({ attempt: 1, message: { id: dead } });
});

test('all that are dead are retried', async () => {
  const ids = [await fail(), await fail()];
  const results = await retryDead(rig.root, 'reviewer', 'all');
  expect(results.map((result) => (result instanceof DreamosError ? result.code : result.id)).sort()).toEqual(
    ids.sort(),
  );
  expect(await retryDead(rig.root, 'reviewer', 'all')).toEqual([]);
});

test('an id that is named twice is retried once, and has one result each time', async () => {
  const id = await fail();
  const results = await retryDead(rig.root, 'reviewer', [id, id]);
  expect(results).toMatchObject([
    { id, state: 'ready' },
    { id, state: 'ready' },
  ]);
});

test('purged dead letters are gone, with progress and who did it', async () => {
  const ids = [await fail(), await fail(), await fail()];
  const progress: number[] = [];
  expect(await purgeDead(rig.root, 'reviewer', [must(ids[0])])).toEqual([{ id: ids[0], mailbox: 'reviewer' }]);
  await purgeDead(rig.root, 'reviewer', 'all', { force: true, onProgress: (done) => progress.push(done) });
  expect(progress).toEqual([1, 2]);
  expect(await gather(listDead(rig.root, 'reviewer'))).toEqual([]);
  expect(rig.mail.log.filter(({ event }) => event === 'purged').map(({ by }) => by)).toEqual([
    'planner',
    'planner',
    'planner',
  ]);
  const [again] = await purgeDead(rig.root, 'reviewer', [must(ids[0])]);
  expect(again).toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
});
