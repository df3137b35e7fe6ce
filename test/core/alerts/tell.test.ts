import { expect, test, vi } from 'vitest';
import { checkAlerts, testAlert } from '../../../src/core/alerts/alerts.ts';
import type { RunCommand } from '../../../src/core/alerts/tell.ts';
import { purgeDead } from '../../../src/core/keep/dlq.ts';
import { ack } from '../../../src/core/take/settle.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { documentIn } from '../../storage/contract/ways.ts';
import { must } from '../rig.ts';
import { mailOf } from '../schedules/nightly.ts';
import { useStillTime } from '../still-time.ts';
import { checked, endAfter, makeDead, pass, runner, setRules } from './rig.ts';

const still = useStillTime();
const minute = 60_000;
const both = [{ name: 'dead', to: 'planner', run: ['notify', 'me'], every: '1h' }];
const keys = async () => (await mailOf(still.rig.root, 'planner')).map(({ dedupeKey }) => dedupeKey);

test('a command gets on its standard input what a message has as its data', async () => {
  const { root } = still.rig;
  await setRules(root, both);
  await makeDead(root);
  const { run, ran } = runner();
  expect(await checked(root, 'dead', { run })).toMatchObject([{ told: { what: 'firing', exitCode: 0 } }]);
  const [message] = await mailOf(root, 'planner');
  expect(ran).toEqual([message?.data]);
  expect(ran[0]).toEqual({
    alert: 'dead',
    metric: 'dead',
    mailbox: 'reviewer',
    what: 'firing',
    value: 1,
    over: 0,
    firedAt: '2026-11-20T09:00:00.000Z',
    at: '2026-11-20T09:00:00.000Z',
  });
  await checked(root, 'dead', { run });
  expect(ran).toHaveLength(1);
});

test('one that fails is trouble with its last words, and is not run again before the time', async () => {
  const { root, warnings } = still.rig;
  await setRules(root, both);
  await makeDead(root);
  const { run, ran } = runner(3);
  const why = 'the command "notify" ended with exit 3: no such host';
  expect(await checked(root, 'dead', { run })).toMatchObject([{ trouble: why, told: { exitCode: 3 } }]);
  expect(warnings.at(-1)).toBe(`The alert dead of reviewer: ${why}`);
  pass(10 * minute);
  await checked(root, 'dead', { run });
  expect(ran).toHaveLength(1);
  pass(50 * minute);
  const well = runner();
  const [alert] = await checked(root, 'dead', { run: well.run });
  expect(well.ran).toMatchObject([{ what: 'again' }]);
  expect(alert).not.toHaveProperty('trouble');
});

test('one that is not there is trouble, and one that a signal has ended', async () => {
  const { root } = still.rig;
  await setRules(root, [{ name: 'dead', run: ['notify'] }]);
  await makeDead(root);
  const run: RunCommand = async () => {
    throw new DreamosError('usage', 'COMMAND_NOT_STARTED', 'There is no command "notify".');
  };
  expect(await checked(root, 'dead', { run })).toMatchObject([
    { trouble: 'There is no command "notify".', told: { exitCode: null } },
  ]);
  await makeDead(root, 'Builder');
  const [alert] = await checked(root, 'dead', { run: runner(null).run });
  expect(alert?.trouble).toContain('was ended by a signal');
});

test('what no check can run waits for one that can, while its message is sent', async () => {
  const { root } = still.rig;
  await setRules(root, both);
  await makeDead(root);
  expect((await checked(root))[0]).not.toHaveProperty('told');
  const before = await documentIn(root.store, 'alerts');
  const put = vi.spyOn(root.store.documents, 'put');
  await checked(root);
  expect(put).not.toHaveBeenCalled();
  expect(await documentIn(root.store, 'alerts')).toEqual(before);
  expect(await keys()).toHaveLength(1);
  const { run, ran } = runner();
  expect(await checked(root, 'dead', { run })).toMatchObject([
    { told: { what: 'firing', id: expect.any(String) as string } },
  ]);
  expect(ran).toHaveLength(1);
  expect(await keys()).toHaveLength(1);
});

test('of many who check at once each message arrives once and each command runs once', async () => {
  const { root, as } = still.rig;
  await setRules(root, both);
  for (const mailbox of ['reviewer', 'Builder']) await makeDead(root, mailbox);
  const { run, ran } = runner();
  const sessions = Array.from({ length: 8 }, (_, i) => as(i % 2 ? 'reviewer' : undefined));
  await Promise.all(sessions.map((session) => checkAlerts(session, { run })));
  expect(await keys()).toEqual(['Builder', 'reviewer'].map((name) => `alert:dead:${name}:2026-11-20T09:00:00.000Z:1`));
  expect(ran).toHaveLength(2);
});

test('who was killed at any step has lost nothing: the next who checks tells it, by mail once', async () => {
  const { root, as } = still.rig;
  await setRules(root, both);
  // It notes, sends, takes on the command, and notes that it is told; then, and after it, it is killed no more.
  for (let at = 1; at <= 5; at++) {
    pass(minute);
    await makeDead(root);
    const { run, ran } = runner();
    const dying = as('reviewer');
    const { steps } = endAfter(dying, at);
    await checkAlerts(dying, { run }).catch((error: unknown) => expect(String(error)).toContain('killed'));
    expect(steps()).toBe(Math.min(at, 4));
    pass(3 * minute);
    await checkAlerts(root, { run });
    const mail = await mailOf(root, 'planner');
    expect(mail.map(({ subject }) => subject)).toEqual(['Firing: dead in reviewer']);
    // Killed between its end and the note of that, a command runs once more.
    expect(ran).toHaveLength(at === 4 ? 2 : 1);
    expect(await documentIn(root.store, 'alerts')).toMatchObject({ alerts: [{ waiting: [], told: { exitCode: 0 } }] });
    await purgeDead(root, 'reviewer', 'all', { force: true });
    await checkAlerts(root, { run });
    await ack(root, must(await readNext(root, 'planner')).receipt);
  }
});

test('a test shows what would be done, and with act does it as often as it is asked, marked as one', async () => {
  const { root } = still.rig;
  await setRules(root, both);
  await makeDead(root);
  const { run, ran } = runner();
  const would = await testAlert(root, 'dead', { run });
  expect(would).toMatchObject({
    alert: 'dead',
    mail: { to: 'planner', subject: 'Test: Firing: dead in reviewer' },
    run: ['notify', 'me'],
    told: { test: true, mailbox: 'reviewer', value: 1 },
  });
  expect(would.mailboxes).toContainEqual({ mailbox: 'reviewer', value: 1, holds: true });
  expect(would).not.toHaveProperty('did');
  expect([await keys(), ran]).toEqual([[], []]);
  for (let i = 0; i < 2; i++)
    expect((await testAlert(root, 'dead', { act: true, run })).did).toMatchObject({ exitCode: 0 });
  expect(await keys()).toEqual([null, null]);
  expect(ran).toMatchObject([{ test: true }, { test: true }]);
  expect(await documentIn(root.store, 'alerts')).toBeUndefined();
});

test('a test of a rule that tells nobody, or whom nobody knows, says so', async () => {
  const { root } = still.rig;
  await setRules(root, [{ name: 'dead', to: 'nobody', mailbox: 'x*' }]);
  const { did, mailboxes } = await testAlert(root, 'dead', { act: true });
  expect(mailboxes).toEqual([]);
  expect(did?.trouble).toContain('There is no agent "nobody"');
  expect(await testAlert(root, 'corrupt')).not.toHaveProperty('mail');
});

test('a test sends no mail about who gets mail of alerts, and says so', async () => {
  const { root } = still.rig;
  await setRules(root, [{ name: 'dead', to: 'planner' }]);
  const tested = await testAlert(root, 'dead', { act: true, mailbox: 'planner' });
  expect(tested).not.toHaveProperty('mail');
  expect(tested.did).toEqual({});
  expect(tested.trouble).toContain('gets mail of alerts itself');
  expect(await keys()).toEqual([]);
  await setRules(root, [{ name: 'dead', to: 'nobody' }]);
  expect((await testAlert(root, 'dead')).trouble).toBe('There is no agent "nobody".');
});
