import { beforeEach, expect, test } from 'vitest';
import { retireAgent } from '../../../src/core/agents/agents.ts';
import { listArchive, restoreArchive, searchArchive } from '../../../src/core/keep/archive.ts';
import { setConfig } from '../../../src/core/root/config.ts';
import { listDead, purgeDead, retryDead, showDead } from '../../../src/core/keep/dlq.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { type CoreRig, createCoreRig, expectRefusal, gather, must } from '../rig.ts';
import type { Draft } from '../../../src/core/send/draft.ts';

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

test('the archive lists what was finished, the newest first', async () => {
  const [first, second] = [await finish(), await finish({ body: 'second' })];
  const listed = await gather(listArchive(rig.root, 'Reviewer'));
  expect(listed).toMatchObject([
    { id: second, mailbox: 'reviewer', ackedAt: '2026-11-20T09:00:02.000Z', message: { body: 'second' } },
    { id: first, ackedAt: '2026-11-20T09:00:01.000Z' },
  ]);
  expect(await gather(listArchive(rig.root, 'reviewer', { limit: 1 }))).toHaveLength(1);
  expect(await gather(listArchive(rig.root, 'reviewer', { filter: { id: first } }))).toMatchObject([{ id: first }]);
});

test.for(['NEEDLE', 'needle'])('the archive is searched for %s in subject, body, sender, id and tags', async (text) => {
  const found = [
    await finish({ subject: 'A Needle' }),
    await finish({ body: 'no needles' }),
    await finish({ tags: ['needle'] }),
  ];
  await finish({ body: 'hay' });
  expect((await gather(searchArchive(rig.root, undefined, text))).map(({ id }) => id).sort()).toEqual(found.sort());
  expect(await gather(searchArchive(rig.root, 'reviewer', 'PLANNER'))).toHaveLength(4);
  expect(await gather(searchArchive(rig.root, 'reviewer', must(found[0]).toLowerCase()))).toHaveLength(1);
  expect(await gather(searchArchive(rig.root, 'Builder', text))).toEqual([]);
});

test('a restored message is delivered again', async () => {
  const id = await finish();
  expect(await restoreArchive(rig.root, 'REVIEWER', id)).toMatchObject({ id, state: 'ready' });
  await expectRefusal(restoreArchive(rig.root, 'reviewer', id), 'STATE_CHANGED');
  await expectRefusal(restoreArchive(rig.root, 'Builder', id), 'MESSAGE_NOT_FOUND');
  expect(must(await readNext(rig.root, 'reviewer')).message.id).toBe(id);
});

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

test('purged dead letters are gone, with progress and who did it', async () => {
  const ids = [await fail(), await fail(), await fail()];
  const progress: number[] = [];
  expect(await purgeDead(rig.root, 'reviewer', [must(ids[0])])).toEqual([{ id: ids[0], mailbox: 'reviewer' }]);
  await purgeDead(rig.root, 'reviewer', 'all', (done) => progress.push(done));
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

test('the doctor has nothing to say about a root in order', async () => {
  await send(rig.root, { to: 'reviewer', body: 'x' });
  expect(await gather(doctor(rig.root, { fix: true }))).toEqual([]);
});

test('the doctor points at mail that nobody looks after', async () => {
  await fail();
  await send(rig.root, { to: ['reviewer', 'Builder'], body: 'x' });
  await rig.root.store.quarantine('planner', Buffer.from('x'), { name: 'x', why: 'y' });
  await retireAgent(rig.root, 'Builder');
  rig.clock.advance(2 * 3_600_000);
  const findings = await gather(doctor(rig.root));
  expect(findings.map(({ rule, mailbox, level }) => `${rule} ${mailbox} ${level}`)).toEqual([
    'retired-with-mail Builder warning',
    'corrupt-kept planner info',
    'unread reviewer warning',
    'dead-letters reviewer info',
  ]);
  for (const { hint } of findings) expect(hint).toMatch(/\w/);
});

test('the doctor holds the repair lock only to repair', async () => {
  const { store } = rig.root;
  let held = 0;
  const withLock = store.withLock.bind(store);
  store.withLock = (name, work) => {
    held++;
    return withLock(name, work);
  };
  await gather(doctor(rig.root));
  expect(held).toBe(0);
  await gather(doctor(rig.root, { fix: true }));
  expect(held).toBe(1);
});

test('the doctor says what is wrong with config.json', async () => {
  await setConfig(rig.root, 'lease', '1m');
  await rig.root.store.saveSettings(() => ({ lease: 'soon' }));
  rig.clock.advance(1000);
  expect(await gather(doctor(rig.root))).toMatchObject([{ rule: 'settings', level: 'problem' }]);
});
