/** A name that one agent had and another one has now: neither gets what is the other's. */
import { beforeEach, expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { createIdentity, rotateIdentity, showIdentity } from '../../../src/core/identity/identity.ts';
import { keyOf, sealSecretsOf, signerOf } from '../../../src/core/identity/keys.ts';
import { acceptTrust } from '../../../src/core/identity/trust.ts';
import { deleteAgent } from '../../../src/core/keep/delete-agent.ts';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { must } from '../rig.ts';
import { createIdentityRig, type IdentityRig, privateFile, readJson } from './rig.ts';

type User = ReturnType<IdentityRig['user']>;

let rig: IdentityRig;
beforeEach(async () => {
  rig = await createIdentityRig();
});

/** The planner is the lead now, and somebody else is called planner. */
async function renamed(owner: User): Promise<string> {
  const { key = '' } = await createIdentity(owner, 'planner');
  await renameAgent(owner, 'planner', 'lead');
  await registerAgent(owner, { name: 'planner' });
  return key;
}

const idsIn = (path: string): string[] => (readJson(path)['keys'] as { id: string }[]).map(({ id }) => id);

test('who gets a former name makes a key of his own, in a file of his own', async () => {
  const owner = rig.user('planner');
  const first = await renamed(owner);
  const made = await createIdentity(owner, 'planner');
  expect([made.created, made.keys.length]).toEqual([true, 1]);
  expect(made.key).not.toBe(first);
  const path = (name: string): string => privateFile(owner.home, made.root, name);
  expect([idsIn(path('planner')), idsIn(path('lead'))]).toEqual([[made.key], [first]]);
  const next = await rotateIdentity(owner, 'lead');
  expect((await signerOf(owner, 'lead'))?.key).toBe(next.key);
  expect((await signerOf(owner, 'planner'))?.key).toBe(made.key);
  expect((await rotateIdentity(owner, 'planner')).state).toBe('good');
  expect((await signerOf(owner, 'lead'))?.key).toBe(next.key);
});

test('also while the one who had it rotates', async () => {
  const owner = rig.user('planner');
  await renamed(owner);
  await Promise.all([rotateIdentity(owner, 'lead'), createIdentity(owner, 'planner'), rotateIdentity(owner, 'lead')]);
  for (const name of ['planner', 'lead']) {
    const { key, state, private: path } = await showIdentity(owner, name);
    expect([(await signerOf(owner, name))?.key, state]).toEqual([key, 'good']);
    expect(path).toBeDefined();
  }
});

test('killed behind the copy, the next one goes on', async () => {
  const owner = rig.user('planner');
  const first = await renamed(owner);
  const { store } = owner;
  const doomed = { ...owner, store: { ...store, documents: { ...store.documents } } };
  doomed.store.documents.put = async () => {
    throw new Error('killed');
  };
  await expect(createIdentity(doomed, 'planner')).rejects.toThrow('killed');
  expect((await signerOf(owner, 'lead'))?.key).toBe(first);
  const made = await createIdentity(owner, 'planner');
  expect([(await signerOf(owner, 'lead'))?.key, (await signerOf(owner, 'planner'))?.key]).toEqual([first, made.key]);
});

test('who has no key yet opens nothing by one of who had his name', async () => {
  const owner = rig.user('planner');
  await renamed(owner);
  expect(await sealSecretsOf(owner, 'planner')).toEqual([]);
  expect(await sealSecretsOf(owner, 'lead')).toHaveLength(1);
});

test('who is made anew under the name of a deleted one has a key of his own', async () => {
  const owner = rig.user('planner');
  const { key } = await createIdentity(owner, 'planner');
  await deleteAgent(owner, 'planner', { archive: true });
  await registerAgent(owner, { name: 'planner' });
  const made = await createIdentity(owner, 'planner');
  expect(made.created).toBe(true);
  expect(made.key).not.toBe(key);
  expect((await signerOf(owner, 'planner'))?.key).toBe(made.key);
});

test('what is known of a name that somebody else has now is not asked for who had it', async () => {
  const [owner, stranger, other] = [rig.user('planner'), rig.user('planner'), rig.user('reviewer')];
  const first = await renamed(owner);
  const { key = '' } = await createIdentity(stranger, 'planner');
  // Of the first one it has known nothing.
  expect((await keyOf(other, 'planner', key)).state).toBe('good');
  expect((await keyOf(other, 'lead', first)).state).toBe('good');
  expect((await keyOf(other, 'planner', key)).state).toBe('good');
});

test('to accept the new one of the name forgets nothing of who had it', async () => {
  const [owner, stranger, other] = [rig.user('planner'), rig.user('planner'), rig.user('reviewer')];
  const { key: first = '' } = await createIdentity(owner, 'planner');
  await keyOf(other, 'planner', first);
  await renamed(owner);
  const { key = '' } = await createIdentity(stranger, 'planner');
  expect((await keyOf(other, 'planner', key)).state).toBe('changed');
  await acceptTrust(other, 'planner');
  for (const [name, id] of [
    ['planner', key],
    ['lead', first],
  ] as const)
    expect((await keyOf(other, name, id)).state, name).toBe('good');
  const pins = readJson(`${other.home}/trust/${must(await showIdentity(owner, 'lead')).root}.json`)['agents'];
  expect(pins).toMatchObject({ planner: { key }, lead: { key: first } });
});
