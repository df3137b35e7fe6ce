/** The folders that private keys lie in. */
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { createIdentity, rotateIdentity, showIdentity } from '../../../src/core/identity/identity.ts';
import { signerOf } from '../../../src/core/identity/keys.ts';
import { notRoot, said, skips } from '../../lack.ts';
import { scratch } from '../../scratch.ts';
import { must, refusal } from '../rig.ts';
import { createIdentityRig, type IdentityRig } from './rig.ts';

let rig: IdentityRig;
beforeEach(async () => {
  rig = await createIdentityRig();
});

const modeOf = (path: string): number => statSync(path).mode & 0o777;
/** From that of the keys up to the user's own. */
const foldersIn = (path: string): string[] => [dirname(path), dirname(dirname(path)), dirname(dirname(dirname(path)))];

test('the folders that are made for it are of its owner alone', async () => {
  const home = join(scratch(), 'config', 'dreamos');
  const owner = rig.user('planner', { DREAMOS_CONFIG_HOME: home });
  const { private: path = '' } = await createIdentity(owner, 'planner');
  expect(foldersIn(path).at(-1)).toBe(home);
  expect(foldersIn(path).map(modeOf)).toEqual([0o700, 0o700, 0o700]);
});

test.each([0, 1, 2])('a key is not read from, nor put into, a folder that others may change (%i)', async (nth) => {
  const owner = rig.user('planner');
  const { private: path = '' } = await createIdentity(owner, 'planner');
  const folder = must(foldersIn(path)[nth]);
  for (const mode of [0o770, 0o707, 0o722]) {
    chmodSync(folder, mode);
    const refused = [refusal(signerOf(owner, 'planner')), refusal(rotateIdentity(owner, 'planner'))];
    for (const { code, message, hint } of [
      ...(await Promise.all(refused)),
      await refusal(createIdentity(owner, 'reviewer')),
    ])
      expect([code, message, hint]).toEqual([
        'UNAUTHENTICATED',
        `${folder} is a folder of private keys, and others may change it, so none is read or put there.`,
        `chmod go-w ${folder}`,
      ]);
    expect(readdirSync(dirname(path))).toEqual(['planner.json']);
  }
  chmodSync(folder, 0o755);
  expect(await signerOf(owner, 'planner')).toBeDefined();
});

test('who looks is told, and sees the rest', async () => {
  const owner = rig.user('planner');
  const { private: path = '', key } = await createIdentity(owner, 'planner');
  chmodSync(dirname(path), 0o777);
  rig.warnings.length = 0;
  expect(await showIdentity(owner, 'planner')).toMatchObject({ key });
  expect(rig.warnings.join()).toContain(`chmod go-w ${dirname(path)}`);
});

test('so is the folder of what DREAMOS_IDENTITY names; that is no other, and may be sticky', async () => {
  const above = scratch();
  chmodSync(above, 0o777);
  const folder = join(above, 'keys');
  mkdirSync(folder, { mode: 0o700 });
  const owner = rig.user('planner', { DREAMOS_IDENTITY: join(folder, 'planner.json') });
  chmodSync(folder, 0o777);
  expect((await refusal(createIdentity(owner, 'planner'))).hint).toBe(`chmod go-w ${folder}`);
  expect(readdirSync(folder)).toEqual([]);
  chmodSync(folder, 0o1777);
  await createIdentity(owner, 'planner');
  expect(await signerOf(owner, 'planner')).toBeDefined();
});

test.skipIf(skips(notRoot))(said('a folder of another user is refused', notRoot), async () => {
  const owner = rig.user('planner');
  const { private: path = '' } = await createIdentity(owner, 'planner');
  chownSync(dirname(path), 12_345, 12_345);
  const { message, hint } = await refusal(signerOf(owner, 'planner'));
  expect([message, hint]).toEqual([
    expect.stringContaining('belongs to another user'),
    `Whose it is: ls -ld ${dirname(path)}`,
  ]);
});
