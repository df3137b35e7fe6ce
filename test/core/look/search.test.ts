import { beforeEach, expect, test } from 'vitest';
import { readNext } from '../../../src/core/take/read.ts';
import { search } from '../../../src/core/look/search.ts';
import { send } from '../../../src/core/send/send.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { type CoreRig, createCoreRig, gather, must, nestDeeply } from '../rig.ts';
import type { Draft } from '../../../src/model/draft.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const sent = async (draft: Partial<Draft> = {}): Promise<string> =>
  (await send(rig.root, { to: 'reviewer', body: 'x', ...draft })).id;
const take = async (mailbox = 'reviewer') => must(await readNext(rig.as(mailbox), mailbox));

test.for(['needle', 'NEEDLE'])('a search finds %s in every part and state of a message', async (text) => {
  const wanted = [
    await sent({ subject: 'A Needle' }),
    await sent({ tags: ['needle'], delayMs: 1000 }),
    await sent({ data: { why: ['needle'] }, to: 'Builder' }),
    await sent({ body: 'two\nneedles', priority: 'urgent' }),
    await sent({ body: 'needle', priority: 'high' }),
    await sent({ subject: 'needle', to: 'planner', type: 'task' }),
  ];
  await sent({ body: 'hay' });
  await ack(rig.root, (await take()).receipt);
  await nack(rig.root, (await take()).receipt, { dead: true });
  await take('planner');
  const found = await gather(search(rig.root, text));
  expect(found.map(({ id }) => id).sort()).toEqual([...wanted].sort());
  expect(new Set(found.map(({ state }) => state))).toEqual(
    new Set(['ready', 'delayed', 'inflight', 'archived', 'dead']),
  );
  expect(await gather(search(rig.root, text, { mailbox: 'builder' }))).toMatchObject([{ id: wanted[2] }]);
  expect(await gather(search(rig.root, text, { states: ['dead', 'archived'] }))).toHaveLength(2);
  expect(await gather(search(rig.root, text, { limit: 3 }))).toHaveLength(3);
  expect(await gather(search(rig.root, text, { filter: { type: 'task' } }))).toMatchObject([{ id: wanted[5] }]);
  expect(await gather(search(rig.root, 'planner', { mailbox: 'reviewer' }))).toHaveLength(5);
  expect(await gather(search(rig.root, must(wanted[0]).toLowerCase()))).toHaveLength(1);
});

test('a long search tells how far it is, and ends at the signal', async () => {
  for (let i = 0; i < 600; i++) await sent({ body: `b${i}` });
  const told: number[] = [];
  await gather(search(rig.root, 'nothing', { onProgress: (looked) => told.push(looked) }));
  expect(told).toEqual([256, 512]);
  const stop = new AbortController();
  const found = search(rig.root, 'b', { signal: stop.signal });
  await found.next();
  stop.abort();
  expect(await found.next()).toMatchObject({ done: true });
});

test('a message that cannot be looked through is named, and the others are found; its words are enough', async () => {
  const bad = await sent({ subject: 'bad', data: { n: 1 } });
  const good = await sent({ body: 'needle' });
  nestDeeply(rig.root, ({ id }) => id === bad);
  expect(await gather(search(rig.root, 'needle'))).toMatchObject([{ id: good }]);
  expect(rig.warnings).toEqual([expect.stringContaining(bad)]);
  expect(await gather(search(rig.root, 'bad'))).toMatchObject([{ id: bad }]);
});
