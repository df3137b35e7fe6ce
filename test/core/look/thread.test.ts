import { beforeEach, expect, test } from 'vitest';
import { cancel } from '../../../src/core/keep/cancel.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { send } from '../../../src/core/send/send.ts';
import { thread } from '../../../src/core/look/thread.ts';
import { type CoreRig, createCoreRig, expectRefusal, must } from '../rig.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import type { Draft } from '../../../src/model/draft.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const sent = async (draft: Partial<Draft> = {}): Promise<string> =>
  (await send(rig.root, { to: 'reviewer', body: 'x', ...draft })).id;
const take = async (mailbox = 'reviewer') => must(await readNext(rig.as(mailbox), mailbox));

test('a thread has each of its messages once, the oldest first, with where it is', async () => {
  const first = await sent({ to: ['reviewer', 'Builder'], body: 'one' });
  await sent({ body: 'another matter' });
  rig.clock.advance(1000);
  const { receipt } = await take();
  const second = await reply(rig.as('reviewer'), receipt, { body: 'two' }, { ack: true });
  rig.clock.advance(1000);
  const third = await reply(rig.root, (await take('planner')).receipt, { body: 'three' });
  for (const id of [first, second.id, third.id]) {
    const messages = await thread(rig.root, id);
    expect(
      messages.map(({ message, entries }) => [message.body, ...entries.map((e) => `${e.mailbox} ${e.state}`)]),
    ).toEqual([
      ['one', 'Builder ready', 'reviewer archived'],
      ['two', 'planner inflight'],
      ['three', 'reviewer ready'],
    ]);
  }
});

test('a thread goes by any name, and one that nobody knows is not found', async () => {
  await sent({ thread: 'release', body: 'a' });
  await cancel(rig.root, await sent({ thread: 'release', body: 'b', to: 'Builder' }));
  expect((await thread(rig.root, 'release')).map(({ message }) => message.body)).toEqual(['a', 'b']);
  await expectRefusal(thread(rig.root, 'relaese'), 'MESSAGE_NOT_FOUND');
});

test('a mailbox that cannot be looked into is said once, whatever names the thread', async () => {
  const id = await sent({ thread: 'release' });
  const { look } = rig.root.store;
  const { list, find } = look;
  const closed = (): never => {
    throw new DreamosError('disk', 'DISK_FAILED', 'EACCES');
  };
  look.list = (name, state) => (name === 'Builder' ? closed() : list(name, state));
  look.find = (one, name) => ([undefined, 'Builder'].includes(name) ? closed() : find(one, name));
  for (const text of [id, 'release', id.slice(-8)]) {
    rig.warnings.length = 0;
    expect(await thread(rig.root, text)).toHaveLength(1);
    expect(rig.warnings).toEqual(['Not all of Builder could be looked into: EACCES']);
  }
});
