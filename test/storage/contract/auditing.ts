import { expect } from 'vitest';
import type { Rig } from './rig.ts';

export function auditRules(rig: Rig): void {
  const { test } = rig;
  const text = async (log: string, from = 0, to = Infinity): Promise<string> => {
    const parts: Uint8Array[] = [];
    const size = await rig.store.audit.size(log);
    for await (const part of rig.store.audit.read(log, from, Math.min(to, size))) parts.push(part);
    return Buffer.concat(parts).toString();
  };

  test('of what was never written there is nothing', async () => {
    const { audit } = rig.store;
    expect([await audit.days(), await audit.keys()]).toEqual([[], []]);
    expect(await audit.size('2026-11-20')).toBe(0);
    expect(await text('2026-11-20')).toBe('');
    expect(await audit.key(0)).toBeUndefined();
    expect(await audit.remove('2026-11-20')).toBe(false);
    await audit.removeKey(0);
  });

  test('lines of many processes are all there, each whole', async () => {
    const stores = await Promise.all(Array.from({ length: 4 }, () => rig.another()));
    await Promise.all(
      stores.map(async ({ audit }, i) => {
        for (let n = 0; n < 20; n++) await audit.append('2026-11-20', `{"by":${i},"n":${n}}\n`);
      }),
    );
    await rig.store.audit.append('2026-11-19', 'a\nb\n');
    await rig.store.audit.append('checkpoints', 'c\n');
    await rig.store.audit.sync('checkpoints');
    expect(await rig.store.audit.days()).toEqual(['2026-11-19', '2026-11-20']);
    const lines = (await text('2026-11-20')).trim().split('\n');
    expect(new Set(lines).size).toBe(80);
    expect(await text('2026-11-19', 2, 4)).toBe('b\n');
    expect(await text('2026-11-19', 4, 9)).toBe('');
    expect(await text('checkpoints')).toBe('c\n');
  });

  test('a day is removed, and the others stay', async () => {
    const { audit } = rig.store;
    for (const day of ['2026-11-18', '2026-11-19']) await audit.append(day, `${day}\n`);
    expect(await audit.remove('2026-11-18')).toBe(true);
    expect(await audit.days()).toEqual(['2026-11-19']);
    expect(await text('2026-11-18')).toBe('');
    expect(await text('2026-11-19')).toBe('2026-11-19\n');
  });

  test('a key is made once, for all to see, until it is removed', async () => {
    const { audit } = rig.store;
    const other = (await rig.another()).audit;
    expect(await audit.makeKey(7, 'one')).toBe(true);
    expect(await other.makeKey(7, 'other')).toBe(false);
    expect(await other.makeKey(10, 'ten')).toBe(true);
    expect(await audit.keys()).toEqual([7, 10]);
    expect(await other.key(7)).toBe('one');
    await other.removeKey(7);
    expect(await audit.keys()).toEqual([10]);
    expect(await audit.key(7)).toBeUndefined();
  });
}
