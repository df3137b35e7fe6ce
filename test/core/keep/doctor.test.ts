import { beforeEach, expect, test } from 'vitest';
import { retireAgent } from '../../../src/core/agents/agents.ts';
import { setConfig } from '../../../src/core/config/change.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { maintain } from '../../../src/core/keep/maintain.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { addSchedule } from '../../../src/core/schedules/schedules.ts';
import { send } from '../../../src/core/send/send.ts';
import { nack } from '../../../src/core/take/settle.ts';
import { type CoreRig, createCoreRig, gather, must } from '../rig.ts';
import { changeSettingsIn } from '../../storage/contract/ways.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const fail = async (reason = 'broke'): Promise<string> => {
  await send(rig.root, { to: 'reviewer', body: 'x' });
  rig.clock.advance(1000);
  return (await nack(rig.root, must(await readNext(rig.root, 'reviewer')).receipt, { dead: true, reason })).id;
};

test('the doctor has nothing to say about a root in order', async () => {
  await send(rig.root, { to: 'reviewer', body: 'x' });
  expect(await gather(doctor(rig.root, { fix: true }))).toEqual([]);
});

test('the doctor points at mail that nobody looks after', async () => {
  await fail();
  await send(rig.root, { to: ['reviewer', 'Builder'], body: 'x' });
  await rig.root.store.mail.quarantine('planner', Buffer.from('x'), { name: 'x', why: 'y' });
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

test('mail that nobody reads is pointed at although it was last read while the clock was ahead', async () => {
  rig.clock.advance(400 * 86_400_000);
  await readNext(rig.root, 'reviewer');
  rig.clock.advance(-400 * 86_400_000);
  await send(rig.root, { to: 'reviewer', body: 'x' });
  rig.clock.advance(2 * 3_600_000);
  expect(await gather(doctor(rig.root))).toMatchObject([
    { rule: 'unread', message: 'Nobody has read it for an unknown time, and mail has waited for 2h.' },
  ]);
  await send(rig.root, { to: 'reviewer', body: 'y' });
  expect(rig.warnings).toEqual([
    expect.stringContaining('last read its mail an unknown time ago, and older mail is waiting'),
  ]);
});

test('the doctor tells of a schedule that was sent while the clock was ahead, until it goes on', async () => {
  const ahead = 400 * 86_400_000;
  await addSchedule(rig.root, { name: 'hourly', cron: '0 * * * *', message: { to: 'reviewer', body: 'x' } });
  rig.clock.advance(ahead);
  await gather(maintain(rig.root));
  rig.clock.advance(-ahead);
  const told = async (): Promise<string[]> =>
    (await gather(doctor(rig.root))).map(({ rule, message, hint }) => `${rule} ${message} ${hint}`);
  expect(await told()).toEqual([
    expect.stringMatching(/^clock-ahead The schedule hourly .* 2027-12-25T09:00:00.000Z.* dreamos maintain$/),
  ]);
  await gather(maintain(rig.root));
  expect(await told()).toEqual([expect.stringMatching(/^schedule .* skipped its last time.* the clock was ahead/)]);
});

test('the doctor holds the repair lock only to repair', async () => {
  const { store } = rig.root;
  let held = 0;
  const withLock = store.documents.withLock.bind(store);
  store.documents.withLock = (name, work) => {
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
  await changeSettingsIn(rig.root.store, () => ({ lease: 'soon' }));
  rig.clock.advance(1000);
  expect(await gather(doctor(rig.root))).toMatchObject([{ rule: 'settings', level: 'problem' }]);
});

test('doctor ends with its signal, before it looks at the mail', async () => {
  await rig.root.store.mail.quarantine('reviewer', Buffer.from('x'), { name: 'x', why: 'unreadable' });
  expect(await gather(doctor(rig.root))).toMatchObject([{ rule: 'corrupt-kept' }]);
  expect(await gather(doctor(rig.root, { signal: AbortSignal.abort() }))).toEqual([]);
});
