/** The name under which alerts are sent is no agent's. */
import { readdirSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { registerAgent, retireAgent } from '../../../src/core/agents/agents.ts';
import { createIdentity, rotateIdentity } from '../../../src/core/identity/identity.ts';
import { signerOf } from '../../../src/core/identity/keys.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { registerAnew, renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { startAgent } from '../../../src/core/keep/start-agent.ts';
import { initRoot } from '../../../src/core/open-root.ts';
import { send } from '../../../src/core/send/send.ts';
import { scratch } from '../../scratch.ts';
import { createIdentityRig, type IdentityRig } from '../identity/rig.ts';
import { expectRefusal, gather, must } from '../rig.ts';

let rig: IdentityRig;
beforeEach(async () => {
  rig = await createIdentityRig();
});

/** As it was registered by an earlier version. */
async function fromBefore(): Promise<void> {
  const createdAt = new Date(rig.clock.now()).toISOString();
  await rig.root.store.documents.put('agents/dreamos', { name: 'dreamos', createdAt }, undefined);
}

const findings = async () => (await gather(doctor(rig.root))).filter(({ rule }) => rule === 'name');

test.each(['dreamos', 'Dreamos'])('nobody is registered as %s, started, or renamed to it', async (name) => {
  await expectRefusal(registerAgent(rig.root, { name }), 'NAME_INVALID');
  await expectRefusal(registerAnew(rig.root, { name }), 'NAME_INVALID');
  await expectRefusal(startAgent(rig.root, { name }), 'NAME_INVALID');
  await expectRefusal(renameAgent(rig.root, 'planner', name), 'NAME_INVALID');
  expect(await rig.root.store.documents.getAgent(name)).toBeUndefined();
  expect(await rig.root.store.documents.getAgent('planner')).toBeDefined();
});

test('init makes nothing with it, and nothing of what stands beside it', async () => {
  const root = scratch();
  await expectRefusal(initRoot({ root, agents: ['planner', 'dreamos'] }), 'NAME_INVALID');
  expect(readdirSync(root)).toEqual([]);
  await (await initRoot({ root, agents: ['planner'] })).root.close();
  await expectRefusal(initRoot({ root, agents: ['reviewer', 'Dreamos'] }), 'NAME_INVALID');
});

test('one that is there goes on, and doctor tells it, until it has another name', async () => {
  await fromBefore();
  expect(await registerAgent(rig.root, { name: 'dreamos', description: 'an agent' })).toMatchObject({ created: false });
  await send(rig.root, { to: 'dreamos', from: 'planner', body: 'x' });
  expect(await findings()).toEqual([
    {
      rule: 'name',
      level: 'warning',
      message: 'The agent dreamos has the name under which alerts are sent, so who reads cannot tell which is which.',
      hint: 'dreamos agent rename dreamos <other>',
    },
  ]);
  await renameAgent(rig.root, 'dreamos', 'lead');
  expect(await findings()).toEqual([]);
  await expectRefusal(registerAgent(rig.root, { name: 'dreamos' }), 'NAME_INVALID');
});

test('init goes on with one that is there, and does not revive one that was retired', async () => {
  const root = scratch();
  const { root: made } = await initRoot({ root });
  const createdAt = new Date().toISOString();
  await made.store.documents.put('agents/dreamos', { name: 'dreamos', createdAt }, undefined);
  const again = await initRoot({ root, agents: ['dreamos'] });
  expect(again.agents).toEqual([{ name: 'dreamos', created: false }]);
  await retireAgent(made, 'dreamos');
  await expectRefusal(initRoot({ root, agents: ['dreamos'] }), 'NAME_INVALID');
  for (const one of [made, again.root]) await one.close();
});

test('the key of alerts needs no agent: its card takes no mail, and is nobody whom doctor tells of', async () => {
  const owner = rig.user('planner');
  const { key, created } = await createIdentity(owner, 'dreamos');
  expect([created, (await signerOf(owner, 'dreamos'))?.key]).toEqual([true, key]);
  expect((await createIdentity(owner, 'dreamos')).created).toBe(false);
  expect((await rotateIdentity(owner, 'dreamos')).state).toBe('good');
  expect(must(await rig.root.store.documents.getAgent('dreamos')).retiredAt).toBeTruthy();
  await expectRefusal(send(rig.root, { to: 'dreamos', from: 'planner', body: 'x' }), 'AGENT_RETIRED');
  expect(await findings()).toEqual([]);
  await expectRefusal(registerAgent(rig.root, { name: 'dreamos' }), 'NAME_INVALID');
});
