import { beforeEach, expect, test } from 'vitest';
import { type AgentInput, registerAgent, resolveAgent } from '../../../src/core/agents/agents.ts';
import { type AgentKind, capabilitiesOf, isQueue } from '../../../src/model/agent.ts';
import { listWithSessions } from '../../../src/core/reach/listed.ts';
import { send } from '../../../src/core/send/send.ts';
import { status } from '../../../src/core/look/status.ts';
import { changeAgentIn } from '../../storage/contract/ways.ts';
import { maintain } from '../../../src/core/keep/maintain.ts';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { type CoreRig, createCoreRig, gather, refusal } from '../rig.ts';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

const say = async (input: Omit<AgentInput, 'name'>) =>
  (await registerAgent(rig.root, { name: 'reviewer', ...input })).card;

test('a card says what an agent is for; what is not given stays, and null or an empty list takes it back', async () => {
  await registerAgent(rig.root, { name: 'other', card: { color: 'blue' } });
  const duties = {
    kind: 'specialist',
    capabilities: ['ts', 'review'],
    maxTasks: 3,
    standbyFor: ['planner'],
    mailToStandby: true,
  } as const;
  expect(
    await say({ ...duties, capabilities: ['ts', 'review', 'ts'], standbyFor: ['PLANNER', 'planner'] }),
  ).toMatchObject(duties);
  const changed = await say({ kind: null, capabilities: [], maxTasks: null, mailToStandby: false });
  expect(changed).toMatchObject({ capabilities: [], standbyFor: ['planner'], mailToStandby: false });
  expect(changed).not.toHaveProperty('kind');
  expect(changed).not.toHaveProperty('maxTasks');
  const other = await registerAgent(rig.root, { name: 'other', kind: 'utility' });
  expect(other.card).toMatchObject({ kind: 'utility', color: 'blue' });
});

test.for<[input: Omit<AgentInput, 'name'>, code: string, why: RegExp]>([
  [{ kind: 'queue' as AgentKind }, 'CARD_INVALID', /"queue" is no kind of agent/],
  [{ capabilities: ['ts', 'Review'] }, 'CARD_INVALID', /"Review" is no capability/],
  [{ capabilities: [''] }, 'CARD_INVALID', /"" is no capability/],
  [{ capabilities: ['x'.repeat(33)] }, 'CARD_INVALID', /is no capability/],
  [{ maxTasks: 0 }, 'CARD_INVALID', /cannot have 0 tasks/],
  [{ maxTasks: 1.5 }, 'CARD_INVALID', /cannot have 1\.5 tasks/],
  [{ standbyFor: ['planner', 'Reviewer'] }, 'CARD_INVALID', /nobody stands by for himself/],
  [{ standbyFor: ['plannr'] }, 'AGENT_NOT_FOUND', /no agent "plannr"/],
  [{ card: { maxTasks: 2 } }, 'CARD_INVALID', /maxTasks is not said here/],
  [{ card: { queue: { requires: [] } } }, 'CARD_INVALID', /queue is not said here/],
])('a card cannot say %j, and nothing is changed', async ([input, code, why]) => {
  const before = await resolveAgent(rig.root, 'reviewer');
  const error = await refusal(say({ description: 'other', ...input }));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(why);
  expect(await resolveAgent(rig.root, 'reviewer')).toEqual(before);
});

test('who stands by for an agent does so under its new name, also when the rename was cut off', async () => {
  await say({ standbyFor: ['planner'] });
  await renameAgent(rig.root, 'planner', 'chief');
  expect(await resolveAgent(rig.root, 'reviewer')).toMatchObject({ standbyFor: ['chief'] });
  const { documents } = rig.root.store;
  const { rename } = documents;
  documents.rename = async (...names) => {
    await rename(...names);
    throw new Error('killed');
  };
  await expect(renameAgent(rig.root, 'chief', 'boss')).rejects.toThrow('killed');
  documents.rename = rename;
  await gather(maintain(rig.root));
  expect(await resolveAgent(rig.root, 'reviewer')).toMatchObject({ standbyFor: ['boss'] });
});

test('what an agent can is what it says and what its skills are, in lower case', () => {
  const skills = [
    { id: 'TS', name: 'TypeScript', description: 'reads it', tags: ['Review', 'types'] },
    // A card that somebody has edited.
    null as never,
  ];
  const card = { name: 'reviewer', createdAt: '2026-11-20T09:00:00Z', capabilities: ['deploy'], skills };
  expect([...capabilitiesOf(card)].sort()).toEqual(['deploy', 'review', 'ts', 'types']);
  expect(capabilitiesOf({ name: 'x', createdAt: '' })).toEqual(new Set());
});

test('a mailbox that holds tasks for nobody in particular is a queue', () => {
  expect(isQueue({ kind: 'queue' })).toBe(true);
  expect([isQueue({ kind: 'core' }), isQueue({})]).toEqual([false, false]);
});

test('a queue is nobody: @all and groups leave it out, and no list of agents shows it', async () => {
  const card = {
    name: 'task-pool',
    createdAt: '2026-11-20T09:00:00Z',
    kind: 'queue',
    queue: { requires: [] },
  } as const;
  await changeAgentIn(rig.root.store, 'task-pool', () => ({ ...card, queue: { requires: [] }, groups: ['team'] }));
  await registerAgent(rig.root, { name: 'Builder', groups: ['team'] });
  expect((await listWithSessions(rig.root)).map(({ name }) => name)).toEqual(['Builder', 'planner', 'reviewer']);
  expect((await send(rig.root, { to: '@all', body: 'x' })).mailboxes).toEqual(['Builder', 'reviewer']);
  expect((await send(rig.root, { to: '@team', body: 'x' })).mailboxes).toEqual(['Builder']);
  // It is a mailbox in every other respect.
  expect((await status(rig.root)).map(({ mailbox }) => mailbox)).toContain('task-pool');
});
