import { expect } from 'vitest';
import type { Rig } from './rig.ts';

export function revisionRules(rig: Rig): void {
  const { test } = rig;

  test('what is kept of a document never changes, and its number is given once', async () => {
    const { documents } = rig.store;
    const other = (await rig.another()).documents;
    for (const of of ['settings', 'agents/bob'] as const) {
      expect(await documents.revisions(of)).toEqual([]);
      expect(await documents.revision(of, 1)).toBeUndefined();
      expect(await documents.keepRevision(of, 2, { say: 'two' })).toBe(true);
      expect(await other.keepRevision(of, 2, { say: 'other' })).toBe(false);
      expect(await other.keepRevision(of, 10, { say: 'ten' })).toBe(true);
      expect(await documents.revisions(of)).toEqual([2, 10]);
      expect(await documents.revision(of, 2)).toEqual({ say: 'two' });
      expect(await documents.revision(of, 10)).toEqual({ say: 'ten' });
    }
    expect(await documents.revisions('agents/ann')).toEqual([]);
  });

  test('of many that keep one at the same moment each gets another number, or is told', async () => {
    const stores = await Promise.all(Array.from({ length: 8 }, () => rig.another()));
    const kept = await Promise.all(
      stores.map(({ documents }, i) => documents.keepRevision('settings', 1 + (i % 2), { i })),
    );
    expect(kept.filter(Boolean)).toHaveLength(2);
    expect(await rig.store.documents.revisions('settings')).toEqual([1, 2]);
  });

  test('what is kept of a card goes with its mailbox, and nothing is kept of a mailbox that is gone', async () => {
    const { documents } = rig.store;
    expect(await documents.keepRevision('agents/bob', 1, { card: 'was' })).toBe(true);
    expect(await documents.rename('bob', 'rob')).toBe('renamed');
    expect(await documents.revision('agents/rob', 1)).toEqual({ card: 'was' });
    expect(await documents.revisions('agents/bob')).toEqual([]);
    expect(await documents.keepRevision('agents/bob', 2, { card: 'is' })).toBe(false);
    expect(await (await rig.another()).documents.getAgent('bob')).toBeUndefined();
  });

  test('a document as a text has the version under which it is replaced', async () => {
    const { documents } = rig.store;
    expect(await documents.text('settings')).toBeUndefined();
    expect(await documents.put('settings', { lease: '5m' }, undefined)).toBe(true);
    const { text, version } = (await documents.text('settings')) ?? {};
    expect(JSON.parse(text ?? '')).toEqual({ lease: '5m' });
    expect(await documents.put('settings', {}, version)).toBe(true);
    expect(await documents.put('settings', { lease: '6m' }, version)).toBe(false);
  });

  test('a document is taken away under the version that was read, and can be put again', async () => {
    const { documents } = rig.store;
    const other = (await rig.another()).documents;
    expect(await documents.put('policy', { roles: {} }, undefined)).toBe(true);
    const { version = '' } = (await documents.get('policy')) ?? {};
    expect(await other.put('policy', { roles: { a: {} } }, version)).toBe(true);
    expect(await documents.withdraw('policy', version)).toBe(false);
    expect((await documents.get('policy'))?.value).toEqual({ roles: { a: {} } });
    const now = (await documents.get('policy'))?.version ?? '';
    expect(await documents.withdraw('policy', now)).toBe(true);
    expect(await documents.get('policy')).toBeUndefined();
    expect(await documents.withdraw('policy', now)).toBe(false);
    expect(await other.put('policy', { roles: {} }, now)).toBe(false);
    expect(await documents.put('policy', { roles: { b: {} } }, undefined)).toBe(true);
    expect((await documents.get('policy'))?.value).toEqual({ roles: { b: {} } });
  });
}
