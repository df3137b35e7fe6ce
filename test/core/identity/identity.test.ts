import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { registerAgent } from '../../../src/core/agents/agents.ts';
import { rollbackConfig } from '../../../src/core/config/change.ts';
import { createIdentity, revokeIdentity, rotateIdentity, showIdentity } from '../../../src/core/identity/identity.ts';
import { keyOf, signerOf } from '../../../src/core/identity/keys.ts';
import { rootIdOf } from '../../../src/core/identity/root-id.ts';
import { acceptTrust } from '../../../src/core/identity/trust.ts';
import { renameAgent } from '../../../src/core/keep/rename-agent.ts';
import { expectRefusal, must, refusal } from '../rig.ts';
import { createIdentityRig, type IdentityRig, privateFile, readJson, setKeys, trustFile, writeJson } from './rig.ts';

let rig: IdentityRig;
beforeEach(async () => {
  rig = await createIdentityRig();
});

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('identity create', () => {
  test('puts the private half into a file that nobody else may read, and the public one on the card', async () => {
    const owner = rig.user('planner');
    expect(await rootIdOf(owner)).toBeUndefined();
    const made = await createIdentity(owner, 'Planner');
    const root = await rootIdOf(owner);
    expect(made).toMatchObject({ agent: 'planner', root, state: 'good', created: true });
    expect(root).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
    const path = privateFile(owner.home, root, 'planner');
    expect(made.private).toBe(path);
    expect([modeOf(path), modeOf(dirname(path)), modeOf(join(owner.home, 'identities'))]).toEqual([
      '600',
      '700',
      '700',
    ]);
    expect(readFileSync(path, 'utf8')).toContain('BEGIN PRIVATE KEY');
    const card = await owner.store.documents.getAgent('planner');
    const { key: id, since, seal } = made;
    expect(card?.keys).toEqual([{ id, public: made.keys[0]?.public, since, seal }]);
    expect(seal).toMatch(/^age1[0-9a-z]{58}$/);
    // Neither in what is printed nor in the root.
    expect(JSON.stringify([made, card, [...rig.mail.documents], [...rig.mail.revisions.values()]])).not.toContain(
      'PRIVATE KEY',
    );
  });

  test('said again changes nothing; of many at once one makes it', async () => {
    const owner = rig.user('planner');
    const all = await Promise.all(Array.from({ length: 5 }, () => createIdentity(owner, 'planner')));
    expect(all.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(all.map(({ key }) => key)).size).toBe(1);
    expect((await owner.store.documents.getAgent('planner'))?.keys).toHaveLength(1);
  });

  test('of two agents at the same moment gives the root one id', async () => {
    const owner = rig.user('planner');
    const [one, other] = await Promise.all([createIdentity(owner, 'planner'), createIdentity(owner, 'reviewer')]);
    expect(one.root).toBe(other.root);
  });

  test('is refused to who has not the private half, and to who has no such agent', async () => {
    await createIdentity(rig.user('planner'), 'planner');
    const error = await refusal(createIdentity(rig.user('planner'), 'planner'));
    expect([error.code, error.hint]).toEqual([
      'ALREADY_EXISTS',
      expect.stringContaining('dreamos identity revoke planner'),
    ]);
    await expectRefusal(createIdentity(rig.user(), 'nobody'), 'AGENT_NOT_FOUND');
  });

  test('goes on where one was killed behind the private half', async () => {
    const owner = rig.user('planner');
    const { store } = owner;
    const put = store.documents.put.bind(store.documents);
    const doomed = { ...owner, store: { ...store, documents: { ...store.documents } } };
    doomed.store.documents.put = async (name, value, version) => {
      if (name === 'agents/planner') throw new Error('killed');
      return put(name, value, version);
    };
    await expect(createIdentity(doomed, 'planner')).rejects.toThrow('killed');
    const path = privateFile(owner.home, await rootIdOf(owner), 'planner');
    const [{ id: left } = { id: '' }] = readJson(path)['keys'] as { id: string }[];
    expect((await showIdentity(owner, 'planner')).state).toBe('none');
    expect(await signerOf(owner, 'planner')).toBeUndefined();
    expect(await createIdentity(owner, 'planner')).toMatchObject({ key: left, created: true, state: 'good' });
  });

  test('writes into the file that DREAMOS_IDENTITY names, and reads it', async () => {
    const path = join(rig.user().home, 'mine.json');
    const owner = rig.user('planner', { DREAMOS_IDENTITY: path });
    const missing = await refusal(signerOfKnown(owner));
    expect([missing.code, missing.message]).toEqual(['UNAUTHENTICATED', expect.stringContaining(path)]);
    expect(await createIdentity(owner, 'planner')).toMatchObject({ private: path, created: true });
    expect(existsSync(join(owner.home, 'identities'))).toBe(false);
    expect(modeOf(path)).toBe('600');
    expect(await signerOf(owner, 'planner')).toBeDefined();
    // It is nobody else's, and that is said.
    const others = await refusal(signerOf(owner, 'reviewer'));
    expect([others.code, others.message]).toEqual([
      'UNAUTHENTICATED',
      expect.stringContaining('is the key of planner'),
    ]);
    await expectRefusal(createIdentity(owner, 'reviewer'), 'UNAUTHENTICATED');
    expect(await rotateIdentity(owner, 'planner')).toMatchObject({ private: path });
  });
});

/** With an id of the root, so that a key is asked for. */
async function signerOfKnown(owner: ReturnType<IdentityRig['user']>) {
  await createIdentity(rig.user('reviewer'), 'reviewer');
  return signerOf(owner, 'planner');
}

describe('a private key that others may read', () => {
  test.each([0o640, 0o604, 0o620, 0o666])('is refused (mode %o), with what to type', async (mode) => {
    const owner = rig.user('planner');
    const path = must((await createIdentity(owner, 'planner')).private);
    expect(await signerOf(owner, 'planner')).toBeDefined();
    chmodSync(path, mode);
    for (const call of [signerOf, rotateIdentity, createIdentity]) {
      const error = await refusal(call(owner, 'planner'));
      expect([error.code, error.hint], call.name).toEqual(['UNAUTHENTICATED', `chmod 600 ${path}`]);
    }
    // Who looks is told, and who ends it may.
    expect((await showIdentity(owner, 'planner')).private).toBeUndefined();
    expect(rig.warnings.at(-1)).toContain(`chmod 600 ${path}`);
    chmodSync(path, 0o600);
    expect(await signerOf(owner, 'planner')).toBeDefined();
    chmodSync(path, mode);
    expect(await revokeIdentity(owner, 'planner')).toMatchObject({ state: 'revoked', changed: true });
    expect(readFileSync(path, 'utf8')).toContain('PRIVATE KEY');
  });

  test('is refused as well where DREAMOS_IDENTITY names it', async () => {
    const owner = rig.user('planner');
    const path = must((await createIdentity(owner, 'planner')).private);
    const named = rig.user('planner', { DREAMOS_IDENTITY: path });
    expect((await signerOf(named, 'planner'))?.key).toBe((await signerOf(owner, 'planner'))?.key);
    chmodSync(path, 0o644);
    await expectRefusal(signerOf(named, 'planner'), 'UNAUTHENTICATED');
  });

  test.each(['', 'null', '{', '{"v":1}', '{"v":1,"root":"r","agent":"a","keys":[1]}', '[]'])(
    'and one that is spoilt (%s)',
    async (text) => {
      const owner = rig.user('planner');
      const path = must((await createIdentity(owner, 'planner')).private);
      writeFileSync(path, text);
      await expectRefusal(signerOf(owner, 'planner'), 'UNAUTHENTICATED');
      await expectRefusal(rotateIdentity(owner, 'planner'), 'UNAUTHENTICATED');
      expect(readFileSync(path, 'utf8')).toBe(text);
    },
  );

  test('a folder in its place is the disk', async () => {
    const owner = rig.user('planner');
    const path = must((await createIdentity(owner, 'planner')).private);
    rmSync(path);
    mkdirSync(path);
    await expectRefusal(signerOf(owner, 'planner'), 'DISK_FAILED');
  });
});

describe('identity rotate', () => {
  test('makes a key that the one before has signed for, and leaves no older private half', async () => {
    const owner = rig.user('planner');
    const first = await createIdentity(owner, 'planner');
    const second = await rotateIdentity(owner, 'planner');
    const third = await rotateIdentity(owner, 'planner');
    expect(third.keys.map(({ id, by, state }) => [id, by, state])).toEqual([
      [third.key, second.key, 'good'],
      [second.key, first.key, 'good'],
      [first.key, undefined, 'good'],
    ]);
    const kept = readJson(must(third.private))['keys'] as { id: string; private?: string }[];
    expect(kept.map(({ id, private: pem }) => [id, pem !== undefined])).toEqual([
      [third.key, true],
      [second.key, false],
      [first.key, false],
    ]);
    expect((await signerOf(owner, 'planner'))?.key).toBe(third.key);
  });

  test('needs the private half, and a key that is not revoked', async () => {
    const owner = rig.user('planner');
    await expectRefusal(rotateIdentity(owner, 'planner'), 'UNAUTHENTICATED');
    await createIdentity(owner, 'planner');
    const error = await refusal(rotateIdentity(rig.user('planner'), 'planner'));
    expect([error.code, error.message]).toEqual(['UNAUTHENTICATED', expect.stringContaining('is not in')]);
    await revokeIdentity(owner, 'planner');
    await expectRefusal(rotateIdentity(owner, 'planner'), 'UNAUTHENTICATED');
  });

  test('of many at once each follows the one before', async () => {
    const owner = rig.user('planner');
    await createIdentity(owner, 'planner');
    await Promise.all(Array.from({ length: 4 }, () => rotateIdentity(owner, 'planner')));
    const { keys, state } = await showIdentity(owner, 'planner');
    expect([keys.length, state]).toEqual([5, 'good']);
    for (const [i, { by }] of keys.entries()) expect(by).toBe(keys[i + 1]?.id);
  });

  test('killed before the card says so has changed nothing, and the next one leaves no trace of it', async () => {
    const owner = rig.user('planner');
    const first = await createIdentity(owner, 'planner');
    const { store } = owner;
    const doomed = { ...owner, store: { ...store, documents: { ...store.documents } } };
    doomed.store.documents.put = async () => {
      throw new Error('killed');
    };
    await expect(rotateIdentity(doomed, 'planner')).rejects.toThrow('killed');
    const path = must(first.private);
    expect(readJson(path)['keys']).toHaveLength(2);
    expect((await signerOf(owner, 'planner'))?.key).toBe(first.key);
    const next = await rotateIdentity(owner, 'planner');
    expect(next.keys.map(({ id }) => id)).toEqual([next.key, first.key]);
    expect((readJson(path)['keys'] as { id: string }[]).map(({ id }) => id)).toEqual([next.key, first.key]);
  });
});

describe('identity revoke', () => {
  test('is told to everybody, erases the private half, and the next key has to be accepted', async () => {
    const [owner, other] = [rig.user('planner'), rig.user('reviewer')];
    const first = await createIdentity(owner, 'planner');
    const key = must(first.key);
    expect((await keyOf(other, 'planner', key)).state).toBe('good');
    const now = await revokeIdentity(owner, 'planner');
    expect(now).toMatchObject({ revoked: key, changed: true, state: 'revoked' });
    expect(now.private).toBeUndefined();
    expect(readFileSync(must(first.private), 'utf8')).not.toContain('PRIVATE KEY');
    expect(await signerOf(owner, 'planner')).toBeUndefined();
    expect((await keyOf(other, 'planner', key)).state).toBe('revoked');
    expect(await revokeIdentity(owner, 'planner')).toMatchObject({ changed: false });

    const second = await createIdentity(owner, 'planner');
    expect([second.created, second.state]).toEqual([true, 'good']);
    expect((await keyOf(owner, 'planner', must(second.key))).state).toBe('good');
    expect((await keyOf(other, 'planner', must(second.key))).state).toBe('changed');
    expect(await acceptTrust(other, 'planner')).toMatchObject({ key: second.key, was: key, changed: true });
    expect((await keyOf(other, 'planner', must(second.key))).state).toBe('good');
    expect((await keyOf(other, 'planner', key)).state).toBe('revoked');
  });

  test('needs no private half, and stays, for who has seen it, whatever is taken off the card', async () => {
    const [owner, other] = [rig.user('planner'), rig.user('reviewer')];
    const { key = '' } = await createIdentity(owner, 'planner');
    await keyOf(other, 'planner', key);
    await revokeIdentity(rig.user(), 'planner');
    expect((await keyOf(other, 'planner', key)).state).toBe('revoked');
    await setKeys(owner, 'planner', ([one]) => {
      const { revokedAt: _, ...kept } = must(one);
      return [kept];
    });
    expect((await keyOf(other, 'planner', key)).state).toBe('revoked');
    expect((await keyOf(rig.user(), 'planner', key)).state).toBe('good');
  });

  test('of an older key leaves the current one, also for who knew it after that', async () => {
    const owner = rig.user('planner');
    const { key: old = '' } = await createIdentity(owner, 'planner');
    const { key = '' } = await rotateIdentity(owner, 'planner');
    expect(await revokeIdentity(owner, 'planner', { key: old })).toMatchObject({ revoked: old, state: 'good', key });
    expect((await keyOf(owner, 'planner', old)).state).toBe('revoked');
    expect((await keyOf(owner, 'planner', key)).state).toBe('good');
    await expectRefusal(revokeIdentity(owner, 'planner', { key: 'nokey' }), 'VERSION_NOT_FOUND');
    await expectRefusal(revokeIdentity(owner, 'reviewer'), 'UNAUTHENTICATED');
  });
});

describe('what else happens to an agent', () => {
  test('a rename keeps its key: the file, what others know, and what it has signed', async () => {
    const [owner, other] = [rig.user('planner'), rig.user('reviewer')];
    const { key = '' } = await createIdentity(owner, 'planner');
    await keyOf(other, 'planner', key);
    await renameAgent(owner, 'planner', 'lead');
    expect((await signerOf(owner, 'lead'))?.key).toBe(key);
    // Who knew it by its former name is not to be told another key by the new one.
    const theirs = await createIdentity(rig.user(), 'reviewer');
    const [strange] = must((await owner.store.documents.getAgent('reviewer'))?.keys);
    await setKeys(owner, 'lead', (keys) => [must(strange), ...keys]);
    expect((await keyOf(other, 'lead', must(theirs.key))).state).toBe('changed');
    await setKeys(owner, 'lead', (keys) => keys.slice(1));
    for (const name of ['lead', 'planner']) expect((await keyOf(other, name, key)).state).toBe('good');
    const next = await rotateIdentity(owner, 'lead');
    expect((await keyOf(other, 'lead', must(next.key))).state).toBe('good');
    // Whoever gets the name next is not believed by that.
    await registerAgent(owner, { name: 'planner' });
    const stranger = rig.user('planner');
    const anew = await createIdentity(stranger, 'planner');
    expect((await keyOf(other, 'planner', must(anew.key))).state).toBe('changed');
  });

  test('a rollback of its card brings back no key that was revoked', async () => {
    const owner = rig.user('planner');
    await createIdentity(owner, 'planner');
    await registerAgent(owner, { name: 'planner', description: 'plans' });
    await revokeIdentity(owner, 'planner');
    await rollbackConfig(owner, 2, { agent: 'planner' });
    expect((await showIdentity(rig.user(), 'planner')).state).toBe('revoked');
    await expectRefusal(registerAgent(owner, { name: 'planner', card: { keys: [] } }), 'CARD_INVALID');
  });

  test('a card with a strange key is told to its owner before he signs', async () => {
    const [owner, stranger] = [rig.user('planner'), rig.user('reviewer')];
    const { key } = await createIdentity(owner, 'planner');
    await createIdentity(stranger, 'reviewer');
    const [theirs] = must((await owner.store.documents.getAgent('reviewer'))?.keys);
    await setKeys(owner, 'planner', (keys) => [must(theirs), ...keys]);
    const error = await refusal(signerOf(owner, 'planner'));
    expect([error.code, error.message]).toEqual(['KEY_CHANGED', expect.stringContaining(must(theirs).id)]);
    await expectRefusal(rotateIdentity(owner, 'planner'), 'UNAUTHENTICATED');
    expect(await showIdentity(owner, 'planner')).toMatchObject({ state: 'changed', key: must(theirs).id });
    expect((await keyOf(owner, 'planner', must(key))).state).toBe('good');
  });

  test('a spoilt id of the root is no reason to make another', async () => {
    const owner = rig.user('planner');
    await createIdentity(owner, 'planner');
    const document = must(await owner.store.documents.get('identity'));
    for (const value of [{ v: 1 }, { v: 1, id: '../../x' }, []]) {
      const { version } = must(await owner.store.documents.get('identity'));
      expect(await owner.store.documents.put('identity', value, version)).toBe(true);
      await expectRefusal(createIdentity(owner, 'reviewer'), 'CONFIG_INVALID');
      await expectRefusal(signerOf(owner, 'planner'), 'CONFIG_INVALID');
    }
    const { version } = must(await owner.store.documents.get('identity'));
    await owner.store.documents.put('identity', document.value, version);
    expect(await signerOf(owner, 'planner')).toBeDefined();
  });

  test('a spoilt note of what is trusted is not taken for an empty one, nor one that others may change', async () => {
    const owner = rig.user('planner');
    const { key = '', root } = await createIdentity(owner, 'planner');
    const path = trustFile(owner.home, root);
    const good = readFileSync(path, 'utf8');
    for (const value of [null, {}, { v: 1, agents: { planner: { key: 1 } } }]) {
      writeJson(path, value);
      await expectRefusal(keyOf(owner, 'planner', key), 'CONFIG_INVALID');
      await expectRefusal(acceptTrust(owner, 'planner'), 'CONFIG_INVALID');
    }
    writeFileSync(path, good);
    chmodSync(path, 0o622);
    const error = await refusal(keyOf(owner, 'planner', key));
    expect([error.code, error.hint]).toEqual(['CONFIG_INVALID', `chmod 600 ${path}`]);
    chmodSync(path, 0o600);
    expect((await keyOf(owner, 'planner', key)).state).toBe('good');
    expect(readdirSync(dirname(path))).toEqual([`${root}.json`]);
  });
});
