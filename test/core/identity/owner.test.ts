import { chownSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createIdentity } from '../../../src/core/identity/identity.ts';
import { keyOf, signerOf } from '../../../src/core/identity/keys.ts';
import { notRoot, said, skips } from '../../lack.ts';
import { must, refusal } from '../rig.ts';
import { createIdentityRig, trustFile } from './rig.ts';

test.skipIf(skips(notRoot))(
  said('a private key, and a note of keys, of another user are not used', notRoot),
  async () => {
    const owner = (await createIdentityRig()).user('planner');
    const { key = '', private: path, root } = await createIdentity(owner, 'planner');
    expect([await signerOf(owner, 'planner'), (await keyOf(owner, 'planner', key)).state]).toEqual([
      expect.anything(),
      'good',
    ]);
    const [own, pins] = [must(path), trustFile(owner.home, root)];
    for (const one of [own, pins]) chownSync(one, 12_345, 12_345);
    const signing = await refusal(signerOf(owner, 'planner'));
    expect([signing.code, signing.message, signing.hint]).toEqual([
      'UNAUTHENTICATED',
      expect.stringContaining('belongs to another user'),
      `Whose it is: ls -l ${own}`,
    ]);
    const looking = await refusal(keyOf(owner, 'planner', key));
    expect([looking.code, looking.message]).toEqual([
      'CONFIG_INVALID',
      expect.stringContaining('belongs to another user'),
    ]);
    for (const one of [own, pins]) chownSync(one, 0, 0);
    expect(await signerOf(owner, 'planner')).toBeDefined();
  },
);
