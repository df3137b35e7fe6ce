/** What consumers call themselves, so that two of one mailbox can be told apart. */
import { beforeEach, expect, test } from 'vitest';
import { sessionOn } from '../../../src/core/open-root.ts';
import { holdersOf } from '../../../src/core/look/holders.ts';
import { trace } from '../../../src/core/look/trace.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { send } from '../../../src/core/send/send.ts';
import { consume } from '../../../src/core/take/consume.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack, renew } from '../../../src/core/take/settle.ts';
import { work } from '../../../src/core/work/work.ts';
import { type CoreRig, createCoreRig, must } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const sent = async (): Promise<string> => (await send(rig.root, { to: 'reviewer', body: 'x' })).id;
const reviewer = (label?: string): Session =>
  sessionOn(rig.as('reviewer'), { as: 'reviewer', ...(label !== undefined && { label }) });
/** What is told of a message, without its arrival, each with its label. */
const told = async (id: string): Promise<(string | undefined)[][]> =>
  (await trace(rig.root, id)).steps
    .filter((step) => step.id === id)
    .map(({ event, label }) => [event, label])
    .slice(1);

test('who opens a root with a label claims and settles under it; without one nothing is said', async () => {
  for (const label of ['build 2', undefined]) {
    const session = reviewer(label);
    const [first, second, third] = [await sent(), await sent(), await sent()];
    const take = async () => must(await readNext(session, 'reviewer')).receipt;
    const receipt = await take();
    await renew(session, receipt);
    await ack(session, receipt);
    await nack(session, await take(), { dead: true });
    await reply(session, await take(), { body: 'done' }, { ack: true });
    expect(await told(first)).toEqual([
      ['claimed', label],
      ['renewed', label],
      ['acked', label],
    ]);
    expect(await told(second)).toEqual([
      ['claimed', label],
      ['dead', label],
    ]);
    expect(await told(third)).toEqual([
      ['claimed', label],
      ['acked', label],
    ]);
  }
});

test('DREAMOS_LABEL says it, unless it is empty; what is said to the call comes first', async () => {
  const of = (label: string) => sessionOn(rig.root, { as: 'reviewer', env: { DREAMOS_LABEL: label } });
  expect(of('').label).toBeUndefined();
  const [first, second] = [await sent(), await sent()];
  await readNext(of('from outside'), 'reviewer');
  await readNext(of('from outside'), 'reviewer', { label: 'said' });
  expect(await told(first)).toEqual([['claimed', 'from outside']]);
  expect(await told(second)).toEqual([['claimed', 'said']]);
  const entries = [];
  for await (const entry of rig.root.store.look.list('reviewer', 'inflight')) entries.push(entry);
  expect(new Set((await holdersOf(rig.root, 'reviewer', entries)).map((one) => one?.label))).toEqual(
    new Set(['from outside', 'said']),
  );
});

test.each([
  [undefined, undefined, 'memory:1'],
  ['of the root', undefined, 'of the root'],
  ['of the root', 'said', 'said'],
])('with a root labelled %s and the label %s consumers and workers are called %s', async (ofRoot, label, called) => {
  const session = reviewer(ofRoot);
  const options = { count: 1, waitMs: 1, ...(label !== undefined && { label }) };
  const consumed = [await sent(), await sent()];
  for await (const job of consume(session, 'reviewer', options)) {
    if (job.message.id === consumed[0]) {
      await job.renew();
      await job.ack();
    } else {
      await job.nack({ dead: true });
      break;
    }
  }
  expect(await told(consumed[0] ?? '')).toEqual([
    ['claimed', called],
    ['renewed', called],
    ['acked', called],
  ]);
  expect(await told(consumed[1] ?? '')).toEqual([
    ['claimed', called],
    ['dead', called],
  ]);
  const worked = await sent();
  await work(session, 'reviewer', () => ({ outcome: 'ack', reply: { body: 'done' } }), options);
  expect(await told(worked)).toEqual([
    ['claimed', called],
    ['acked', called],
  ]);
});

test('a process on a machine with a long name has a label that is none too long', async () => {
  const session = reviewer();
  session.store.self = async () => ({ pid: 123_456, host: 'h'.repeat(64) });
  const id = await sent();
  await work(session, 'reviewer', () => undefined, { count: 1 });
  expect(await told(id)).toContainEqual(['claimed', `${'h'.repeat(57)}:123456`]);
});

test.each([
  ['', 'it is empty'],
  ['x'.repeat(65), 'it has 65 characters'],
  ['two\nlines', '"\\n" is not allowed in it'],
  ['\u001B[31m', '"\\u001b" is not allowed in it'],
  ['half \uD83D', '"\\ud83d" is not allowed in it'],
])('%j cannot be a label: %s', async (label, why) => {
  const refused = {
    code: 'USAGE',
    message: expect.stringContaining(`cannot be the label of a consumer: ${why}.`) as string,
  };
  await sent();
  expect(() => reviewer(label)).toThrow(expect.objectContaining(refused));
  await expect(readNext(reviewer(), 'reviewer', { label })).rejects.toMatchObject(refused);
  await expect(consume(reviewer(), 'reviewer', { label }).next()).rejects.toMatchObject(refused);
  await expect(work(reviewer(), 'reviewer', () => undefined, { label })).rejects.toMatchObject(refused);
  expect(await rig.root.store.look.counts('reviewer')).toMatchObject({ ready: 1, inflight: 0 });
});

test('64 characters of any script are a label', async () => {
  const label = 'ß世'.repeat(32);
  await sent();
  expect(await readNext(reviewer(label), 'reviewer')).toBeDefined();
});
