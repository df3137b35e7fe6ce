import { afterAll, beforeAll, expect, test } from 'vitest';
import { listAudit } from '../../../src/core/audit/list.ts';
import { heartbeat } from '../../../src/core/agents/heartbeat.ts';
import { setPolicy } from '../../../src/core/policy/policy.ts';
import { send } from '../../../src/core/send/send.ts';
import { listHeld } from '../../../src/core/take/held.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { claimedId, nack } from '../../../src/core/take/settle.ts';
import { work } from '../../../src/core/work/work.ts';
import { sessionOn } from '../../../src/core/open-root.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { createConnected } from './rig.ts';

const policy = {
  roles: {
    all: { allow: { send: ['*'], look: ['*'], subscribe: ['#build.done'], manage: ['*'], admin: ['*'] } },
    reader: { allow: { read: ['reviewer'], send: ['planner'] } },
  },
  agents: { planner: ['all'], reviewer: ['reader'], other: [] },
};

let rig: Awaited<ReturnType<typeof createConnected>>;
beforeAll(async () => {
  rig = await createConnected(['planner', 'reviewer', 'other']);
  const admin = sessionOn(rig.root, { as: 'planner', env: {} });
  await send(admin, { to: 'reviewer', body: 'before' });
  await setPolicy(admin, policy);
});
afterAll(() => rig.close());

test('the policy of the root holds for who works through the server, and denials are noted', async () => {
  const reviewer = await rig.connect('reviewer');
  await expect(send(reviewer, { to: 'other', body: 'a' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(readNext(reviewer, 'other')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(work(reviewer, 'other', () => undefined, { waitMs: 0 })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  const denied: unknown[] = [];
  for await (const one of listAudit(sessionOn(rig.root, { as: 'planner', env: {} }), { denied: true }))
    denied.push(one);
  expect(denied).toEqual(
    expect.arrayContaining([expect.objectContaining({ op: 'send', by: 'reviewer', result: 'denied' })]),
  );
});

test('what one holds himself is seen without being allowed to look, and nothing of others’', async () => {
  const reviewer = await rig.connect('reviewer');
  const held = await readNext(reviewer, 'reviewer');
  const id = held?.message.id ?? '';
  expect(id).not.toBe('');
  expect((await listHeld(reviewer)).map(({ entry }) => entry.mailbox)).toEqual(['reviewer']);
  expect(await claimedId(reviewer, id.slice(-5))).toBe(id);
  const other = await rig.connect('other');
  expect(await listHeld(other)).toEqual([]);
  await expect(claimedId(other, id.slice(-5))).rejects.toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
});

test('a reply is kept in a mailbox by nobody who may not read it', async () => {
  const kept = async (as: string, receipt: string): Promise<unknown> => {
    const { gate } = await rig.connect(as);
    return gate?.away?.do(await rig.connect(as), 'keepReply', [receipt, { body: 'mine' }]);
  };
  await send(sessionOn(rig.root, { as: 'planner', env: {} }), { to: 'reviewer', body: 'held' });
  const reviewer = await rig.connect('reviewer');
  const held = await readNext(reviewer, 'reviewer');
  const receipt = held?.receipt ?? '';
  // May send, and read nothing.
  await expect(kept('planner', receipt)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(kept('reviewer', held?.message.id ?? '')).rejects.toMatchObject({ code: 'RECEIPT_INVALID' });
  await nack(reviewer, receipt, { free: true, delayMs: 0 });
  await expect(kept('reviewer', receipt)).rejects.toMatchObject({ code: 'ALREADY_SETTLED' });
  expect((await rig.root.store.look.counts('reviewer')).archived).toBe(0);
});

test('who may not look has no list of agents, topics and sessions beside his own', async () => {
  const planner = sessionOn(rig.root, { as: 'planner', env: {} });
  await rig.root.store.documents.withdraw('policy', (await rig.root.store.documents.get('policy'))?.version ?? '');
  await publish(planner, 'build.done', { body: 'a' });
  await heartbeat(planner, 'planner', { status: 'idle' });
  await setPolicy(planner, policy);
  const seenBy = async (as: string) => {
    const { store } = await rig.connect(as);
    return {
      agents: (await store.documents.listAgents()).map(({ name }) => name),
      topics: await store.look.listTopics(),
      isThere: (await store.presence.get('planner')) !== undefined,
    };
  };
  expect(await seenBy('other')).toEqual({ agents: ['other'], topics: [], isThere: false });
  expect(await seenBy('planner')).toEqual({
    agents: ['other', 'planner', 'reviewer'],
    topics: ['build.done'],
    isThere: true,
  });
});
