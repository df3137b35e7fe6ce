import { beforeEach, expect, test } from 'vitest';
import { cancel } from '../../../src/core/keep/cancel.ts';
import { restoreArchive, showArchived } from '../../../src/core/keep/archive.ts';
import { retryDead, showDead } from '../../../src/core/keep/dlq.ts';
import { list } from '../../../src/core/look/list.ts';
import { meantId } from '../../../src/core/look/meant.ts';
import { peek } from '../../../src/core/look/peek.ts';
import { search } from '../../../src/core/look/search.ts';
import { show } from '../../../src/core/look/show.ts';
import { thread } from '../../../src/core/look/thread.ts';
import { trace } from '../../../src/core/look/trace.ts';
import { sendChecked } from '../../../src/core/send/send.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { until } from '../../../src/core/follow/until.ts';
import { ack, nack, renew } from '../../../src/core/take/settle.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { type CoreRig, createCoreRig, gather, must, refusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const base = '01JD0000000000000000000000';
const withEnd = (end: string): string => base.slice(0, -end.length) + end;
const sent = async (end: string, to = 'reviewer'): Promise<string> => {
  const id = withEnd(end);
  await sendChecked(rig.root, { to, body: 'x', id, from: 'planner' });
  return id;
};
const claim = async () => must(await readNext(rig.as('reviewer'), 'reviewer'));

test.for(['QRX9', 'qrx9', 'ABqrX9', withEnd('ABQRX9').toLowerCase()])('%s is an id by its end', async (text) => {
  const id = await sent('ABQRX9');
  expect((await show(rig.root, text)).message.id).toBe(id);
  expect((await show(rig.root, text, { mailbox: 'REVIEWER' })).message.id).toBe(id);
  expect(await trace(rig.root, text)).toMatchObject({ id });
  expect(await thread(rig.root, text)).toMatchObject([{ message: { id } }]);
  expect(await gather(list(rig.root, 'reviewer', { filter: { id: text } }))).toMatchObject([{ id }]);
  expect(await gather(search(rig.root, 'x', { filter: { id: text } }))).toMatchObject([{ id }]);
  expect(await peek(rig.root, 'reviewer', { filter: { id: text } })).toMatchObject([{ message: { id } }]);
  expect(await readNext(rig.as('reviewer'), 'reviewer', { filter: { id: text } })).toMatchObject({ message: { id } });
  expect(await until(rig.root, text, 'claimed')).toEqual([]);
  const reviewer = rig.as('reviewer');
  expect(await renew(reviewer, text)).toMatchObject({ id, state: 'inflight' });
  expect(await nack(reviewer, text, { dead: true })).toMatchObject({ id, state: 'dead' });
  expect(await showDead(rig.root, 'reviewer', text)).toMatchObject({ id });
  expect(await retryDead(rig.root, 'reviewer', [text])).toMatchObject([{ id, state: 'ready' }]);
  await claim();
  expect(await reply(reviewer, text, { body: 'fine' }, { ack: true })).toMatchObject({ acked: { id } });
  expect(await showArchived(rig.root, 'reviewer', text)).toMatchObject({ id });
  expect(await restoreArchive(rig.root, 'reviewer', text)).toMatchObject({ id, state: 'ready' });
  await claim();
  expect(await ack(reviewer, text)).toMatchObject({ id, state: 'archived' });
  await restoreArchive(rig.root, 'reviewer', id);
  expect(await cancel(rig.root, text)).toMatchObject([{ id, mailbox: 'reviewer' }]);
});

test('an end that several ids have is refused with all of them, and with what tells them apart', async () => {
  const [one, two] = [await sent('AAQRX9'), await sent('BBQRX9', 'Builder')];
  const { code, message, hint } = await refusal(show(rig.root, 'qrx9'));
  expect(code).toBe('USAGE');
  expect(message).toContain(`2 messages have an id that ends in QRX9: `);
  expect(message).toContain(`${one} (ready in reviewer)`);
  expect(message).toContain(`${two} (ready in Builder)`);
  expect(hint).toContain('5 characters');
  const example = /dreamos show (\w+)/.exec(hint ?? '')?.[1];
  expect(await show(rig.root, example ?? '')).toBeDefined();
  expect((await show(rig.root, 'qrx9', { mailbox: 'Builder' })).message.id).toBe(two);
});

test('a verb looks first among what it can be used on', async () => {
  await sent('AAQRX9');
  await ack(rig.root, (await claim()).receipt);
  const ready = await sent('BBQRX9');
  expect(await cancel(rig.root, 'qrx9')).toMatchObject([{ id: ready }]);
});

test('several ends retry in the order in which their messages were sent', async () => {
  const [first, second] = [await sent('2AAAA'), await sent('3BBBB')];
  for (const _ of [first, second]) await nack(rig.root, (await claim()).receipt, { dead: true });
  const results = await retryDead(rig.root, 'reviewer', ['BBBB', 'AAAA', 'CCCC']);
  expect(results).toMatchObject([{ id: second }, { id: first }, { code: 'MESSAGE_NOT_FOUND' }]);
  expect([(await claim()).message.id, (await claim()).message.id]).toEqual([first, second]);
});

test('an end that nobody has is said as such', async () => {
  await sent('QRX9');
  for (const asked of [show(rig.root, 'qrx8'), trace(rig.root, 'qrx8'), ack(rig.as('reviewer'), 'qrx8')])
    expect(await refusal(asked)).toMatchObject({
      code: 'MESSAGE_NOT_FOUND',
      message: 'There is no message whose id ends in QRX8 in any mailbox.',
    });
  expect((await refusal(thread(rig.root, 'qrx8'))).message).toBe('There is no thread and no message "qrx8".');
});

test('a thread that has the name comes before an id that ends in it', async () => {
  await sent('BETA');
  await sendChecked(rig.root, { to: 'reviewer', body: 'in it', thread: 'BETA', from: 'planner' });
  expect(await thread(rig.root, 'BETA')).toMatchObject([{ message: { body: 'in it' } }]);
});

test('what was published is found in its log', async () => {
  const { id } = await publish(rig.root, 'build.done', { body: 'green' });
  expect((await show(rig.root, id.slice(-8))).message.body).toBe('green');
});

test('a whole id is not looked for', async () => {
  const { store } = rig.root;
  store.look.list = () => {
    throw new Error('nothing is listed');
  };
  expect(await meantId(rig.root, base, {})).toBe(base);
  expect(await meantId(rig.root, 'reviewer:x', {})).toBe('reviewer:x');
});

test('of many the list is cut', async () => {
  for (const letter of 'ABCDEFGHJKMN') await sent(`${letter}QRX9`);
  expect((await refusal(show(rig.root, 'QRX9'))).message).toContain('and 2 more');
});
