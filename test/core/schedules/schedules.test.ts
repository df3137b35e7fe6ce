import { expect, test } from 'vitest';
import { fireDue } from '../../../src/core/schedules/fire-due.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { addSchedule, listSchedules, removeSchedule, showSchedule } from '../../../src/core/schedules/schedules.ts';
import type { Message } from '../../../src/model/message.ts';
import { expectRefusal } from '../rig.ts';
import { mailOf, moveTo, nightly } from './nightly.ts';
import { useStillTime } from '../still-time.ts';

const still = useStillTime();

const mail = (root?: Session, mailbox?: string): Promise<Message[]> => mailOf(root ?? still.rig.root, mailbox);

test.each([
  ['a name that is none', { name: 'a b' }, 'NAME_INVALID'],
  ['a line that is none', { cron: '0 25 * * *' }, 'CRON_INVALID'],
  ['a line that never comes', { cron: '0 0 30 2 *' }, 'CRON_INVALID'],
  ['an unknown zone', { tz: 'Europe/Berln' }, 'TIMEZONE_INVALID'],
  ['an unknown recipient', { message: { to: ['reviewer', 'nobody'], body: 'x' } }, 'AGENT_NOT_FOUND'],
  ['an empty body', { message: { to: 'reviewer', body: ' ' } }, 'BODY_EMPTY'],
  ['a body that is too large', { message: { to: 'reviewer', body: 'x'.repeat(2_000_000) } }, 'MESSAGE_TOO_LARGE'],
] as const)('%s is refused when it is added', async (_, change, code) => {
  await expectRefusal(addSchedule(still.rig.root, { ...nightly, ...change }), code);
  expect(await listSchedules(still.rig.root)).toEqual([]);
});

test('a name that is taken is refused', async () => {
  await addSchedule(still.rig.root, nightly);
  await expectRefusal(addSchedule(still.rig.root, { ...nightly, cron: '0 4 * * *' }), 'ALREADY_EXISTS');
  expect(await listSchedules(still.rig.root)).toMatchObject([{ cron: '0 3 * * *' }]);
});

test('a name that is not there is refused, with the nearest one', async () => {
  await addSchedule(still.rig.root, nightly);
  await expect(removeSchedule(still.rig.root, 'nigthly')).rejects.toMatchObject({
    code: 'SCHEDULE_NOT_FOUND',
    hint: expect.stringContaining('"nightly"') as string,
  });
});

test('all together may not become more than can be read again', async () => {
  const { root } = still.rig;
  const body = 'x'.repeat(1_000_000);
  const add = (i: number) => addSchedule(root, { ...nightly, name: `s${i}`, message: { to: 'reviewer', body } });
  for (let i = 0; i < 8; i++) await add(i);
  await expectRefusal(add(8), 'MESSAGE_TOO_LARGE');
});

test('the sender is who was named, and is needed', async () => {
  const nobody = still.rig.as(undefined);
  await expectRefusal(addSchedule(nobody, nightly), 'USAGE');
  await addSchedule(nobody, { ...nightly, message: { to: 'reviewer', body: 'x', from: 'builder' } });
  moveTo('2026-11-21T03:00Z');
  await fireDue(still.rig.as('reviewer'));
  expect(await mail()).toMatchObject([{ from: 'Builder' }]);
});

test('one is shown with its next occurrences', async () => {
  await addSchedule(still.rig.root, { ...nightly, tz: 'Europe/Berlin', cron: '30 2 28,29 3 *' });
  expect((await showSchedule(still.rig.root, 'nightly')).upcoming).toEqual([
    '2027-03-28T01:00:00.000Z',
    '2027-03-29T00:30:00.000Z',
    '2028-03-28T00:30:00.000Z',
    '2028-03-29T00:30:00.000Z',
    '2029-03-28T00:30:00.000Z',
  ]);
});
