import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { createIds } from '../../../../src/model/id.ts';
import { systemClock } from '../../../../src/model/clock.ts';
import type { IndexLine } from '../../../../src/storage/file/backup/sighting.ts';
import { nodeDisk } from '../../../../src/storage/file/disk/node-disk.ts';
import { type EntryName, formatEntryName, unset } from '../../../../src/storage/file/names/entry-name.ts';
import { contextOf } from '../../../../src/storage/file/open.ts';
import { planFor } from '../../../../src/storage/file/restore/plan.ts';

const ids = createIds();
const begunAt = Date.parse('2026-11-20T10:00:00Z');
const ctx = contextOf(nodeDisk(), '/nowhere', { clock: systemClock, ids, warn: () => undefined });
const plan = (...lines: IndexLine[]) => planFor(ctx, { path: '/b.tar.gz', begunAt, endedAt: begunAt + 1, lines });
const id = (): string => ids.next(begunAt - 1000);
const seen = (of: string, name: Partial<EntryName> = {}, mailbox = 'bob'): IndexLine => {
  const text = formatEntryName({ ...unset, time: begunAt - 1000, id: of, ...name });
  return { kind: 'seen', mailbox, state: 'ready', body: `messages/${of}`, name: text };
};
const key = (of: string, unsure: boolean): IndexLine => {
  return { kind: 'key', sha256: 'a'.repeat(64), id: of, body: `messages/${of}`, mtimeMs: 5, unsure };
};

test('so many lie in each folder of ready/ as whoever sends would put there, in their order', () => {
  const all = Array.from({ length: 600 }, id);
  const { entries } = plan(...all.toReversed().map((one) => seen(one)));
  const folders = all.map((one) => dirname(entries.get(`messages/${one}`)?.[0] ?? ''));
  const sizes = [...new Set(folders)].map((folder) => folders.filter((one) => one === folder).length);
  expect(sizes).toEqual([256, 256, 88]);
  expect(folders).toEqual(folders.toSorted());
});

test('a copy in each mailbox is one body with several entries', () => {
  const one = id();
  const { entries, mailboxes } = plan(seen(one, {}, 'ann'), seen(one));
  expect(entries.get(`messages/${one}`)).toHaveLength(2);
  expect([...mailboxes].sort()).toEqual(['ann', 'bob']);
});

test('a dedupe key whose send was not seen to be committed counts together with its message alone', () => {
  const one = id();
  expect(plan(key(one, true)).keys.size).toBe(0);
  expect(plan(key(one, false)).keys.size).toBe(1);
  expect(plan(key(one, true), seen(one)).keys.size).toBe(1);
});

test('what was handed in under a key stays a file only where its message was not met', () => {
  const one = id();
  const path = 'agent_mailboxes/bob/drop/note.json';
  const file: IndexLine = { kind: 'file', path, mtimeMs: 1, sha256: '', id: one };
  expect([...plan(file).files.keys()]).toEqual([path]);
  expect([...plan(file, seen(one)).files.keys()]).toEqual([]);
});

test('nothing is planned outside of the places of a root', () => {
  for (const path of ['../x', 'format.json', 'agent_mailboxes/bob/ready/x', 'agent_mailboxes/bob/drop/../../x'])
    expect(() => plan({ kind: 'file', path, mtimeMs: 1, sha256: '' })).toThrow(/belongs nowhere in a root/);
  expect(() => plan(seen(id(), {}, '../x'))).toThrow(/is no mailbox/);
});
