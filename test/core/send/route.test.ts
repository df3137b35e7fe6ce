import { beforeEach, expect, test } from 'vitest';
import { registerAgent, resolveAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { preview, send, sendAll } from '../../../src/core/send/send.ts';
import { type CoreRig, createCoreRig, expectRefusal, refusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
  await registerAgent(rig.root, { name: 'planner', groups: ['team'] });
  await registerAgent(rig.root, { name: 'reviewer', groups: ['team', 'Reviewers'] });
  await registerAgent(rig.root, { name: 'Builder', groups: ['reviewers'] });
  await registerAgent(rig.root, { name: 'gone', groups: ['team', 'ghosts'] });
  await retireAgent(rig.root, 'gone');
});

const to = (words: string | string[], body = 'hello') => ({ to: words, body });

async function routes(words: string | string[]): Promise<Record<string, readonly string[]>> {
  return Object.fromEntries(
    (await preview(rig.root, to(words))).map(({ mailbox, reasons }) => [mailbox, reasons] as const),
  );
}

test('a group is everybody in it, however it is cased, and one message with all their names', async () => {
  const sent = await send(rig.root, to('@REVIEWERS'));
  expect(sent).toMatchObject({ to: ['Builder', 'reviewer'], mailboxes: ['Builder', 'reviewer'] });
  const found = await rig.root.store.look.find(sent.id);
  expect(found.map(({ mailbox }) => mailbox).sort()).toEqual(['Builder', 'reviewer']);
  const [entry] = found;
  expect(entry && (await rig.root.store.look.read(entry))?.to).toEqual(['Builder', 'reviewer']);
});

test('each gets it once, with every reason', async () => {
  expect(await routes('reviewer,@reviewers,@all,REVIEWER')).toEqual({
    reviewer: ['named', '@reviewers', '@all'],
    Builder: ['@reviewers', '@all'],
  });
  expect(await routes(['@all', 'Builder,@Reviewers'])).toEqual({
    Builder: ['@all', 'named', '@reviewers'],
    reviewer: ['@all', '@reviewers'],
  });
});

test('the sender is left out of groups and all, unless named', async () => {
  expect(await routes('@team')).toEqual({ reviewer: ['@team'] });
  expect(Object.keys(await routes('@all'))).toEqual(['Builder', 'reviewer']);
  expect(await routes('@team,Planner')).toEqual({ planner: ['@team', 'named'], reviewer: ['@team'] });
  // Who sends for another one is not the sender.
  const other = await preview(rig.root, { ...to('@team'), from: 'Builder' });
  expect(other.map(({ mailbox }) => mailbox)).toEqual(['planner', 'reviewer']);
});

test('who has retired is in no group, and an error when named', async () => {
  expect(Object.keys(await routes('@all'))).not.toContain('gone');
  await expectRefusal(send(rig.root, to('@ghosts')), 'AGENT_NOT_FOUND');
  await expectRefusal(send(rig.root, to('@all,gone')), 'AGENT_RETIRED');
});

test('a group that nobody is in names the nearest, and nothing is sent', async () => {
  const error = await refusal(send(rig.root, to('Builder,@reviewrs')));
  expect(error).toMatchObject({ kind: 'not-found', code: 'AGENT_NOT_FOUND' });
  expect(error.message).toContain('"@reviewrs"');
  expect(error.hint).toContain('"@reviewers"');
  expect((await refusal(send(rig.root, to('@')))).code).toBe('AGENT_NOT_FOUND');
  expect((await rig.root.store.look.counts('Builder')).ready).toBe(0);
});

test('all without anybody else, and a group of the sender alone, are errors', async () => {
  for (const name of ['reviewer', 'Builder']) await retireAgent(rig.root, name);
  for (const group of ['@all', '@team']) {
    const error = await refusal(send(rig.root, to(group)));
    expect(error).toMatchObject({ kind: 'not-found', code: 'AGENT_NOT_FOUND' });
    expect(error.message).toContain(`Nobody but planner, the sender, is in ${group}`);
  }
});

test('a preview checks everything and sends nothing', async () => {
  await expectRefusal(preview(rig.root, to('@all', '  ')), 'BODY_EMPTY');
  await expectRefusal(preview(rig.root, to('@all,nobody')), 'AGENT_NOT_FOUND');
  await expectRefusal(preview(rig.root, to('@all', 'x'.repeat(2_000_000))), 'MESSAGE_TOO_LARGE');
  await routes('@all');
  expect((await rig.root.store.look.counts('reviewer')).ready).toBe(0);
});

test('in a batch each message has its own recipients, and its own refusal', async () => {
  const results = await sendAll(rig.root, [to('@reviewers'), to('@none'), to(['@team', 'Builder'])]);
  expect(results).toMatchObject([
    { to: ['Builder', 'reviewer'] },
    { code: 'AGENT_NOT_FOUND' },
    { to: ['reviewer', 'Builder'] },
  ]);
});

test('more than 10,000 recipients are refused', async () => {
  const createdAt = new Date(0).toISOString();
  for (let i = 0; i < 10_000; i++) rig.mail.agents.set(`a${i}`, { value: { name: `a${i}`, createdAt }, version: 1 });
  const error = await refusal(preview(rig.root, to('@all')));
  expect(error.code).toBe('USAGE');
  expect(error.message).toContain('10002 recipients');
});

test('groups are named like agents, are replaced as a whole, and taken away with none', async () => {
  await expectRefusal(registerAgent(rig.root, { name: 'reviewer', groups: ['a b'] }), 'NAME_INVALID');
  await expectRefusal(registerAgent(rig.root, { name: 'reviewer', groups: ['ok', 'ALL'] }), 'NAME_INVALID');
  await registerAgent(rig.root, { name: 'reviewer', description: 'as before' });
  expect((await resolveAgent(rig.root, 'reviewer')).groups).toEqual(['team', 'Reviewers']);
  await registerAgent(rig.root, { name: 'reviewer', groups: [] });
  expect((await resolveAgent(rig.root, 'reviewer')).groups).toEqual([]);
  expect(await routes('@reviewers')).toEqual({ Builder: ['@reviewers'] });
});
