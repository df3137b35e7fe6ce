/** DREAMOS_IDENTITY that names another agent's key: whose it is, and what to do, in all that uses it. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { createIdentity, revokeIdentity, rotateIdentity, showIdentity } from '../../../src/core/identity/identity.ts';
import { show } from '../../../src/core/look/show.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { must, refusal } from '../rig.ts';
import { createIdentityRig, type IdentityRig, readJson, writeJson } from './rig.ts';
import { setSetting } from './signatures/settings.ts';

let rig: IdentityRig;
/** Who acts as planner, with the key of reviewer. */
let wrong: Session;
let path: string;
let sealed: string;
beforeEach(async () => {
  rig = await createIdentityRig();
  const owner = rig.user('planner');
  await createIdentity(owner, 'planner');
  const { private: made = '' } = await createIdentity(owner, 'reviewer');
  path = join(owner.home, 'mine.json');
  copyFileSync(made, path);
  wrong = rig.user('planner', { DREAMOS_IDENTITY: path });
  sealed = (await send(rig.as('reviewer', owner.env), { to: 'planner', body: 'x', seal: true })).id;
});

const of = 'the key of reviewer, not of planner';
const next = 'Act as reviewer, or name the file of planner by it, or none: unset DREAMOS_IDENTITY';

test.for<[string, () => Promise<unknown>]>([
  ['identity create', () => createIdentity(wrong, 'planner')],
  ['identity rotate', () => rotateIdentity(wrong, 'planner')],
  ['send', async () => (await setSetting(wrong, 'require'), send(wrong, { to: 'reviewer', body: 'x' }))],
  ['send --seal --dedupe-key', () => send(wrong, { to: 'reviewer', body: 'x', seal: true, dedupeKey: 'one' })],
  ['read --unseal', () => readNext(wrong, 'planner', { unseal: true })],
])('%s is refused, and says it', async ([, call]) => {
  const { code, message, hint } = await refusal(call());
  expect([code, message, hint]).toEqual([
    'UNAUTHENTICATED',
    expect.stringContaining(`${path}, and that is ${of}.`),
    next,
  ]);
});

test('so is show, of what it could open', async () => {
  rig.warnings.length = 0;
  const shown = await show(wrong, sealed, { unseal: true }).catch(({ message, hint }: Error & { hint?: string }) => {
    rig.warnings.push(`${message} ${hint}`);
  });
  expect(shown?.message?.body).not.toBe('x');
  expect(rig.warnings.join()).toContain(of);
});

test('where signatures are only asked for it is a warning', async () => {
  await setSetting(wrong, 'warn');
  rig.warnings.length = 0;
  await send(wrong, { to: 'reviewer', body: 'x' });
  expect(rig.warnings).toEqual([
    expect.stringMatching(new RegExp(`${of}\\. What planner sends is not signed: ${next}`)),
  ]);
});

test('who looks at his own, or ends it, is told; of another one it is no use', async () => {
  rig.warnings.length = 0;
  expect(await showIdentity(wrong, 'planner')).not.toHaveProperty('private');
  expect(rig.warnings.splice(0)).toEqual([expect.stringContaining(`${of}. ${next}`)]);
  expect(await showIdentity(wrong, 'reviewer')).toMatchObject({ private: path });
  await showIdentity(wrong, 'Builder');
  expect(rig.warnings).toEqual([]);
  expect(await revokeIdentity(wrong, 'planner')).toMatchObject({ state: 'revoked' });
  expect(rig.warnings).toEqual(expect.arrayContaining([expect.stringContaining(of)]));
});

test('a key of another root is said to be that', async () => {
  const content = readJson(path);
  const root = '01JD3Y6Q0V8M5T2B7K9XWZ4RCE';
  writeJson(path, { ...content, root, agent: 'planner' });
  const { message, hint } = await refusal(rotateIdentity(wrong, 'planner'));
  expect(message).toBe(`DREAMOS_IDENTITY names ${path}, and that is the key of planner in another root, ${root}.`);
  expect(hint).toBe('Name the file of planner by it, or none: unset DREAMOS_IDENTITY');
  expect(must(content['root'])).not.toBe(root);
});
