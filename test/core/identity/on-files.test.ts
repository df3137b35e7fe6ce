import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createIdentity, rotateIdentity, showIdentity } from '../../../src/core/identity/identity.ts';
import { keyOf, rootIdOf, signerOf } from '../../../src/core/identity/keys.ts';
import { listTrust } from '../../../src/core/identity/trust.ts';
import { backup } from '../../../src/core/keep/backup.ts';
import { doctor } from '../../../src/core/keep/doctor.ts';
import { initRoot, openRoot, restoreRoot } from '../../../src/core/open-root.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { scratch } from '../../scratch.ts';
import { gather, must } from '../rig.ts';
import { readJson, trustFile, writeJson } from './rig.ts';

interface OnFiles {
  readonly dir: string;
  readonly owner: Session;
  readonly other: Session;
  readonly home: string;
}

async function onFiles(work: (at: OnFiles) => Promise<void>): Promise<void> {
  const dir = scratch();
  const home = join(dir, 'other');
  const { root: owner } = await initRoot({
    root: join(dir, 'root'),
    agents: ['ann', 'bob'],
    env: { DREAMOS_CONFIG_HOME: join(dir, 'user') },
  });
  const other = await openRoot({ root: join(dir, 'root'), env: { DREAMOS_CONFIG_HOME: home } });
  try {
    await work({ dir, owner, other, home });
  } finally {
    await Promise.all([owner.close(), other.close()]);
  }
}

test('a pin, a card and a private key that others have changed hold from the next look on', () =>
  onFiles(async ({ owner, other, home }) => {
    const { key = '', root } = await createIdentity(owner, 'ann');
    for (let i = 0; i < 2; i++) expect((await keyOf(other, 'ann', key)).state).toBe('good');
    const path = trustFile(home, root);
    const pins = readFileSync(path, 'utf8');
    writeJson(path, { v: 1, agents: { ann: { key: 'anotherkeyanothe', public: '', since: '' } } });
    expect((await keyOf(other, 'ann', key)).state).toBe('changed');
    writeFileSync(path, pins);
    expect((await keyOf(other, 'ann', key)).state).toBe('good');

    const { key: next = '' } = await rotateIdentity(owner, 'ann');
    // A card is not looked at again for 5 ms.
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
    expect((await keyOf(other, 'ann', next)).state).toBe('good');
    expect((await signerOf(owner, 'ann'))?.key).toBe(next);
    rmSync(must((await showIdentity(owner, 'ann')).private));
    expect(await signerOf(owner, 'ann')).toBeUndefined();
  }));

test('asked again, a public key is not made again, nor a pin written again', () =>
  onFiles(async ({ owner, other, home }) => {
    const { key = '', root } = await createIdentity(owner, 'ann');
    const first = await keyOf(other, 'ann', key);
    const { mtimeMs, ino } = statSync(trustFile(home, root));
    const again = await keyOf(other, 'ann', key);
    expect(again.publicKey).toBe(first.publicKey);
    expect(statSync(trustFile(home, root))).toMatchObject({ mtimeMs, ino });
  }));

test('a root that is restored from a backup is the same to its keys; the backup has no private one', () =>
  onFiles(async ({ dir, owner, other }) => {
    const { key = '', root } = await createIdentity(owner, 'ann');
    await keyOf(other, 'ann', key);
    const file = join(dir, 'mail.tar.gz');
    await backup(owner, file);
    const { root: restored } = must(await restoreRoot(file, { root: join(dir, 'restored'), env: owner.env }));
    try {
      expect(await rootIdOf(restored)).toBe(root);
      expect((await signerOf(restored, 'ann'))?.key).toBe(key);
      expect((await keyOf({ ...restored, env: other.env }, 'ann', key)).state).toBe('good');
      expect(await gather(doctor(restored))).toEqual([]);
    } finally {
      await restored.close();
    }
    const { gunzipSync } = await import('node:zlib');
    const all = gunzipSync(readFileSync(file)).toString('latin1');
    expect(all).toContain(key);
    expect(all).not.toMatch(/PRIVATE KEY|AGE-SECRET/);
  }));

test('the root knows its new document: doctor finds nothing strange, and makes it private', () =>
  onFiles(async ({ dir, owner }) => {
    const { root } = await createIdentity(owner, 'ann');
    const path = join(dir, 'root', 'identity.json');
    expect(readJson(path)).toMatchObject({ v: 1, id: root });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await gather(doctor(owner))).toEqual([]);
  }));

test('where nobody has a key, nothing is there of it', () =>
  onFiles(async ({ dir, other }) => {
    expect(await listTrust(other)).toEqual([]);
    expect(() => statSync(join(dir, 'root', 'identity.json'))).toThrow('ENOENT');
    expect(() => statSync(join(dir, 'other'))).toThrow('ENOENT');
  }));
