import { beforeEach, describe, expect, test } from 'vitest';
import { registerAgent, resolveAgent } from '../../../src/core/agents/agents.ts';
import { heartbeat } from '../../../src/core/agents/heartbeat.ts';
import { pauseAgent } from '../../../src/core/agents/pause.ts';
import { type Around, presenceOf, presences, stateOf } from '../../../src/core/agents/presence.ts';
import { deleteAgent } from '../../../src/core/keep/delete-agent.ts';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { startAgent } from '../../../src/core/keep/start-agent.ts';
import { send } from '../../../src/core/send/send.ts';
import { consume } from '../../../src/core/take/consume.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack, renew } from '../../../src/core/take/settle.ts';
import type { Session } from '../../../src/core/root/root.ts';
import type { AgentStatus, PresenceState } from '../../../src/model/agent.ts';
import { type CoreRig, createCoreRig, expectRefusal, must, refusal } from '../rig.ts';

const minute = 60_000;

describe('the state of an agent', () => {
  const interval = 5 * minute;
  const t0 = Date.parse('2026-11-20T09:00:00Z');
  interface Case {
    readonly status?: AgentStatus;
    /** Without a word for so long. */
    readonly silentMs: number;
    readonly running?: boolean;
    readonly around?: Partial<Around>;
    readonly is: PresenceState;
    /** After its last word; else since it said its status, a minute before that. */
    readonly sinceMs?: number;
  }
  test.for<[name: string, one: Case]>([
    ['idle is ready', { silentMs: 0, is: 'ready' }],
    ['busy is busy', { status: 'busy', silentMs: 0, is: 'busy' }],
    ['paused, as it said itself', { status: 'paused', silentMs: 0, is: 'paused' }],
    ['paused by others', { status: 'busy', silentMs: 0, around: { pausedAt: t0 - 7 }, is: 'paused', sinceMs: -7 }],
    ['silent for less than two intervals it is there', { silentMs: 2 * interval - 1, is: 'ready' }],
    ['silent for two it is late', { silentMs: 2 * interval, is: 'late', sinceMs: 2 * interval }],
    ['late before paused', { silentMs: 3 * interval, around: { pausedAt: t0 }, is: 'late', sinceMs: 2 * interval }],
    ['late until five', { silentMs: 5 * interval - 1, running: true, is: 'late', sinceMs: 2 * interval }],
    ['silent for five it is gone', { silentMs: 5 * interval, is: 'gone', sinceMs: 5 * interval }],
    ['also while its process runs', { silentMs: 5 * interval, running: true, is: 'gone', sinceMs: 5 * interval }],
    ['gone at once with its process', { status: 'busy', silentMs: 1, running: false, is: 'gone', sinceMs: 0 }],
    [
      'in a session late at most',
      { silentMs: 90 * interval, around: { inSession: true }, is: 'late', sinceMs: 2 * interval },
    ],
    ['so with a dead process', { silentMs: 1, running: false, around: { inSession: true }, is: 'late', sinceMs: 0 }],
    ['by its own interval', { silentMs: 2000, around: { intervalMs: 1000 }, is: 'late', sinceMs: 2000 }],
    ['a word from the future is none', { silentMs: -2 * minute, is: 'gone', sinceMs: -2 * minute }],
  ])('%s', ([, { status = 'idle', silentMs, running, around, is, sinceMs = -minute }]) => {
    const known = { status, since: t0 - minute, seenAt: t0, ...(running !== undefined && { running }) };
    const found = stateOf(known, { now: t0 + silentMs, intervalMs: interval, ...around });
    expect(found).toEqual({ state: is, since: t0 + sinceMs });
  });

  test('who never said that he is there is unseen, in a session or not', () => {
    const around = { now: t0, intervalMs: interval };
    expect(stateOf(undefined, around)).toEqual({ state: 'unseen' });
    expect(stateOf(undefined, { ...around, inSession: true })).toEqual({ state: 'unseen' });
  });
});

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});
const stateNow = async (name: string) => (await presenceOf(rig.root, await resolveAgent(rig.root, name))).state;
const pass = (ms: number): void => {
  rig.clock.advance(ms);
};

test('a heartbeat says how an agent is, and since when; what it does not say stays while it is there', async () => {
  const first = await heartbeat(rig.root, 'reviewer', { status: 'busy', note: 'builds' });
  expect(first).toMatchObject({ agent: 'reviewer', state: 'busy', status: 'busy', note: 'builds' });
  pass(minute);
  const again = await heartbeat(rig.root, 'REVIEWER');
  expect(again).toMatchObject({ state: 'busy', note: 'builds', since: first.since });
  expect(again.seenAt).not.toBe(first.seenAt);
  const idle = await heartbeat(rig.root, 'reviewer', { status: 'idle' });
  expect(idle).toMatchObject({ state: 'ready', since: idle.seenAt });
  expect(idle).not.toHaveProperty('note');
  pass(60 * minute);
  expect(await stateNow('reviewer')).toBe('gone');
  const back = await heartbeat(rig.root, 'reviewer');
  expect(back).toMatchObject({ state: 'ready', since: back.seenAt });
});

test.for([
  [{ status: 'sleepy' as AgentStatus }, /"sleepy" is no status/],
  [{ pid: 0 }, /no process 0/],
  [{ pid: 1.5 }, /no process 1\.5/],
  [{ note: 'x'.repeat(201) }, /201 characters/],
  [{ note: 'x\uD800' }, /half a character/],
] as const)('a heartbeat cannot say %j, and nothing is changed', async ([options, why]) => {
  expect((await refusal(heartbeat(rig.root, 'reviewer', options))).message).toMatch(why);
  expect(await stateNow('reviewer')).toBe('unseen');
});

test('a heartbeat of nobody is refused, and of a queue', async () => {
  await expectRefusal(heartbeat(rig.root, 'nobody'), 'AGENT_NOT_FOUND');
  await registerAgent(rig.root, { name: 'pool' });
  await rig.root.store.documents.put(
    'agents/pool',
    { name: 'pool', createdAt: '2026-11-20T09:00:00Z', kind: 'queue' },
    (await rig.root.store.documents.get('agents/pool'))?.version,
  );
  await expectRefusal(heartbeat(rig.root, 'pool'), 'USAGE');
});

test('an agent begins in one step: it is registered, ready, and told what waits for it; again is fine', async () => {
  await send(rig.root, { to: 'reviewer', body: 'x' });
  const input = { name: 'reviewer', kind: 'core', capabilities: ['ts'], note: 'warms up' } as const;
  const started = await startAgent(rig.root, { ...input, capabilities: ['ts'] });
  expect(started).toMatchObject({ agent: 'reviewer', created: false, ready: 1, inflight: 0 });
  expect(started.presence).toMatchObject({ state: 'ready', note: 'warms up' });
  expect(await resolveAgent(rig.root, 'reviewer')).toMatchObject({ kind: 'core', capabilities: ['ts'] });
  pass(minute);
  const again = await startAgent(rig.root, { name: 'reviewer' });
  expect(again.presence).toMatchObject({ state: 'ready', since: started.presence.since });
  expect(again.presence).not.toHaveProperty('note');
  expect(await startAgent(rig.root, { name: 'newcomer' })).toMatchObject({ created: true, ready: 0 });
});

test('what cannot be used is refused before an agent is made', async () => {
  await expectRefusal(startAgent(rig.root, { name: 'newcomer', pid: -1 }), 'USAGE');
  await expectRefusal(startAgent(rig.root, { name: 'newcomer', kind: 'boss' as 'core' }), 'CARD_INVALID');
  await expectRefusal(resolveAgent(rig.root, 'newcomer'), 'AGENT_NOT_FOUND');
});

test.for<[what: string, does: (session: Session, receipt: string) => Promise<unknown>]>([
  ['a read', (session) => readNext(session, 'reviewer')],
  ['an ack', ack],
  ['a nack', nack],
  ['a renewal', renew],
])('%s says that the mailbox’s agent is there, where nobody else acts', async ([, does]) => {
  for (const body of ['x', 'y']) await send(rig.root, { to: 'reviewer', body });
  const { receipt } = must(await readNext(rig.as(undefined), 'reviewer', { leaseMs: 60 * minute }));
  await heartbeat(rig.root, 'reviewer');
  pass(11 * minute);
  expect(await stateNow('reviewer')).toBe('late');
  await does(rig.as(undefined), receipt);
  expect(await stateNow('reviewer')).toBe('ready');
});

test.for<[what: string, does: (session: Session, receipt: string) => Promise<unknown>]>([
  ['a read', (session) => readNext(session, 'reviewer')],
  ['an ack', ack],
  ['a nack', nack],
  ['a renewal', renew],
])('%s says that who acts is there', async ([, does]) => {
  for (const body of ['x', 'y']) await send(rig.root, { to: 'reviewer', body });
  const { receipt } = must(await readNext(rig.as(undefined), 'reviewer', { leaseMs: 60 * minute }));
  await heartbeat(rig.root, 'planner');
  pass(11 * minute);
  await does(rig.as('planner'), receipt);
  expect(await stateNow('planner')).toBe('ready');
});

test('who goes on to claim is there from its beginning', async () => {
  await heartbeat(rig.root, 'planner');
  pass(11 * minute);
  await send(rig.root, { to: 'reviewer', body: 'x' });
  for await (const job of consume(rig.as('planner'), 'reviewer', { waitMs: 0 })) {
    expect(await stateNow('planner')).toBe('ready');
    await job.ack();
  }
});

test('pausing an agent shows, and so do its new name and its end', async () => {
  await heartbeat(rig.root, 'reviewer', { status: 'busy' });
  await pauseAgent(rig.root, 'reviewer');
  expect(await stateNow('reviewer')).toBe('paused');
  await renameAgent(rig.root, 'reviewer', 'critic');
  expect(await stateNow('critic')).toBe('paused');
  await deleteAgent(rig.root, 'critic');
  await registerAgent(rig.root, { name: 'critic' });
  expect(await stateNow('critic')).toBe('unseen');
});

test('an agent whose tool’s session runs is late at most; who follows its mailbox by hand is not it', async () => {
  await heartbeat(rig.root, 'reviewer');
  pass(60 * minute);
  const session = {
    session: 'a',
    agent: 'reviewer',
    state: 'idle',
    since: 0,
    interactive: true,
    pid: process.pid,
  } as const;
  await rig.root.store.reach.putSession({ ...session, host: 'watch' });
  expect(await stateNow('reviewer')).toBe('gone');
  await rig.root.store.reach.putSession({ ...session, host: 'claude' });
  expect(await stateNow('reviewer')).toBe('late');
});

test('each agent goes by its own interval, and all are told at once', async () => {
  await registerAgent(rig.root, { name: 'reviewer', settings: { heartbeat: '1m' } });
  for (const name of ['planner', 'reviewer']) await heartbeat(rig.root, name);
  await registerAgent(rig.root, { name: 'idler' });
  pass(3 * minute);
  const cards = await Promise.all(['planner', 'reviewer', 'idler'].map((name) => resolveAgent(rig.root, name)));
  const states = [...(await presences(rig.root, cards))].map(([name, { state }]) => [name, state]);
  expect(Object.fromEntries(states)).toEqual({ planner: 'ready', reviewer: 'late', idler: 'unseen' });
});
