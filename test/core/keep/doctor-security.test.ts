/** What `dreamos doctor` says of settings and files that are there for security. */
import { beforeEach, expect, test } from 'vitest';
import { setConfig } from '../../../src/core/config/change.ts';
import { createIdentity } from '../../../src/core/identity/identity.ts';
import { keyOf } from '../../../src/core/identity/keys.ts';
import { acceptTrust } from '../../../src/core/identity/trust.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { setPolicy } from '../../../src/core/policy/policy.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { createIdentityRig, type IdentityRig, setKeys, trustFile, writeJson } from '../identity/rig.ts';
import { gather, must } from '../rig.ts';

let rig: IdentityRig;
let root: Session & { readonly home: string };
beforeEach(async () => {
  rig = await createIdentityRig();
  root = rig.user('planner');
});

const found = (session: Session = root) => gather(doctor(session));

test('a command that looks for secrets and cannot is a problem where nothing is sent without it', async () => {
  await setConfig(root, 'secretScanner', '["./no-such-scanner"]');
  expect(await found()).toEqual([]);
  await setConfig(root, 'secrets', 'warn');
  expect(await found()).toMatchObject([
    {
      rule: 'secrets',
      level: 'warning',
      message: expect.stringContaining('so mail is sent without a look: The command "./no-such-scanner"') as string,
      hint: expect.stringContaining('dreamos config get secretScanner') as string,
    },
  ]);
  await setConfig(root, 'secrets', 'refuse');
  expect(await found()).toMatchObject([{ rule: 'secrets', level: 'problem' }]);
  await setConfig(root, 'secretScanner', '["false"]');
  expect(await found()).toMatchObject([
    { rule: 'secrets', message: expect.stringContaining('so it finds one in everything') as string },
  ]);
  await setConfig(root, 'secretScanner', '["true"]');
  expect(await found()).toEqual([]);
});

test('agents without a key are pointed at while signatures are required', async () => {
  await setConfig(root, 'signatures', 'warn');
  expect(await found()).toEqual([]);
  await setConfig(root, 'signatures', 'require');
  await createIdentity(root, 'planner');
  expect(await found()).toEqual([
    {
      rule: 'signatures',
      level: 'warning',
      message: 'The setting signatures is require, and 2 agents have no key, so they cannot send: Builder, reviewer.',
      hint: 'dreamos identity create Builder',
    },
  ]);
  for (const name of ['Builder', 'reviewer']) await createIdentity(root, name);
  expect(await found()).toEqual([]);
});

test('a key that was changed without a word is a problem of who knows the agent by another one', async () => {
  const [other, stranger] = [rig.user('reviewer'), rig.user('Builder')];
  const { key = '', root: id } = await createIdentity(root, 'planner');
  await keyOf(other, 'planner', key);
  await createIdentity(stranger, 'Builder');
  const theirs = must((await root.store.documents.getAgent('Builder'))?.keys?.[0]);
  await setKeys(stranger, 'planner', () => [theirs]);
  expect(await found(stranger)).toEqual([]);
  expect(await found(other)).toMatchObject([
    { rule: 'trust', level: 'problem', hint: expect.stringContaining('dreamos trust accept planner') as string },
  ]);
  await acceptTrust(other, 'planner');
  expect(await found(other)).toEqual([]);
  writeJson(trustFile(other.home, id), 7);
  expect(await found(other)).toMatchObject([{ rule: 'trust', level: 'problem' }]);
});

test('a policy that is gone is told as long as one was in force', async () => {
  await setPolicy(root, { roles: { all: { allow: { '*': ['*'] } } }, everyone: ['all'] });
  expect(await found()).toEqual([]);
  rig.mail.documents.delete('policy');
  rig.clock.advance(1000);
  expect(await found()).toMatchObject([
    { rule: 'policy', level: 'warning', message: expect.stringContaining('its version 1 was in force') as string },
  ]);
});
