import { expect, test } from 'vitest';
import { listAlerts, silenceAlerts, testAlert } from '../../../src/core/alerts/alerts.ts';
import { purgeDead } from '../../../src/core/keep/dlq.ts';
import { deleteAgent } from '../../../src/core/keep/delete-agent.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { maintain } from '../../../src/core/keep/maintain.ts';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { retireAgent } from '../../../src/core/agents/agents.ts';
import { setConfig } from '../../../src/core/config/change.ts';
import { forgetSettings } from '../../../src/core/root/config-file.ts';
import { send } from '../../../src/core/send/send.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { changeIn, changeAgentIn, documentIn } from '../../storage/contract/ways.ts';
import { gather, must } from '../rig.ts';
import { mailOf } from '../schedules/nightly.ts';
import { useStillTime } from '../still-time.ts';
import { checked, makeDead, pass, runner, setRules } from './rig.ts';

const still = useStillTime();
const minute = 60_000;
const hour = 60 * minute;
const toPlanner = [{ name: 'dead', to: 'planner' }];
const subjects = async (mailbox = 'planner') => (await mailOf(still.rig.root, mailbox)).map(({ subject }) => subject);
const fix = (mailbox = 'reviewer') => purgeDead(still.rig.root, mailbox, 'all', { force: true });

test('where all is well each default is there once, and nothing is written', async () => {
  const { root } = still.rig;
  expect((await listAlerts(root)).map(({ alert, state }) => [alert, state])).toEqual(
    ['unread', 'oldest', 'dead', 'corrupt', 'gone', 'disk'].map((name) => [name, 'ok']),
  );
  await checked(root);
  expect(await documentIn(root.store, 'alerts')).toBeUndefined();
});

test('what holds fires, with its number and its limit, and whose rule tells nobody is only listed', async () => {
  const { root } = still.rig;
  await makeDead(root);
  await makeDead(root, 'Builder');
  const firing = { state: 'firing', value: 1, over: 0, since: '2026-11-20T09:00:00.000Z' };
  expect(await checked(root)).toMatchObject([
    { ...firing, mailbox: 'Builder' },
    { ...firing, mailbox: 'reviewer' },
  ]);
  expect(await subjects()).toEqual([]);
});

test('a look says the same, and notes nothing', async () => {
  const { root } = still.rig;
  await setRules(root, toPlanner);
  await makeDead(root);
  expect(await listAlerts(root)).toContainEqual(expect.objectContaining({ alert: 'dead', state: 'firing', value: 1 }));
  expect(await documentIn(root.store, 'alerts')).toBeUndefined();
  expect(await subjects()).toEqual([]);
});

test('it is told by mail when it begins to fire, once, and when it has resolved', async () => {
  const { root } = still.rig;
  await setRules(root, toPlanner);
  await makeDead(root);
  const [alert] = await checked(root);
  const [message] = await mailOf(root, 'planner');
  expect(message).toMatchObject({
    from: 'dreamos',
    subject: 'Firing: dead in reviewer',
    type: 'alert',
    priority: 'high',
    tags: ['alert', 'dead'],
    data: { alert: 'dead', mailbox: 'reviewer', what: 'firing', value: 1, over: 0, metric: 'dead' },
    dedupeKey: 'alert:dead:reviewer:2026-11-20T09:00:00.000Z:1',
  });
  expect(message?.body).toContain('dead in reviewer is 1; the alert holds over 0.');
  expect(alert?.told).toEqual({ what: 'firing', at: '2026-11-20T09:00:00.000Z', id: message?.id });
  pass(hour);
  await makeDead(root);
  await checked(root);
  expect(await mailOf(root, 'planner')).toEqual([message]);
  await fix();
  expect(await checked(root)).toMatchObject([{ state: 'resolved', value: 0, told: { what: 'resolved' } }]);
  // What nobody has read is replaced by how it is now.
  expect(await subjects()).toEqual(['Resolved: dead in reviewer']);
  pass(25 * hour);
  expect(await checked(root)).toMatchObject([{ state: 'ok' }]);
  expect(JSON.stringify(await documentIn(root.store, 'alerts'))).not.toContain('"dead"');
});

test('it fires when it has held for so long, and what held for less is forgotten', async () => {
  const { root } = still.rig;
  await setRules(root, [{ name: 'dead', to: 'planner', for: '10m' }]);
  await makeDead(root);
  expect(await checked(root)).toMatchObject([{ state: 'pending' }]);
  pass(9 * minute);
  expect(await checked(root)).toMatchObject([{ state: 'pending', since: '2026-11-20T09:00:00.000Z' }]);
  await fix();
  expect(await checked(root)).toMatchObject([{ state: 'ok' }]);
  await makeDead(root);
  pass(2 * minute);
  expect(await checked(root)).toMatchObject([{ state: 'pending', since: '2026-11-20T09:11:00.000Z' }]);
  pass(10 * minute);
  expect(await checked(root)).toMatchObject([{ state: 'firing', firedAt: '2026-11-20T09:21:00.000Z' }]);
  expect(await subjects()).toEqual(['Firing: dead in reviewer']);
});

test('after the clock was ahead it waits anew, and not for what the clock said', async () => {
  const { root } = still.rig;
  await setRules(root, [{ name: 'dead', for: '10m' }]);
  await makeDead(root);
  pass(48 * hour);
  await checked(root);
  pass(-47 * hour);
  expect(await checked(root)).toMatchObject([{ state: 'pending' }]);
  pass(10 * minute);
  expect(await checked(root)).toMatchObject([{ state: 'firing' }]);
});

test('while it fires it is told again so often as the rule says', async () => {
  const { root } = still.rig;
  await setRules(root, [{ name: 'dead', to: 'planner', every: '1h' }]);
  await makeDead(root);
  await checked(root);
  pass(hour - 1);
  await checked(root);
  expect(await subjects()).toEqual(['Firing: dead in reviewer']);
  pass(1);
  await checked(root);
  expect(await subjects()).toEqual(['Still firing: dead in reviewer']);
});

test('what is silenced is neither told nor counted, and is told when the silence is over', async () => {
  const { root } = still.rig;
  await setRules(root, toPlanner);
  await makeDead(root);
  expect(await silenceAlerts(root, 'dead', { forMs: hour, mailbox: 'rev*' })).toEqual({
    alert: 'dead',
    mailbox: 'rev*',
    until: '2026-11-20T10:00:00.000Z',
    by: 'planner',
  });
  expect(await checked(root)).toMatchObject([{ state: 'silenced', silencedUntil: '2026-11-20T10:00:00.000Z' }]);
  await makeDead(root, 'Builder');
  expect(await checked(root)).toMatchObject([{ state: 'firing', mailbox: 'Builder' }, { state: 'silenced' }]);
  expect(await subjects()).toEqual(['Firing: dead in Builder']);
  pass(hour);
  await checked(root);
  expect(await subjects()).toEqual(['Firing: dead in Builder', 'Firing: dead in reviewer']);
});

test('a silence of all is ended by one of 0, and what began and ended in it is never told', async () => {
  const { root } = still.rig;
  await setRules(root, toPlanner);
  await silenceAlerts(root, undefined, { forMs: hour });
  await makeDead(root);
  await checked(root);
  await fix();
  await checked(root);
  expect(await silenceAlerts(root, undefined, { forMs: 0 })).toEqual({ until: null, by: 'planner' });
  await checked(root);
  expect(await subjects()).toEqual([]);
  expect(await documentIn(root.store, 'alerts')).toMatchObject({ silences: [] });
});

test('a full mailbox is trouble, told once there is room, in the order in which it happened', async () => {
  const { root, warnings } = still.rig;
  await setRules(root, toPlanner);
  await changeAgentIn(root.store, 'planner', (card) => ({ ...must(card), settings: { maxMessages: 1 } }));
  await send(root, { to: 'planner', body: 'the one' });
  await makeDead(root);
  expect(await checked(root)).toMatchObject([
    { state: 'firing', trouble: expect.stringContaining('planner is full') as string },
  ]);
  expect(warnings.at(-1)).toContain('The alert dead of reviewer: planner is full');
  await fix();
  expect(await checked(root)).toMatchObject([{ state: 'resolved', trouble: expect.any(String) as string }]);
  await changeAgentIn(root.store, 'planner', (card) => ({ ...must(card), settings: {} }));
  const [resolved] = await checked(root);
  expect(resolved).not.toHaveProperty('trouble');
  expect(resolved?.told).toMatchObject({ what: 'resolved' });
  expect(await subjects()).toEqual(['', 'Resolved: dead in reviewer']);
});

test('who has retired or was never there is trouble; who has another name is told under that', async () => {
  const { root } = still.rig;
  await setRules(root, [{ name: 'dead', to: 'nobody' }]);
  await makeDead(root);
  expect((await checked(root))[0]?.trouble).toContain('There is no agent "nobody"');
  await setRules(root, toPlanner);
  await renameAgent(root, 'planner', 'chief');
  expect((await checked(root))[0]).not.toHaveProperty('trouble');
  expect(await subjects('chief')).toEqual(['Firing: dead in reviewer']);
  await retireAgent(root, 'chief');
  await makeDead(root, 'Builder');
  expect((await checked(root))[0]?.trouble).toContain('has retired');
});

test('an alert about who gets mail of alerts sends none, so that no alert makes another', async () => {
  const { root } = still.rig;
  await setRules(root, [
    { name: 'unread', to: 'planner' },
    { name: 'oldest', to: 'reviewer', over: '1h' },
    { name: 'dead', off: true },
  ]);
  await send(root, { to: 'Builder', body: 'x' });
  const counts: number[] = [];
  for (let hours = 0; hours < 100; hours++) {
    pass(2 * hour);
    await checked(root);
    counts.push((await mailOf(root, 'planner')).length + (await mailOf(root, 'reviewer')).length);
  }
  expect(counts.at(-1)).toBe(2);
  expect(await checked(root, 'unread')).toContainEqual(
    expect.objectContaining({
      mailbox: 'reviewer',
      trouble: expect.stringContaining('gets mail of alerts itself') as string,
    }),
  );
  for (const one of await checked(root, 'unread'))
    if (one.mailbox === 'reviewer') expect(one).not.toHaveProperty('told');
});

test('a number that is counted over a while fires where there are enough samples, and resolves when they are over', async () => {
  const { root } = still.rig;
  await setRules(root, [{ name: 'failing', metric: 'deadShare', over: '50%', window: '10m', to: 'planner' }]);
  for (let i = 0; i < 4; i++) await makeDead(root);
  pass(minute);
  expect(await checked(root, 'failing')).toMatchObject([{ state: 'ok' }]);
  await makeDead(root);
  pass(minute);
  expect(await checked(root, 'failing')).toMatchObject([{ state: 'firing', mailbox: 'reviewer', value: 1, over: 0.5 }]);
  const [message] = await mailOf(root, 'planner');
  expect(message?.body).toContain('deadShare over the last 10m in reviewer is 100%; the alert holds over 50%.');
  pass(12 * minute);
  expect(await checked(root, 'failing')).toMatchObject([{ state: 'resolved', value: null }]);
});

test('a mailbox that cannot be looked into stays as it was, and one that is gone has resolved', async () => {
  const { root, warnings } = still.rig;
  await setRules(root, toPlanner);
  await makeDead(root);
  await checked(root);
  const counts = root.store.look.counts.bind(root.store.look);
  root.store.look.counts = async (name) => {
    if (name === 'reviewer') throw new DreamosError('disk', 'DISK_FAILED', 'reviewer cannot be read');
    return counts(name);
  };
  expect(await checked(root)).toMatchObject([{ state: 'firing', value: null }]);
  expect(warnings.join()).toContain('reviewer cannot be read');
  root.store.look.counts = counts;
  await deleteAgent(root, 'reviewer', { archive: true });
  await fix();
  expect(await checked(root)).toMatchObject([{ state: 'resolved' }]);
});

test('a rule that is gone or off takes its alerts along, and one that is for others', async () => {
  const { root } = still.rig;
  await makeDead(root);
  await checked(root);
  await setRules(root, [{ name: 'dead', mailbox: 'build*' }]);
  expect(await checked(root)).toMatchObject([{ state: 'ok' }]);
  await setRules(root, [{ name: 'dead', off: true }]);
  expect(await checked(root)).toMatchObject([{ state: 'off' }]);
  expect(await documentIn(root.store, 'alerts')).toMatchObject({ alerts: [] });
});

test('a wrong rule alone is out of force, and is told once with its place and the nearest name', async () => {
  const { root, warnings } = still.rig;
  const before = warnings.length;
  await setRules(root, [{ name: 'a', metric: 'bakclog', over: 1 }, ...toPlanner, { name: 'disk', evry: '1h' }]);
  await makeDead(root);
  expect(await checked(root)).toMatchObject([{ state: 'firing', told: { what: 'firing' } }]);
  expect(warnings.slice(before)).toEqual([
    expect.stringMatching(
      /config\.json: alerts\.0\.metric: there is no metric "bakclog"\. .*out of force.*"backlog"\?$/,
    ),
    expect.stringMatching(/alerts\.2\.evry: .*"every"\?$/),
  ]);
  expect((await listAlerts(root)).map(({ alert, state }) => [alert, state])).toContainEqual(['disk', 'ok']);
  expect((await testAlert(root, 'dead')).mail).toMatchObject({ to: 'planner' });
  expect(await silenceAlerts(root, 'dead', { forMs: hour })).toMatchObject({ alert: 'dead' });
  expect(await gather(maintain(root))).toBeDefined();
});

test('an alert that there is not is refused with the nearest name', async () => {
  const { root } = still.rig;
  const refused = silenceAlerts(root, 'ded', { forMs: hour });
  await expect(refused).rejects.toMatchObject({
    kind: 'invalid',
    code: 'CONFIG_INVALID',
    hint: 'Did you mean "dead"?',
  });
  await expect(testAlert(root, 'nothing')).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('There is no alert "nothing"') as string,
  });
  await expect(silenceAlerts(root, 'dead', { forMs: -1 })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('silence') as string,
  });
});

test('doctor names rules that cannot be used, and who is to be told and is not there', async () => {
  const { root } = still.rig;
  const findings = async () => (await gather(doctor(root))).filter(({ rule }) => rule === 'alerts');
  await setRules(root, toPlanner);
  expect(await findings()).toEqual([]);
  await setRules(root, [{ name: 'dead', to: 'nobody' }]);
  expect(await findings()).toMatchObject([{ level: 'warning', hint: 'dreamos agent register nobody' }]);
  await setRules(root, [{ name: 'dead', evry: '1h' }]);
  expect(await findings()).toMatchObject([{ level: 'problem', hint: 'Did you mean "every"?' }]);
});

test('a document that somebody has spoilt is refused, and stays as it is', async () => {
  const { root } = still.rig;
  await makeDead(root);
  await changeIn(root.store, 'alerts', () => ({ alerts: 'none' }));
  await expect(checked(root)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('alerts') as string,
  });
  expect(await documentIn(root.store, 'alerts')).toEqual({ alerts: 'none' });
});

test('maintain checks where config.json says something of alerts, and else looks at none', async () => {
  const { root } = still.rig;
  await makeDead(root);
  const told = async (dryRun = false) =>
    (await gather(maintain(root, { dryRun, runAlert: runner().run }))).filter(({ task }) => task === 'alerts');
  expect(await told()).toEqual([]);
  expect(await documentIn(root.store, 'alerts')).toBeUndefined();
  await setRules(root, toPlanner);
  expect(await told(true)).toEqual([]);
  expect(await told()).toEqual([{ task: 'alerts', count: 1 }]);
  expect(await told()).toEqual([]);
});

test('a setting beside it is set, and the rules stay', async () => {
  const { root } = still.rig;
  await setRules(root, toPlanner);
  await setConfig(root, 'maxAttempts', '3');
  forgetSettings(root);
  expect(await documentIn(root.store, 'settings')).toEqual({ alerts: toPlanner, maxAttempts: 3 });
});

test('what ends the silence of a rule ends those of it in mailboxes, and one that means no mailbox is a warning', async () => {
  const { root, warnings } = still.rig;
  await silenceAlerts(root, 'dead', { forMs: hour, mailbox: 'reviewr' });
  expect(warnings).toEqual(['There is no mailbox "reviewr". Did you mean "reviewer"?']);
  await silenceAlerts(root, 'disk', { forMs: hour });
  await silenceAlerts(root, 'dead', { forMs: 0 });
  expect(await documentIn(root.store, 'alerts')).toMatchObject({ silences: [{ alert: 'disk' }] });
});
