import { beforeEach, expect, test } from 'vitest';
import { listArchive, restoreArchive, searchArchive, exportArchive } from '../../../src/core/keep/archive.ts';
import { cancel } from '../../../src/core/keep/cancel.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack } from '../../../src/core/take/settle.ts';
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

test('what was called off was never finished, and the archive says so', async () => {
  const done = await finish();
  const { id } = await send(rig.root, { to: 'reviewer', body: 'never mind' });
  await cancel(rig.root, id);
  const listed = await gather(listArchive(rig.root, 'reviewer'));
  expect(listed.map((one) => [one.id, one.withdrawn])).toEqual(
    expect.arrayContaining([
      [id, true],
      [done, undefined],
    ]),
  );
  expect(await gather(exportArchive(rig.root, 'reviewer', { filter: { id } }))).toMatchObject([
    { id, withdrawn: true },
  ]);
});

test.for(['NEEDLE', 'needle'])('the archive is searched for %s in subject, body, sender, id and tags', async (text) => {
  const found = [
    await finish({ subject: 'A Needle' }),
    await finish({ body: 'no needles' }),
    await finish({ tags: ['needle'] }),
  ];
  await finish({ body: 'hay' });
  expect((await gather(searchArchive(rig.root, text))).map(({ id }) => id).sort()).toEqual(found.sort());
  expect(await gather(searchArchive(rig.root, 'PLANNER', { mailbox: 'reviewer' }))).toHaveLength(4);
  expect(await gather(searchArchive(rig.root, must(found[0]).toLowerCase(), { mailbox: 'reviewer' }))).toHaveLength(1);
  expect(await gather(searchArchive(rig.root, text, { mailbox: 'Builder' }))).toEqual([]);
});

test('a restored message is delivered again', async () => {
  const id = await finish();
  expect(await restoreArchive(rig.root, 'REVIEWER', id)).toMatchObject({ id, state: 'ready' });
  await expectRefusal(restoreArchive(rig.root, 'reviewer', id), 'STATE_CHANGED');
  await expectRefusal(restoreArchive(rig.root, 'Builder', id), 'MESSAGE_NOT_FOUND');
  expect(must(await readNext(rig.root, 'reviewer')).message.id).toBe(id);
});

const dayMs = 86_400_000;

async function finished(body: string, to = 'reviewer'): Promise<void> {
  await send(rig.root, { to, body });
  await ack(rig.root, must(await readNext(rig.root, to)).receipt);
}

const archived = async (): Promise<string[]> =>
  (await gather(listArchive(rig.root, 'reviewer'))).map(({ message }) => message.body);

test('an export has what was finished in a span of time, the oldest first', async () => {
  for (const body of ['one', 'two', 'three']) {
    await finished(body);
    rig.clock.advance(dayMs);
  }
  const bodies = async (range = {}): Promise<string[]> =>
    (await gather(exportArchive(rig.root, 'reviewer', range))).map(({ message }) => message.body);
  expect(await bodies()).toEqual(['one', 'two', 'three']);
  expect(await bodies({ since: rig.clock.now() - 2 * dayMs, until: rig.clock.now() - dayMs })).toEqual(['two']);
});

test('a restore waits for whoever keeps house', async () => {
  await finished('one');
  const [one] = await gather(listArchive(rig.root, 'reviewer'));
  let free = (): void => undefined;
  const keeping = rig.root.store.documents.withLock(
    'maintain.reviewer',
    () => new Promise<void>((done) => (free = done)),
  );
  const restoring = restoreArchive(rig.root, 'Reviewer', must(one).id);
  for (let i = 0; i < 20; i++) await Promise.resolve();
  expect(await archived()).toEqual(['one']);
  free();
  await keeping;
  expect(await restoring).toMatchObject({ state: 'ready' });
});
