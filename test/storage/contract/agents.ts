import { expect, test } from 'vitest';
import { Bench, type MakeStore } from './bench.ts';

export function agentRules(makeStore: MakeStore): void {
  const bench = new Bench(makeStore);

  test('an agent is found by its name, however it is cased', async () => {
    expect((await bench.store.getAgent('cy'))?.name).toBe('Cy');
    expect((await bench.store.getAgent('CY'))?.name).toBe('Cy');
    expect(await bench.store.getAgent('dora')).toBeUndefined();
  });

  test('a differently cased name changes the same card, and makes no second agent', async () => {
    await bench.store.saveAgent('BOB', (card) => ({
      ...(card ?? { name: 'BOB', createdAt: 'new' }),
      description: 'builds',
    }));
    expect((await bench.store.listAgents()).map((card) => card.name).sort()).toEqual(['Cy', 'ann', 'bob']);
    expect((await bench.store.getAgent('bob'))?.description).toBe('builds');
  });

  test('unknown fields of a card are kept', async () => {
    await bench.store.saveAgent('bob', (card) => ({ ...(card ?? { name: 'bob', createdAt: '' }), colour: 'green' }));
    expect((await (await bench.another()).getAgent('bob'))?.['colour']).toBe('green');
  });

  test('changes of one card at the same time, from two handles, are all kept', async () => {
    const other = await bench.another();
    const add =
      (group: string) =>
      async (store = bench.store) =>
        store.saveAgent('bob', (card) => ({
          ...(card ?? { name: 'bob', createdAt: '' }),
          groups: [...(card?.groups ?? []), group],
        }));
    await Promise.all([add('a')(), add('b')(other), add('c')(), add('d')(other)]);
    expect((await bench.store.getAgent('bob'))?.groups?.toSorted()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a document is what was saved last, and changes from two handles are all kept', async () => {
    const other = await bench.another();
    expect(await bench.store.loadDocument('subscriptions')).toBeUndefined();
    const add = (name: string) => (document: unknown) => [...((document as string[] | undefined) ?? []), name];
    await Promise.all([
      bench.store.saveDocument('subscriptions', add('a')),
      other.saveDocument('subscriptions', add('b')),
    ]);
    expect((await bench.store.loadDocument('subscriptions')) as string[]).toHaveLength(2);
    await other.saveDocument('subscriptions', add('c'));
    expect(((await bench.store.loadDocument('subscriptions')) as string[]).toSorted()).toEqual(['a', 'b', 'c']);
    expect(await other.loadDocument('schedules')).toBeUndefined();
  });

  test('settings start empty, and changes from two handles are all kept', async () => {
    expect(await bench.store.loadSettings()).toEqual({});
    const other = await bench.another();
    await Promise.all([
      bench.store.saveSettings((settings) => ({ ...settings, lease: '5m' })),
      other.saveSettings((settings) => ({ ...settings, maxAttempts: 3 })),
    ]);
    expect(await bench.store.loadSettings()).toEqual({ lease: '5m', maxAttempts: 3 });
  });

  test('a change that throws changes nothing', async () => {
    const boom = (): never => {
      throw new Error('boom');
    };
    await expect(bench.store.saveSettings(boom)).rejects.toThrow('boom');
    await expect(bench.store.saveAgent('dora', boom)).rejects.toThrow('boom');
    expect(await bench.store.getAgent('dora')).toBeUndefined();
    expect(await bench.store.saveSettings((settings) => settings)).toEqual({});
  });

  test('a lock has one holder at a time, also between two handles', async () => {
    const other = await bench.another();
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    await Promise.all([bench.store, other, bench.store, other].map((store) => store.withLock('purge', work)));
    expect(most).toBe(1);
  });

  test('a lock is free again after work that failed, and hands its result on', async () => {
    await expect(bench.store.withLock('repair', () => Promise.reject(new Error('boom')))).rejects.toThrow('boom');
    expect(await bench.store.withLock('repair', () => Promise.resolve(7))).toBe(7);
  });
}
