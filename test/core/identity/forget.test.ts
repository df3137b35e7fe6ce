import { chmodSync, rmSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { createIdentity, revokeIdentity, rotateIdentity } from '../../../src/core/identity/identity.ts';
import { keyOf } from '../../../src/core/identity/keys.ts';
import { listIdentities } from '../../../src/core/identity/list.ts';
import { acceptTrust, listTrust, removeTrust } from '../../../src/core/identity/trust.ts';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { expectRefusal, must } from '../rig.ts';
import { createIdentityRig, type IdentityRig, privateFile, readJson, setKeys, trustFile, writeJson } from './rig.ts';

let rig: IdentityRig;
beforeEach(async () => {
  rig = await createIdentityRig();
});

describe('trust that is removed', () => {
  test('is forgotten, and the next use trusts anew what the card says then', async () => {
    const [owner, other, stranger] = [rig.user('planner'), rig.user('reviewer'), rig.user('Builder')];
    const { key: first = '', root } = await createIdentity(owner, 'planner');
    expect(await removeTrust(other, 'planner')).toEqual({ agent: 'planner', key: first, changed: false });
    await keyOf(other, 'planner', first);
    await createIdentity(stranger, 'Builder');
    const theirs = must((await owner.store.documents.getAgent('Builder'))?.keys?.[0]);
    await setKeys(stranger, 'planner', () => [theirs]);
    expect(await listTrust(other)).toMatchObject([{ agent: 'Builder' }, { agent: 'planner', state: 'changed' }]);
    expect(await removeTrust(other, 'PLANNER')).toEqual({
      ...{ agent: 'planner', was: first, key: theirs.id, changed: true },
    });
    expect(readJson(trustFile(other.home, root))).toEqual({ v: 1, agents: {} });
    expect((await listTrust(other))[1]).toEqual({ agent: 'planner', state: 'new', key: theirs.id });
    expect((await keyOf(other, 'planner', theirs.id)).state).toBe('good');
    expect((await listTrust(other))[1]).toMatchObject({ state: 'good', pinned: theirs.id });
  });

  test('is that of an agent whose key is revoked, and of one that is gone', async () => {
    const [owner, other] = [rig.user('planner'), rig.user('reviewer')];
    const { key = '', root } = await createIdentity(owner, 'planner');
    await keyOf(other, 'planner', key);
    await revokeIdentity(owner, 'planner');
    expect(await removeTrust(other, 'planner')).toEqual({ agent: 'planner', was: key, changed: true });
    writeJson(trustFile(other.home, root), {
      v: 1,
      agents: { ghost: { key, public: 'x', since: 'then', revoked: [] } },
    });
    expect(await listTrust(other)).toMatchObject([{ agent: 'ghost', state: 'gone' }, { agent: 'planner' }]);
    expect(await removeTrust(other, 'ghost')).toEqual({ agent: 'ghost', was: key, changed: true });
    expect(readJson(trustFile(other.home, root))).toEqual({ v: 1, agents: {} });
    await expectRefusal(removeTrust(other, 'nobody'), 'AGENT_NOT_FOUND');
    await expectRefusal(removeTrust(rig.user('x'), 'nobody'), 'AGENT_NOT_FOUND');
  });

  test('is also forgotten under the names that the agent had before', async () => {
    const [owner, other] = [rig.user('planner'), rig.user('reviewer')];
    const { key: first = '', root } = await createIdentity(owner, 'planner');
    await keyOf(other, 'planner', first);
    await renameAgent(owner, 'planner', 'lead');
    expect(await removeTrust(other, 'lead')).toEqual({ agent: 'lead', was: first, key: first, changed: true });
    expect(readJson(trustFile(other.home, root))).toEqual({ v: 1, agents: {} });
    // As well where a card without a key is accepted.
    await keyOf(other, 'lead', first);
    await renameAgent(owner, 'lead', 'boss');
    await setKeys(owner, 'boss', () => []);
    expect(await acceptTrust(other, 'boss')).toEqual({ agent: 'boss', was: first, changed: true });
    expect(readJson(trustFile(other.home, root))).toEqual({ v: 1, agents: {} });
  });
});

describe('the list of identities', () => {
  test('has every agent with a key, since when, whether it is trusted, and whose private half is here', async () => {
    const [owner, other] = [rig.user('planner'), rig.user('reviewer')];
    expect(await listIdentities(owner)).toEqual([]);
    const { key: first = '', since = '', root } = await createIdentity(owner, 'planner');
    const { key: second = '' } = await createIdentity(other, 'reviewer');
    expect(await listIdentities(owner)).toEqual([
      {
        ...{ agent: 'planner', state: 'good', key: first, since },
        private: privateFile(owner.home, root, 'planner'),
      },
      { agent: 'reviewer', state: 'new', key: second, since },
    ]);
    // It pins nothing.
    expect((await listTrust(owner)).map(({ state }) => state)).toEqual(['good', 'new']);
    const { key: next = '' } = await rotateIdentity(owner, 'planner');
    await revokeIdentity(other, 'reviewer');
    expect(await listIdentities(other)).toMatchObject([
      { agent: 'planner', state: 'new', key: next },
      { agent: 'reviewer', state: 'revoked', key: second },
    ]);
    expect((await listIdentities(other))[1]).not.toHaveProperty('private');
  });

  test('says once why a private half cannot be used', async () => {
    const owner = rig.user('planner');
    await createIdentity(owner, 'planner');
    const { root = '' } = await createIdentity(owner, 'reviewer');
    const path = privateFile(owner.home, root, 'planner');
    chmodSync(path, 0o644);
    rig.warnings.splice(0);
    const listed = await listIdentities(owner);
    expect(listed.map(({ private: half }) => half !== undefined)).toEqual([false, true]);
    expect(rig.warnings).toEqual([expect.stringContaining(path)]);
    rmSync(path);
    const named = rig.user('planner', { DREAMOS_IDENTITY: path });
    rig.warnings.splice(0);
    expect((await listIdentities(named)).map(({ agent }) => agent)).toEqual(['planner', 'reviewer']);
    expect(rig.warnings).toEqual([expect.stringContaining('there is no such file')]);
  });
});
