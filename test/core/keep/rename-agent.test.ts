import { beforeEach, expect, test } from 'vitest';
import { listAgents, registerAgent, resolveAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { pauseAgent } from '../../../src/core/agents/pause.ts';
import { deleteAgent } from '../../../src/core/keep/delete-agent.ts';
import { maintain } from '../../../src/core/keep/maintain.ts';
import { registerAnew, renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { show } from '../../../src/core/look/show.ts';
import { trace } from '../../../src/core/look/trace.ts';
import { fireDue } from '../../../src/core/schedules/fire-due.ts';
import { addSchedule, listSchedules } from '../../../src/core/schedules/schedules.ts';
import { reply } from '../../../src/core/send/reply.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack, renew } from '../../../src/core/take/settle.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { loadSubscriptions, subscribe } from '../../../src/core/topics/subscriptions.ts';
import { type CoreRig, createCoreRig, expectRefusal, gather, must, refusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const toReviewer = (body: string, more = {}) => send(rig.root, { to: 'reviewer', body, ...more });
const rename = () => renameAgent(rig.root, 'reviewer', 'critic');
const message = { to: 'reviewer', body: 'tick' };
const schedule = (name: string, more: object = {}) =>
  addSchedule(rig.root, { name, cron: '* * * * *', message: { ...message, ...more } });
/** Dies behind the one step that decides. */
async function cutOff(): Promise<void> {
  const { documents } = rig.root.store;
  const { rename: move } = documents;
  documents.rename = async (...names) => {
    await move(...names);
    throw new Error('killed');
  };
  await expect(rename()).rejects.toThrow('killed');
  documents.rename = move;
}

test('an agent has another name, and its mail, card and groups go with it', async () => {
  await registerAgent(rig.root, {
    name: 'reviewer',
    description: 'reads',
    groups: ['readers'],
    settings: { lease: '1h' },
  });
  await pauseAgent(rig.root, 'reviewer');
  const { id } = await toReviewer('hello');
  const renamed = await renameAgent(rig.root, 'REVIEWER', 'critic');
  expect(renamed).toMatchObject({
    name: 'critic',
    description: 'reads',
    groups: ['readers'],
    settings: { lease: '1h' },
    pausedBy: 'planner',
    formerNames: [{ name: 'reviewer' }],
    from: 'reviewer',
    changed: true,
    subscriptions: [],
    schedules: [],
  });
  expect((await listAgents(rig.root)).map(({ name }) => name)).toEqual(['Builder', 'critic', 'planner']);
  expect((await show(rig.root, id)).entries).toMatchObject([{ mailbox: 'critic', state: 'ready' }]);
  expect((await trace(rig.root, id)).entries).toMatchObject([{ mailbox: 'critic' }]);
  expect((await send(rig.root, { to: '@readers', body: 'x' })).mailboxes).toEqual(['critic']);
});

test('what it is subscribed to, sends and gets by schedules follows', async () => {
  await subscribe(rig.as('reviewer'), ['build.*', 'a']);
  await schedule('own', { from: 'reviewer', to: 'planner' });
  await schedule('both', { to: ['planner', 'Reviewer'] });
  await schedule('other', { to: 'planner,@all' });
  expect(await rename()).toMatchObject({ subscriptions: ['a', 'build.*'], schedules: ['own', 'both'] });
  expect([...(await loadSubscriptions(rig.root)).keys()]).toEqual(['critic']);
  expect((await listSchedules(rig.root)).map(({ name, from, message: { to } }) => [name, from, to])).toEqual([
    ['both', 'planner', ['planner', 'critic']],
    ['other', 'planner', ['planner,@all']],
    ['own', 'critic', ['planner']],
  ]);
  expect((await publish(rig.root, 'build.done', { body: 'x' })).mailboxes).toEqual(['critic']);
});

test('whatever goes by the old name is refused with the new one, and the command that is named works', async () => {
  await rename();
  for (const refused of [toReviewer('x'), readNext(rig.root, 'reviewer'), retireAgent(rig.root, 'Reviewer')]) {
    const error = await refusal(refused);
    expect(error).toMatchObject({ kind: 'not-found', code: 'AGENT_NOT_FOUND' });
    expect(error.message).toBe('There is no agent "reviewer" any more: it is called critic now.');
    expect(error.hint).toBe(
      'Use that name: dreamos agent show critic; to make another reviewer: dreamos agent register reviewer',
    );
  }
  await send(rig.as('reviewer'), { to: 'planner', body: 'x' });
  expect(rig.warnings.join()).toContain('reviewer is called critic now');
});

test('who waits under the old name is told', async () => {
  const reading = refusal(readNext(rig.root, 'reviewer', { waitMs: 20_000 }));
  await rename();
  rig.mail.listeners.forEach((listener) => listener('reviewer'));
  expect((await reading).message).toContain('critic now');
});

test('a claim of before is renewed, given back and acked, also when another has the old name', async () => {
  await registerAgent(rig.root, { name: 'reviewer', settings: { maxAttempts: 2 } });
  for (const body of ['one', 'two']) await toReviewer(body);
  const [one, two] = [await readNext(rig.root, 'reviewer'), await readNext(rig.root, 'reviewer')].map(must);
  await rename();
  expect(await renew(rig.root, must(one).receipt, 60_000)).toMatchObject({ mailbox: 'critic' });
  await registerAnew(rig.root, { name: 'reviewer' });
  expect(await nack(rig.root, must(two).receipt, { delayMs: 0 })).toMatchObject({ mailbox: 'critic', state: 'ready' });
  expect(await ack(rig.root, must(one).receipt)).toMatchObject({ mailbox: 'critic', state: 'archived' });
});

test('an answer reaches who asked before, once, and who answers holds what he held', async () => {
  await send(rig.as('reviewer'), { to: 'planner', body: 'how?' });
  const { receipt } = must(await readNext(rig.root, 'planner'));
  await rename();
  const answer = { body: 'so' };
  const first = await reply(rig.root, receipt, answer, { ack: true });
  expect(first).toMatchObject({ mailboxes: ['critic'], acked: { state: 'archived' } });
  // The second time both names are tried.
  await expectRefusal(reply(rig.root, receipt, answer), 'ALREADY_EXISTS');
  await toReviewer('x').catch(() => undefined);
  const { receipt: held } = must(await readNext(rig.root, 'critic'));
  await renameAgent(rig.root, 'critic', 'judge');
  expect(await reply(rig.as('judge'), held, { body: 'thanks' }, { ack: true })).toMatchObject({
    mailboxes: ['planner'],
  });
});

test('a repeat under a dedupe key of before is one, and a first send is refused', async () => {
  const { id } = await toReviewer('x', { dedupeKey: 'k' });
  await rename();
  expect(await toReviewer('x', { dedupeKey: 'k' })).toMatchObject({ id, duplicate: true, state: 'ready' });
  expect((await refusal(toReviewer('x', { dedupeKey: 'new' }))).message).toContain('critic now');
  await expectRefusal(toReviewer('y', { dedupeKey: 'k' }), 'DEDUPE_MISMATCH');
});

test('what it has sent under a dedupe key before is sent once', async () => {
  const draft = { to: 'planner', body: 'x', dedupeKey: 'k' };
  const { id } = await send(rig.as('reviewer'), draft);
  await rename();
  expect(await send(rig.as('critic'), draft)).toMatchObject({ id, duplicate: true });
  await registerAnew(rig.root, { name: 'reviewer' });
  expect(await send(rig.as('reviewer'), { ...draft, dedupeKey: 'k2' })).not.toHaveProperty('duplicate');
});

test('the same again says where it is, and what nobody can be called is refused', async () => {
  await registerAgent(rig.root, { name: 'reviewer', groups: ['readers'] });
  await publish(rig.root, 'build.done', { body: 'x' });
  await deleteAgent(rig.root, 'Builder');
  const to = (from: string, name: string) => refusal(renameAgent(rig.root, from, name));
  for (const name of ['a b', 'all', 'ALL']) expect(await to('reviewer', name)).toMatchObject({ code: 'NAME_INVALID' });
  expect(await refusal(registerAnew(rig.root, { name: 'All' }))).toMatchObject({ code: 'NAME_INVALID' });
  expect(await to('reviewer', 'reviewer')).toMatchObject({
    code: 'USAGE',
    hint: 'Its card: dreamos agent show reviewer',
  });
  expect(await to('reviewer', 'Reviewer')).toMatchObject({ code: 'USAGE' });
  expect(await to('reviewer', 'PLANNER')).toMatchObject({
    kind: 'conflict',
    code: 'ALREADY_EXISTS',
    message: 'There is an agent planner already, so reviewer keeps its name.',
    hint: 'Look at that one: dreamos agent show planner; or take another name: dreamos agent rename reviewer planner-2',
  });
  expect(await to('reviewer', 'Builder')).toMatchObject({
    code: 'ALREADY_EXISTS',
    hint: expect.stringContaining('dreamos archive list Builder') as string,
  });
  expect(await to('Builder', 'x')).toMatchObject({ code: 'AGENT_NOT_FOUND' });
  expect(await to('nobody', 'x')).toMatchObject({ code: 'AGENT_NOT_FOUND', hint: 'dreamos agent register nobody' });
  expect((await to('readers', 'x')).message).toContain('is a group');
  expect((await to('build.done', 'x')).message).toContain('is a topic');
  expect((await resolveAgent(rig.root, 'reviewer')).formerNames).toBeUndefined();
  await rename();
  expect(await rename()).toMatchObject({ name: 'critic', from: 'reviewer', changed: false });
  expect((await to('reviewer', 'judge')).message).toContain('critic now');
});

test('one that was cut off before the step that decides has changed nothing that counts', async () => {
  const { documents } = rig.root.store;
  const { rename: move } = documents;
  documents.rename = () => Promise.reject(new Error('killed'));
  await expect(rename()).rejects.toThrow('killed');
  documents.rename = move;
  await toReviewer('still there');
  await renameAgent(rig.root, 'reviewer', 'judge');
  expect((await resolveAgent(rig.root, 'judge')).formerNames).toMatchObject([{ name: 'reviewer' }]);
  await expectRefusal(resolveAgent(rig.root, 'critic'), 'AGENT_NOT_FOUND');
});

test('cut off behind it, publishes and schedules find it until the same again has written what follows', async () => {
  await subscribe(rig.as('reviewer'), 'build.*');
  await schedule('tick');
  await cutOff();
  expect((await publish(rig.root, 'build.done', { body: 'x' })).mailboxes).toEqual(['critic']);
  rig.clock.advance(60_000);
  const { fired } = await fireDue(rig.root);
  expect(fired).toMatchObject([{ schedule: 'tick', id: expect.any(String) as string }]);
  expect((await show(rig.root, must(fired[0]?.id))).entries).toMatchObject([{ mailbox: 'critic' }]);
  expect(await rename()).toMatchObject({ changed: false, subscriptions: ['build.*'], schedules: ['tick'] });
  expect(await rename()).toMatchObject({ changed: false, subscriptions: [], schedules: [] });
});

test.for([
  ['maintain', () => gather(maintain(rig.root))],
  ['who registers the old name', () => registerAnew(rig.root, { name: 'Reviewer' })],
] as const)('cut off behind it, %s writes what follows', async ([, next]) => {
  await subscribe(rig.as('reviewer'), 'build.*');
  await schedule('tick');
  await cutOff();
  await next();
  expect([...(await loadSubscriptions(rig.root))]).toEqual([['critic', ['build.*']]]);
  expect((await listSchedules(rig.root)).map(({ message: { to } }) => to)).toEqual([['critic']]);
});
