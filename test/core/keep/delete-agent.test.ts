import { beforeEach, expect, test } from 'vitest';
import { listAgents, registerAgent, resolveAgent } from '../../../src/core/agents/agents.ts';
import { listArchive, restoreArchive, searchArchive } from '../../../src/core/keep/archive.ts';
import { deleteAgent } from '../../../src/core/keep/delete-agent.ts';
import { listDead, retryDead } from '../../../src/core/keep/dlq.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { show } from '../../../src/core/look/show.ts';
import { status } from '../../../src/core/look/status.ts';
import { trace } from '../../../src/core/look/trace.ts';
import { addSchedule, listSchedules } from '../../../src/core/schedules/schedules.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { loadSubscriptions, subscribe } from '../../../src/core/topics/subscriptions.ts';
import { type CoreRig, createCoreRig, expectRefusal, gather, refusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const hourMs = 3_600_000;
const sendTo = async (body: string, more = {}): Promise<string> =>
  (await send(rig.root, { to: 'reviewer', body, ...more })).id;
const finished = async (body: string): Promise<string> => {
  const id = await sendTo(body);
  await ack(rig.root, (await readNext(rig.root, 'reviewer'))?.receipt ?? '');
  return id;
};
const archiveOf = async (mailbox: string): Promise<string[]> =>
  (await gather(listArchive(rig.root, mailbox))).map(({ message }) => message.body);

test('an agent whose mailbox has nothing unfinished is deleted, and is nowhere any more', async () => {
  await finished('old');
  expect(await deleteAgent(rig.root, 'REVIEWER')).toMatchObject({
    name: 'reviewer',
    archived: 0,
    subscriptions: [],
    schedules: [],
  });
  expect((await listAgents(rig.root)).map(({ name }) => name)).toEqual(['Builder', 'planner']);
  expect((await status(rig.root)).map(({ mailbox }) => mailbox)).toEqual(['Builder', 'planner']);
  expect((await send(rig.root, { to: '@all', body: 'x' })).mailboxes).toEqual(['Builder']);
  for (const refused of [
    sendTo('new'),
    readNext(rig.root, 'reviewer'),
    resolveAgent(rig.root, 'reviewer'),
    deleteAgent(rig.root, 'reviewer'),
    subscribe(rig.as('reviewer'), 'a'),
  ]) {
    const error = await refusal(refused);
    expect(error).toMatchObject({ kind: 'not-found', code: 'AGENT_NOT_FOUND' });
    expect(error.message).toMatch(/There is no agent "reviewer" any more: it was deleted at \d{4}-/);
    expect(error.hint).toContain('dreamos archive list reviewer');
  }
});

test('what was finished or is dead stays readable, and is not brought back', async () => {
  const id = await finished('needle');
  const dead = await sendTo('dead');
  await nack(rig.root, (await readNext(rig.root, 'reviewer'))?.receipt ?? '', { dead: true });
  await deleteAgent(rig.root, 'reviewer');
  expect(await archiveOf('reviewer')).toEqual(['needle']);
  expect(await gather(searchArchive(rig.root, 'needle'))).toMatchObject([{ id, mailbox: 'reviewer' }]);
  expect((await show(rig.root, id)).entries).toMatchObject([{ mailbox: 'reviewer', state: 'archived' }]);
  expect((await trace(rig.root, id)).entries).toMatchObject([{ mailbox: 'reviewer', state: 'archived' }]);
  expect(await gather(listDead(rig.root, 'reviewer'))).toMatchObject([{ id: dead }]);
  await expectRefusal(restoreArchive(rig.root, 'reviewer', id), 'AGENT_NOT_FOUND');
  await expectRefusal(retryDead(rig.root, 'reviewer', [dead]), 'AGENT_NOT_FOUND');
});

test('unfinished mail keeps it from being deleted, and nothing is changed', async () => {
  await subscribe(rig.as('reviewer'), 'build.*');
  await sendTo('held');
  await readNext(rig.root, 'reviewer');
  await sendTo('ready');
  await sendTo('later', { delayMs: hourMs });
  const before = await resolveAgent(rig.root, 'reviewer');
  expect(await refusal(deleteAgent(rig.root, 'reviewer'))).toMatchObject({
    kind: 'conflict',
    code: 'MAILBOX_NOT_EMPTY',
    message: 'reviewer has 3 unfinished messages (1 ready, 1 delayed, 1 inflight), so it is not deleted.',
  });
  expect(await resolveAgent(rig.root, 'reviewer')).toEqual(before);
  expect((await loadSubscriptions(rig.root)).get('reviewer')).toEqual(['build.*']);
});

test('with archive what is unfinished is archived as cancelled, and its holder is told', async () => {
  await sendTo('held');
  const held = await readNext(rig.root, 'reviewer');
  await sendTo('ready');
  await sendTo('later', { delayMs: hourMs });
  expect(await deleteAgent(rig.root, 'reviewer', { archive: true })).toMatchObject({ archived: 3 });
  expect((await archiveOf('reviewer')).sort()).toEqual(['held', 'later', 'ready']);
  expect(rig.mail.log.filter(({ event }) => event === 'cancelled')).toMatchObject([
    { by: 'planner' },
    { by: 'planner' },
    { by: 'planner' },
  ]);
  await expectRefusal(ack(rig.root, held?.receipt ?? ''), 'LEASE_LOST');
});

test('mail that comes while it is deleted keeps it, without archive', async () => {
  const { documents } = rig.root.store;
  const put = documents.put.bind(documents);
  documents.put = async (...args) => {
    documents.put = put;
    await sendTo('late');
    return put(...args);
  };
  await expectRefusal(deleteAgent(rig.root, 'reviewer'), 'MAILBOX_NOT_EMPTY');
  expect(await resolveAgent(rig.root, 'reviewer')).not.toHaveProperty('retiredAt');
  expect((await readNext(rig.root, 'reviewer'))?.message.body).toBe('late');
});

test('its subscriptions and schedules end and are named; one that goes to others, too, is a warning', async () => {
  await subscribe(rig.as('reviewer'), ['build.*', 'deploy.>']);
  const add = (name: string, from: string, to: string[]) =>
    addSchedule(rig.root, { name, cron: '0 3 * * *', message: { from, to, body: 'x' } });
  await add('mine', 'reviewer', ['planner']);
  await add('to-me', 'planner', ['reviewer']);
  await add('to-both', 'planner', ['reviewer', 'Builder']);
  await add('other', 'planner', ['Builder']);
  expect(await deleteAgent(rig.root, 'reviewer')).toMatchObject({
    subscriptions: ['build.*', 'deploy.>'],
    schedules: ['mine', 'to-me'],
  });
  expect((await listSchedules(rig.root)).map(({ name }) => name)).toEqual(['other', 'to-both']);
  expect(rig.warnings.join()).toMatch(/The schedule to-both goes to reviewer and to others/);
  expect((await publish(rig.root, 'build.done', { body: 'green' })).mailboxes).toEqual([]);
});

test('a run that was cut off when its card was changed is ended by the next one, also where nothing was unfinished', async () => {
  await subscribe(rig.as('reviewer'), 'build.*');
  const message = { from: 'reviewer', to: ['planner'], body: 'x' };
  await addSchedule(rig.root, { name: 'mine', cron: '0 3 * * *', message });
  const { documents } = rig.root.store;
  const put = documents.put.bind(documents);
  documents.put = async (name, ...args) => {
    if (name === 'subscriptions') throw new Error('killed');
    return put(name, ...args);
  };
  await expect(deleteAgent(rig.root, 'reviewer')).rejects.toThrow('killed');
  documents.put = put;
  expect(await deleteAgent(rig.root, 'reviewer')).toMatchObject({ subscriptions: ['build.*'], schedules: ['mine'] });
  expect((await loadSubscriptions(rig.root)).has('reviewer')).toBe(false);
  expect(await listSchedules(rig.root)).toEqual([]);
  await expectRefusal(deleteAgent(rig.root, 'reviewer'), 'AGENT_NOT_FOUND');
});

test('what a run that was cut off has left, the next one ends', async () => {
  await subscribe(rig.as('reviewer'), 'build.*');
  await sendTo('left');
  rig.root.store.mail.cancel = () => Promise.reject(new Error('killed'));
  await expect(deleteAgent(rig.root, 'reviewer', { archive: true })).rejects.toThrow('killed');
  const other = rig.as('planner');
  expect((await gather(doctor(other))).filter(({ rule }) => rule === 'deleted-with-mail')).toMatchObject([
    { mailbox: 'reviewer', hint: 'dreamos agent delete reviewer --archive' },
  ]);
  await expectRefusal(deleteAgent(other, 'reviewer'), 'MAILBOX_NOT_EMPTY');
  expect(await deleteAgent(other, 'reviewer', { archive: true })).toMatchObject({
    archived: 1,
    subscriptions: ['build.*'],
  });
  await expectRefusal(deleteAgent(other, 'reviewer', { archive: true }), 'AGENT_NOT_FOUND');
});

test('registered again it is new, over the archive of before', async () => {
  await registerAgent(rig.root, { name: 'reviewer', description: 'old', groups: ['g'] });
  await finished('old');
  await deleteAgent(rig.root, 'reviewer');
  const { card, created } = await registerAgent(rig.root, { name: 'Reviewer' });
  expect(created).toBe(true);
  expect(Object.keys(card).sort()).toEqual(['createdAt', 'name']);
  await sendTo('new');
  expect((await readNext(rig.root, 'reviewer'))?.message.body).toBe('new');
  expect(await archiveOf('reviewer')).toEqual(['old']);
});
