import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { createIdentity, rotateIdentity, showIdentity } from '../../../src/core/identity/identity.ts';
import { keyOf, sealRecipientOf, sealSecretOf, sealSecretsOf, signerOf } from '../../../src/core/identity/keys.ts';
import { acceptTrust, listTrust } from '../../../src/core/identity/trust.ts';
import { verify } from 'node:crypto';
import { expectRefusal, must, refusal } from '../rig.ts';
import { createIdentityRig, type IdentityRig, privateFile, readJson, setKeys, trustFile, writeJson } from './rig.ts';

let rig: IdentityRig;
beforeEach(async () => {
  rig = await createIdentityRig();
});

test('what an agent signs its key verifies, and no other', async () => {
  const [owner, other] = [rig.user('planner'), rig.user('reviewer')];
  await createIdentity(owner, 'planner');
  await createIdentity(owner, 'reviewer');
  const signer = must(await signerOf(owner, 'planner'));
  expect(await signerOf(owner, 'PLANNER')).toBe(signer);
  const bytes = Buffer.from('hello');
  const signature = signer.sign(bytes);
  expect(signature).toHaveLength(64);
  const { state, publicKey } = await keyOf(other, 'planner', signer.key);
  expect([state, signer.root]).toEqual(['good', (await showIdentity(other, 'planner')).root]);
  expect(verify(null, bytes, must(publicKey), signature)).toBe(true);
  const second = must(await signerOf(owner, 'reviewer'));
  expect(verify(null, bytes, must((await keyOf(other, 'reviewer', second.key)).publicKey), signature)).toBe(false);
  // The key of another agent is not this one's.
  expect(await keyOf(other, 'planner', second.key)).toEqual({ state: 'unknown' });
  expect(await keyOf(other, 'nobody', signer.key)).toEqual({ state: 'unknown' });
});

test('nobody has a key in a root without identities, and nothing is written for asking', async () => {
  const owner = rig.user('planner');
  expect(await signerOf(owner, 'planner')).toBeUndefined();
  expect(await keyOf(owner, 'planner', 'x')).toEqual({ state: 'unknown' });
  expect(await sealRecipientOf(owner, 'planner')).toBeUndefined();
  expect(await listTrust(owner)).toEqual([]);
  await expectRefusal(acceptTrust(owner, 'planner'), 'USAGE');
  expect(await owner.store.documents.get('identity')).toBeUndefined();
});

test('a key is pinned with its first use, a rotation is followed, and a silent change is told', async () => {
  const [owner, other, stranger] = [rig.user('planner'), rig.user('reviewer'), rig.user('Builder')];
  const { key: first = '', root } = await createIdentity(owner, 'planner');
  expect(await listTrust(other)).toEqual([{ agent: 'planner', state: 'new', key: first }]);
  await keyOf(other, 'planner', first);
  const path = trustFile(other.home, root);
  expect(readJson(path)).toMatchObject({ v: 1, agents: { planner: { key: first } } });
  expect(await listTrust(other)).toMatchObject([{ agent: 'planner', state: 'good', key: first, pinned: first }]);

  const { key: second = '' } = await rotateIdentity(owner, 'planner');
  expect((await keyOf(other, 'planner', second)).state).toBe('good');
  expect((await keyOf(other, 'planner', first)).state).toBe('good');
  expect(readJson(path)).toMatchObject({ agents: { planner: { key: second } } });

  await createIdentity(stranger, 'Builder');
  const theirs = must((await owner.store.documents.getAgent('Builder'))?.keys?.[0]);
  await setKeys(stranger, 'planner', () => [theirs]);
  expect((await keyOf(other, 'planner', theirs.id)).state).toBe('changed');
  expect((await keyOf(other, 'planner', second)).state).toBe('good');
  expect(await listTrust(other)).toMatchObject([
    { agent: 'Builder', state: 'new' },
    { agent: 'planner', state: 'changed', key: theirs.id, pinned: second },
  ]);
  const error = await refusal(sealRecipientOf(other, 'planner'));
  expect([error.code, error.message, error.hint]).toEqual([
    'KEY_CHANGED',
    `You know planner by the key ${second}, and its card says ${theirs.id}; nobody that you know has signed the change.`,
    `Ask its owner what is right; if that is: dreamos trust accept planner --key ${theirs.id}`,
  ]);

  await expectRefusal(acceptTrust(other, 'planner', { key: second }), 'KEY_CHANGED');
  expect((await keyOf(other, 'planner', theirs.id)).state).toBe('changed');
  expect(await acceptTrust(other, 'planner', { key: theirs.id })).toEqual({
    agent: 'planner',
    key: theirs.id,
    was: second,
    changed: true,
  });
  expect((await keyOf(other, 'planner', theirs.id)).state).toBe('good');
  expect(await acceptTrust(other, 'planner')).toMatchObject({ changed: false });
});

test('a key that is taken off the card is a change, too, until that is accepted', async () => {
  const [owner, other] = [rig.user('planner'), rig.user('reviewer')];
  const { key = '' } = await createIdentity(owner, 'planner');
  await keyOf(other, 'planner', key);
  await setKeys(owner, 'planner', () => undefined);
  expect(await listTrust(other)).toMatchObject([{ agent: 'planner', state: 'changed', pinned: key }]);
  await expectRefusal(sealRecipientOf(other, 'planner'), 'KEY_CHANGED');
  expect(await acceptTrust(other, 'planner')).toEqual({ agent: 'planner', was: key, changed: true });
  expect(await listTrust(other)).toEqual([]);
});

test('each user goes by what he has seen', async () => {
  const [owner, early, late] = [rig.user('planner'), rig.user('reviewer'), rig.user('reviewer')];
  const { key = '' } = await createIdentity(owner, 'planner');
  await keyOf(early, 'planner', key);
  await createIdentity(rig.user(), 'Builder');
  const theirs = must((await owner.store.documents.getAgent('Builder'))?.keys?.[0]);
  await setKeys(owner, 'planner', () => [theirs]);
  expect((await keyOf(early, 'planner', theirs.id)).state).toBe('changed');
  expect((await keyOf(late, 'planner', theirs.id)).state).toBe('good');
});

test('what another process has changed is seen at once: a card, a pin, a private file', async () => {
  const [owner, other] = [rig.user('planner'), rig.user('reviewer')];
  const { key = '', root } = await createIdentity(owner, 'planner');
  expect((await keyOf(other, 'planner', key)).state).toBe('good');
  const path = trustFile(other.home, root);
  const pins = readJson(path) as unknown as { v: 1; agents: Record<string, { key: string }> };
  writeJson(path, { ...pins, agents: { planner: { ...pins.agents['planner'], key: 'anotherkeyanothe', public: '' } } });
  expect((await keyOf(other, 'planner', key)).state).toBe('changed');
  rmSync(path);
  expect((await keyOf(other, 'planner', key)).state).toBe('good');

  const secret = privateFile(owner.home, root, 'planner');
  expect(await signerOf(owner, 'planner')).toBeDefined();
  rmSync(secret);
  expect(await signerOf(owner, 'planner')).toBeUndefined();
});

test('a user whose folder cannot be written is told so, and reads all the same', async () => {
  const owner = rig.user('planner');
  const { key = '' } = await createIdentity(owner, 'planner');
  const blocked = rig.user('reviewer');
  // Also root cannot make a folder below a file.
  writeFileSync(`${blocked.home}/trust`, '');
  chmodSync(blocked.home, 0o700);
  expect((await keyOf(blocked, 'planner', key)).state).toBe('good');
  expect(rig.warnings.at(-1)).toMatch(/By which key planner is known could not be kept: .*trust/);
  await expectRefusal(acceptTrust(blocked, 'planner'), 'DISK_FAILED');
});

test('what is sealed goes by the same pins, and what is not made yet is not there', async () => {
  const [owner, other] = [rig.user('planner'), rig.user('reviewer')];
  await createIdentity(owner, 'planner');
  const path = privateFile(owner.home, (await showIdentity(owner, 'planner')).root, 'planner');
  const content = readJson(path) as unknown as { keys: object[] };
  const older = `AGE-SECRET-KEY-1${'A'.repeat(58)}`;
  writeJson(path, { ...content, keys: [{ ...content.keys[0], seal: older }] });
  chmodSync(path, 0o600);
  await setKeys(owner, 'planner', ([key]) => [{ ...must(key), seal: 'age1mine' }]);
  expect(await sealSecretOf(owner, 'planner')).toBe(older);
  expect(await sealRecipientOf(other, 'planner')).toBe('age1mine');
  await setKeys(owner, 'planner', ([key]) => [{ ...must(key), seal: 'age1theirs' }]);
  const error = await refusal(sealRecipientOf(other, 'planner'));
  expect([error.code, error.message]).toEqual(['KEY_CHANGED', expect.stringContaining('another key to seal for')]);
  await setKeys(owner, 'planner', ([key]) => [{ ...must(key), seal: 'age1mine' }]);
  // Older mail is sealed for older keys.
  await rotateIdentity(owner, 'planner');
  expect(await sealSecretsOf(owner, 'planner')).toEqual([
    expect.stringMatching(/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/),
    older,
  ]);
  expect(await sealSecretsOf(other, 'planner')).toEqual([]);
});
