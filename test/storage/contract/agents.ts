import { expect } from 'vitest';
import type { AgentCard } from '../../../src/model/agent.ts';
import { type Rig } from './rig.ts';
import { changeAgentIn, changeIn, changeSettingsIn, documentIn, settingsIn } from './ways.ts';

export function agentRules(rig: Rig): void {
  const { test } = rig;

  test('an agent is found by its name, however it is cased', async () => {
    expect((await rig.store.documents.getAgent('cy'))?.name).toBe('Cy');
    expect((await rig.store.documents.getAgent('CY'))?.name).toBe('Cy');
    expect(await rig.store.documents.getAgent('dora')).toBeUndefined();
  });

  test('a differently cased name changes the same card, and makes no second agent', async () => {
    await changeAgentIn(rig.store, 'BOB', (card) => ({
      ...(card ?? { name: 'BOB', createdAt: 'new' }),
      description: 'builds',
    }));
    expect((await rig.store.documents.listAgents()).map((card) => card.name).sort()).toEqual(['Cy', 'ann', 'bob']);
    expect((await rig.store.documents.getAgent('bob'))?.description).toBe('builds');
  });

  test('unknown fields of a card are kept', async () => {
    await changeAgentIn(rig.store, 'bob', (card) => ({
      ...(card ?? { name: 'bob', createdAt: '' }),
      colour: 'green',
    }));
    expect(await (await rig.another()).documents.getAgent('bob')).toMatchObject({ colour: 'green' });
  });

  test('changes of one card at the same time, from two handles, are all kept', async () => {
    const other = await rig.another();
    const add =
      (group: string) =>
      async (store = rig.store) =>
        changeAgentIn(store, 'bob', (card) => ({
          ...(card ?? { name: 'bob', createdAt: '' }),
          groups: [...(card?.groups ?? []), group],
        }));
    await Promise.all([add('a')(), add('b')(other), add('c')(), add('d')(other)]);
    expect((await rig.store.documents.getAgent('bob'))?.groups?.toSorted()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a document is what was saved last, and changes from two handles are all kept', async () => {
    const other = await rig.another();
    expect(await documentIn(rig.store, 'subscriptions')).toBeUndefined();
    const add = (name: string) => (document: unknown) => [...((document as string[] | undefined) ?? []), name];
    await Promise.all([changeIn(rig.store, 'subscriptions', add('a')), changeIn(other, 'subscriptions', add('b'))]);
    expect((await documentIn(rig.store, 'subscriptions')) as string[]).toHaveLength(2);
    await changeIn(other, 'subscriptions', add('c'));
    expect(((await documentIn(rig.store, 'subscriptions')) as string[]).toSorted()).toEqual(['a', 'b', 'c']);
    expect(await documentIn(other, 'schedules')).toBeUndefined();
  });

  test('settings start empty, and changes from two handles are all kept', async () => {
    expect(await settingsIn(rig.store)).toEqual({});
    const other = await rig.another();
    await Promise.all([
      changeSettingsIn(rig.store, (settings) => ({ ...settings, lease: '5m' })),
      changeSettingsIn(other, (settings) => ({ ...settings, maxAttempts: 3 })),
    ]);
    expect(await settingsIn(rig.store)).toEqual({ lease: '5m', maxAttempts: 3 });
  });

  test('a change that throws changes nothing', async () => {
    const boom = (): never => {
      throw new Error('boom');
    };
    await expect(changeSettingsIn(rig.store, boom)).rejects.toThrow('boom');
    await expect(changeAgentIn(rig.store, 'dora', boom)).rejects.toThrow('boom');
    expect(await rig.store.documents.getAgent('dora')).toBeUndefined();
    expect(await changeSettingsIn(rig.store, (settings) => settings)).toEqual({});
  });

  test('a lock has one holder at a time, also between two handles', async () => {
    const other = await rig.another();
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    await Promise.all([rig.store, other, rig.store, other].map((store) => store.documents.withLock('purge', work)));
    expect(most).toBe(1);
  });

  test('every document has a lock for who has lost once, also where there is none of its kind yet', async () => {
    const names = ['settings', 'agents/dora', 'tasks/01JD3Y6Q0V8M5T2B7K9XWZ4RCE', 'pending/01JD3Y6Q0V8M5T2B7K9XWZ4RCE'];
    for (const name of names) expect(await rig.store.documents.withLock(`change.${name}`, async () => name)).toBe(name);
  });

  test('a lock is free again after work that failed, and hands its result on', async () => {
    await expect(rig.store.documents.withLock('repair', () => Promise.reject(new Error('boom')))).rejects.toThrow(
      'boom',
    );
    expect(await rig.store.documents.withLock('repair', () => Promise.resolve(7))).toBe(7);
  });

  test('a document is replaced only under the version that it has', async () => {
    const { documents } = rig.store;
    expect(await documents.put('schedules', { n: 1 }, 'x')).toBe(false);
    expect(await documents.get('schedules')).toBeUndefined();
    expect(await documents.put('schedules', { n: 1 }, undefined)).toBe(true);
    expect(await documents.put('schedules', { n: 2 }, undefined)).toBe(false);
    const first = await documents.get('schedules');
    expect(first?.value).toEqual({ n: 1 });
    expect(await (await rig.another()).documents.put('schedules', { n: 3 }, first?.version)).toBe(true);
    expect(await documents.put('schedules', { n: 4 }, first?.version)).toBe(false);
    expect(await documentIn(rig.store, 'schedules')).toEqual({ n: 3 });
  });

  test('the documents of tasks are listed by their ids, each kind for itself, and are taken away for good', async () => {
    const { documents } = rig.store;
    const [one, other] = [rig.ids.next(rig.now()), rig.ids.next(rig.now())];
    expect(await documents.list('tasks')).toEqual([]);
    await documents.remove(`tasks/${one}`);
    for (const id of [one, other]) expect(await documents.put(`tasks/${id}`, { id }, undefined)).toBe(true);
    expect(await documents.put(`tasks/${one}`, {}, undefined)).toBe(false);
    expect(await documents.put(`pending/${one}`, { why: 'x' }, undefined)).toBe(true);
    const another = await rig.another();
    expect((await another.documents.list('tasks')).sort()).toEqual([one, other].sort());
    expect(await another.documents.list('pending')).toEqual([one]);
    expect((await another.documents.get(`pending/${one}`))?.value).toEqual({ why: 'x' });
    await another.documents.remove(`pending/${one}`);
    expect(await documents.list('pending')).toEqual([]);
    expect(await documents.put(`received/${one}`, { v: 1 }, undefined)).toBe(true);
    expect(await another.documents.list('received')).toEqual([one]);
    await documents.remove(`received/${one}`);
    expect(await another.documents.list('received')).toEqual([]);
    expect(await documents.get(`pending/${one}`)).toBeUndefined();
    expect((await documents.list('tasks')).length).toBe(2);
  });

  test('whoever watches a document is told when another has put it, and not behind the end', async () => {
    const other = await rig.another();
    for (const name of ['reservations', 'agents/bob'] as const) {
      let ring = (): void => undefined;
      const rung = new Promise<void>((resolve) => void (ring = resolve));
      const wake = await rig.store.documents.watch(name, () => ring());
      let late = 0;
      const closed = await rig.store.documents.watch(name, () => late++);
      await closed.close();
      if (name === 'reservations') await changeIn(other, name, () => ({ n: 1 }));
      else await changeAgentIn(other, 'bob', (card) => ({ ...(card as AgentCard), description: 'x' }));
      await rung;
      await wake.close();
      expect(late).toBe(0);
    }
  });

  test('a card is replaced only under its version, and no second agent is made by another case of its name', async () => {
    const { documents } = rig.store;
    const card = { name: 'dora', createdAt: new Date(rig.now()).toISOString() };
    expect(await documents.put('agents/dora', card, undefined)).toBe(true);
    expect(await documents.put('agents/DORA', { ...card, name: 'DORA' }, undefined)).toBe(false);
    const before = await documents.get('agents/dora');
    expect(await documents.put('agents/dora', { ...card, description: 'a' }, before?.version)).toBe(true);
    expect(await documents.put('agents/dora', { ...card, description: 'b' }, before?.version)).toBe(false);
    expect((await documents.listAgents()).filter(({ name }) => /dora/i.test(name))).toMatchObject([
      { description: 'a' },
    ]);
  });

  test('a change runs again when somebody else was faster, and only its last run counts', async () => {
    const other = await rig.another();
    const seen: unknown[] = [];
    let late = true;
    const { put } = rig.store.documents;
    rig.store.documents.put = async (...given) => {
      if (late) await changeIn(other, 'schedules', () => ['theirs']);
      late = false;
      return put(...given);
    };
    await changeIn(rig.store, 'schedules', (value) => {
      seen.push(value);
      return [...((value as string[] | undefined) ?? []), 'mine'];
    });
    expect(seen).toEqual([undefined, ['theirs']]);
    expect(await documentIn(other, 'schedules')).toEqual(['theirs', 'mine']);
  });
}
