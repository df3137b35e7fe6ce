import { beforeEach, expect, test } from 'vitest';
import { readNext } from '../../../src/core/take/read.ts';
import { send } from '../../../src/core/send/send.ts';
import { renew } from '../../../src/core/take/settle.ts';
import { type CoreRig, createCoreRig, expectRefusal, must } from '../rig.ts';
import type { Delivery } from '../../../src/storage/port/mail.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const hour = 3_600_000;
const deliver = async (): Promise<Delivery> => {
  await send(rig.root, { to: 'reviewer', body: 'x' });
  return must(await readNext(rig.as('reviewer'), 'reviewer'));
};

test('a read claims for the time of the settings, or of the call', async () => {
  expect((await deliver()).leaseUntil).toBe(rig.clock.now() + 15 * 60_000);
  await send(rig.root, { to: 'reviewer', body: 'x' });
  expect(must(await readNext(rig.root, 'reviewer', { leaseMs: 5000 })).leaseUntil).toBe(rig.clock.now() + 5000);
});

test.for([0, -1, NaN, 12 * hour + 1])('a lease of %d ms is refused, and nothing is claimed', async (leaseMs) => {
  const { receipt } = await deliver();
  await expectRefusal(renew(rig.root, receipt, leaseMs), 'USAGE');
  await send(rig.root, { to: 'reviewer', body: 'x' });
  await expectRefusal(readNext(rig.root, 'reviewer', { leaseMs }), 'USAGE');
  expect((await rig.root.store.look.counts('reviewer')).ready).toBe(1);
});

test('a read of a mailbox that is not there is refused', async () => {
  await expectRefusal(readNext(rig.root, 'nobody'), 'AGENT_NOT_FOUND');
});

test('a filter takes what it is for', async () => {
  await send(rig.root, { to: 'reviewer', body: 'a', type: 'task', tags: ['t'], thread: 'th' });
  await send(rig.as('Builder'), { to: 'reviewer', body: 'b', priority: 'low' });
  const bodies: string[] = [];
  for (const filter of [{ from: 'builder' }, { type: 'task', tag: 't', thread: 'th', priority: 'normal' as const }]) {
    bodies.push(must(await readNext(rig.root, 'reviewer', { filter })).message.body);
  }
  expect(bodies).toEqual(['b', 'a']);
  expect(await readNext(rig.root, 'reviewer', { filter: { tag: 'nothing' } })).toBeUndefined();
});
