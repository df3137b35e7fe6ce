/** Cards that people edit by hand. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { DreamosError } from '../../../../src/model/errors.ts';
import type { Store } from '../../../../src/storage/port/store.ts';
import { changeAgentIn } from '../../contract/ways.ts';
import { watchedDisk } from '../disks.ts';
import { makeRoom, type Room } from '../room.ts';

let room: Room;
let store: Store;
beforeEach(async () => {
  room = makeRoom();
  store = await room.open();
  await changeAgentIn(store, 'bob', () => ({ ...card, settings: { lease: '5m', maxAttempts: 9 } }));
});

const card = { name: 'bob', createdAt: '2026-11-20T09:00:00.000Z', groups: ['a', 'b'] };
const write = (text: string): void => writeFileSync(room.at('bob').card, text, { mode: 0o600 });
const broken = JSON.stringify({ ...card, settings: { lease: 'soon', maxAttempts: 9 } }, null, 1);

test('what a process has seen of a card holds while it is edited into something invalid, which is said once with the place', async () => {
  const before = await store.documents.getAgent('bob');
  for (const [text, place] of [
    [broken, /bob.*agent\.json, line 9, column 3: settings\.lease: "soon" is not a duration/],
    [broken.replace('soon', '13h'), /line 9, column 3: settings\.lease: "13h" is not/],
    ['{\n "name": "bob"\n "groups": []}', /line 3, column 2: "," or "}"/],
  ] as const) {
    write(text);
    for (let look = 0; look < 3; look++) {
      room.clock.advance(1000);
      expect(await store.documents.getAgent('bob')).toEqual(before);
    }
    expect(room.warnings.splice(0)).toEqual([expect.stringMatching(place)]);
  }
  write(JSON.stringify(card));
  room.clock.advance(1000);
  expect(await store.documents.getAgent('bob')).toEqual(card);
  expect(room.warnings).toEqual([]);
});

test('who begins with an invalid card has what can be used of it: one wrong setting takes nobody out of his groups', async () => {
  write(broken.replace('"b"', '7'));
  store = await room.open();
  const usable = { ...card, groups: ['a'], settings: { maxAttempts: 9 } };
  expect(await store.documents.getAgent('bob')).toEqual(usable);
  expect(await store.documents.getAgent('ann')).toMatchObject({ name: 'ann' });
  const kept = (): string[] => readdirSync(room.at('bob').corrupt).filter((name) => name.startsWith('agent-'));
  expect(kept()).toEqual([]);
  await changeAgentIn(store, 'bob', (known) => ({ ...(known ?? card), description: 'changed' }));
  expect(JSON.parse(readFileSync(room.at('bob').card, 'utf8'))).toEqual({ ...usable, description: 'changed' });
  expect(kept().map((name) => readFileSync(join(room.at('bob').corrupt, name), 'utf8'))).toEqual([
    broken.replace('"b"', '7'),
  ]);
});

test.for([
  ['', { groups: ['a', 'b'] }],
  ['"description":5,', {}],
] as const)(
  'a card that is nested too deeply (%j) is told with the place, kept, and in nobody’s way',
  async ([wrong]) => {
    const levels = (count: number): string => '['.repeat(count) + ']'.repeat(count);
    const deep = `{"name":"bob",${wrong}"createdAt":"${card.createdAt}","x":${levels(200_000)}}`;
    write(deep);
    store = await room.open();
    expect(await store.documents.listAgents()).toMatchObject([{ name: 'ann' }, { name: 'bob' }]);
    expect(room.warnings.splice(0)).toEqual([
      expect.stringMatching(/card of bob cannot be used.*line 1, column \d+: it is nested too deeply/),
    ]);
    await changeAgentIn(store, 'bob', (known) => ({ ...(known ?? card), description: 'changed' }));
    expect(JSON.parse(readFileSync(room.at('bob').card, 'utf8'))).toMatchObject({
      name: 'bob',
      description: 'changed',
    });
    const [kept = ''] = readdirSync(room.at('bob').corrupt).filter((name) => name.startsWith('agent-'));
    expect(readFileSync(join(room.at('bob').corrupt, kept), 'utf8')).toBe(deep);

    // What can be copied and written again is.
    write(deep.replace(levels(200_000), levels(500)));
    room.clock.advance(1000);
    if (wrong === '') await changeAgentIn(store, 'bob', (known) => ({ ...(known ?? card), groups: ['c'] }));
    expect(JSON.stringify(await store.documents.getAgent('bob'))).toContain(levels(500));
  },
);
test('an agent that the disk does not take is not there, whichever of its folders or its card it was', async () => {
  let left = 0;
  const takes = new Set(['makeDir', 'writeWhole', 'rename']);
  const disk = watchedDisk(({ method, path }) => {
    if (takes.has(method) && left-- <= 0) throw new DreamosError('disk', 'DISK_FAILED', `Could not ${method} ${path}.`);
  });
  let refused = 0;
  for (let taken = 0; ; taken++) {
    store = await room.open(disk);
    left = taken;
    const name = `carl-${taken}`;
    const registered = await changeAgentIn(store, name, () => ({ ...card, name })).catch(() => undefined);
    if (registered) break;
    expect(existsSync(room.at(name).dir)).toBe(false);
    expect(await store.documents.getAgent(name)).toBeUndefined();
    refused++;
  }
  expect(refused).toBeGreaterThan(5);
});

test('a misspelt setting of a card is told with the nearest name', async () => {
  write(JSON.stringify({ ...card, settings: { maxAttemps: 9 } }, null, 1));
  room.clock.advance(1000);
  await store.documents.getAgent('bob');
  expect(room.warnings).toEqual([expect.stringMatching(/line 9, column 3: .*"maxAttemps".*"maxAttempts"/)]);
});

test('a card that cannot be opened though it was seen is no spoilt one: nothing is put aside, and the change is tried again', async () => {
  const text = readFileSync(room.at('bob').card, 'utf8');
  const disk = watchedDisk();
  const read = disk.read.bind(disk);
  let misses = 0;
  disk.read = async (path, options) => {
    // The read of the change itself; the one before it was of who asked for the version.
    if (path !== room.at('bob').card || ++misses !== 2) return read(path, options);
    return { ok: false, missing: true, why: 'it is not there' };
  };
  const other = await room.open(disk);
  await changeAgentIn(other, 'bob', (known) => ({ ...(known ?? card), description: 'changed' }));
  expect(misses).toBeGreaterThan(2);
  expect(JSON.parse(readFileSync(room.at('bob').card, 'utf8'))).toEqual({
    ...JSON.parse(text),
    description: 'changed',
  });
  expect(existsSync(room.at('bob').corrupt) ? readdirSync(room.at('bob').corrupt) : []).toEqual([]);
});
