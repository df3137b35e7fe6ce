import { newToken } from '../../storage/contract/ways.ts';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importTree } from '../../../src/core/import/import.ts';
import { Importer } from '../../../src/core/import/importer.ts';
import { idTime } from '../../../src/model/id.ts';
import {
  corruptBytes,
  fixtures,
  importAll,
  memoryRoot,
  messageOf,
  now,
  resultOf,
  temporaryFolder,
} from './memory-root.ts';
import type { ImportResult } from '../../../src/contract/keep.ts';
import { changeAgentIn } from '../../storage/contract/ways.ts';

const dreamos = join(fixtures, 'foreign/dreamos');

describe('importing older mailboxes', () => {
  it('keeps sender, recipient, time, subject, type, priority, thread, tags and the whole original', async () => {
    const root = memoryRoot();
    const results = await importAll(root, dreamos);
    const { digest: _, ...message } = await messageOf(root, results, 'Agent-1/inbox/full.json');
    expect(message).toEqual({
      v: 1,
      id: resultOf(results, 'Agent-1/inbox/full.json').id,
      from: 'Agent-2',
      to: ['Agent-1'],
      subject: 'Fixture blocker',
      body: 'The fixtures are outdated.',
      type: 'STATUS_REPORT',
      priority: 'urgent',
      thread: 'CORR-7',
      replyTo: 'MSG-0000',
      tags: ['blocker', 'fixtures'],
      data: {
        imported: { format: 'dreamos-message', file: 'Agent-1/inbox/full.json' },
        original: JSON.parse(readFileSync(join(dreamos, 'Agent-1/inbox/full.json'), 'utf8')),
      },
      createdAt: '2025-05-02T20:40:00.000Z',
      expiresAt: null,
      dedupeKey: null,
    });
  });

  it.each([
    ['from-to.json', 'Agent-2', '2025-05-02T20:41:00.000Z', 'low'],
    ['from-agent.json', 'Agent-2', '2025-05-03T00:42:14.169Z', 'high'],
    ['sender-recipient.json', 'Agent-8', '2023-11-16T12:10:00.000Z', 'normal'],
  ])('understands the field names of %s', async (file, from, createdAt, priority) => {
    const root = memoryRoot();
    const message = await messageOf(root, await importAll(root, dreamos), `Agent-1/inbox/${file}`);
    expect(message).toMatchObject({ from, to: ['Agent-1'], createdAt, priority });
  });

  it('gives the words of a body that is an object first, and the rest below', async () => {
    const root = memoryRoot();
    const message = await messageOf(root, await importAll(root, dreamos), 'Agent-1/inbox/sender-recipient.json');
    expect(message.body).toBe('Received.\n\n{\n  "details": {\n    "file": "project_board.py"\n  }\n}');
    expect(message).toMatchObject({ thread: 'MSG-0002', replyTo: 'MSG-0002' });
  });

  it('archives, so that no agent acts on old instructions', async () => {
    const root = memoryRoot();
    const results = await importAll(root, join(fixtures, 'foreign'));
    const counts = await Promise.all(
      (await root.store.documents.listAgents()).map(({ name }) => root.store.look.counts(name)),
    );
    expect(counts.reduce((sum, { ready }) => sum + ready, 0)).toBe(0);
    const imported = results.filter(({ result }) => result === 'imported');
    expect(counts.reduce((sum, { archived }) => sum + archived, 0)).toBe(imported.length);
    expect(imported.length).toBeGreaterThan(15);
  });

  it('makes only unfinished ones ready with deliver', async () => {
    const root = memoryRoot();
    const results = await importAll(root, join(fixtures, 'foreign'), { deliver: true });
    const states = Object.fromEntries(results.map(({ file, state }) => [file, state]));
    expect(states).toMatchObject({
      'dreamos/Agent-1/inbox/full.json': 'ready',
      'dreamos/Agent-1/claim.json': 'archived',
      'dreamos/Agent-1/processed/old.json': 'archived',
      'dreamos/Agent-2/completed_tasks.json#0': 'archived',
      'dreamos/Agent-2/inbox/task.json': 'ready',
      'arrays/Agent-3/inbox.json#0': 'archived',
      'arrays/Agent-3/inbox.json#1': 'ready',
      'one-file/Agent-4/mail.json#0': 'archived',
      'one-file/Agent-4/mail.json#1': 'ready',
      'cellphone/agent_mailboxes/agent-1/queued.json': 'ready',
      'cellphone/agent_mailboxes/agent-1/failed.json': 'archived',
    });
  });

  it('delivers oldest first over all files', async () => {
    const root = memoryRoot();
    const dir = join(temporaryFolder(), 'Agent-1');
    mkdirSync(dir);
    for (const [file, day] of [
      ['a.json', 3],
      ['b.json', 1],
      ['c.json', 2],
    ] as const) {
      writeFileSync(join(dir, file), JSON.stringify({ from: 'x', body: file, timestamp: `2025-05-0${day}T00:00:00Z` }));
    }
    expect((await importAll(root, dir, { deliver: true })).map(({ file }) => file)).toEqual([
      'b.json',
      'c.json',
      'a.json',
    ]);
    const claim = {
      get token() {
        return newToken();
      },
      leaseMs: 1000,
      policy: { maxAttempts: 5, backoffMinMs: 1, backoffMaxMs: 1 },
    };
    const bodies = [];
    for (let i = 0; i < 3; i++) bodies.push((await root.store.mail.claim('Agent-1', claim))?.message.body);
    expect(bodies).toEqual(['b.json', 'c.json', 'a.json']);
  });

  it('archives what is too large to deliver, and says so', async () => {
    const root = memoryRoot();
    const dir = join(temporaryFolder(), 'Agent-1');
    mkdirSync(dir);
    writeFileSync(
      join(dir, 'long.json'),
      JSON.stringify({ from: 'x', body: 'y'.repeat(600_000), timestamp: '2025-05-01' }),
    );
    const [result] = await importAll(root, dir, { deliver: true });
    expect(result).toMatchObject({ state: 'archived', why: expect.stringContaining('too large to deliver') as string });
  });

  it('imports nothing twice, also from a copy with other file times and under another map', async () => {
    const root = memoryRoot();
    const copy = join(temporaryFolder(), 'dreamos');
    cpSync(dreamos, copy, { recursive: true });
    for (const file of readdirSync(copy, { recursive: true, encoding: 'utf8' })) utimesSync(join(copy, file), 1e9, 1e9);
    const first = await importAll(root, dreamos);
    const events = root.mail.log.length;
    const second = await importAll(root, copy, { maps: { Agent2: 'Agent-2' } });
    const ids = (results: typeof first): unknown[] => results.flatMap(({ id }) => id ?? []);
    expect(ids(second)).toEqual(ids(first));
    expect(second.filter(({ result }) => result === 'imported')).toEqual([]);
    expect((await messageOf(root, first, 'Agent-1/inbox/no-time.json')).createdAt).not.toContain('2001-09-09');
    expect(resultOf(second, 'Agent-1/inbox/no-time.json')).toMatchObject({
      result: 'skipped',
      why: 'already imported',
    });
    expect(root.mail.log.length).toBe(events);
  });

  it('keeps two messages with the same bytes in one mailbox as two, and finds both again', async () => {
    const root = memoryRoot();
    const dir = join(temporaryFolder(), 'Agent-1');
    mkdirSync(join(dir, 'inbox'), { recursive: true });
    const ping = JSON.stringify({ from: 'x', body: 'ping', timestamp: '2025-05-01T00:00:00Z' });
    for (const file of ['a.json', 'b.json', 'c.json']) writeFileSync(join(dir, 'inbox', file), ping);
    const first = await importAll(root, dir, { deliver: true });
    expect(first.map(({ result }) => result)).toEqual(['imported', 'imported', 'imported']);
    expect(new Set(first.map(({ id }) => id)).size).toBe(3);
    expect(resultOf(first, 'inbox/b.json').why).toBe('the same, byte for byte, as inbox/a.json');
    expect((await root.store.look.counts('Agent-1')).ready).toBe(3);
    const again = await importAll(root, dir, { deliver: true });
    expect(again.map(({ why }) => why)).toEqual(Array.from({ length: 3 }, () => 'already imported'));
    expect(again.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
  });

  // Not through a real file: few file systems can say such a time.
  it.each([
    [999_999_999_999_000, '9999-12-31T23:59:59.999Z'],
    [8.64e15, '9999-12-31T23:59:59.999Z'],
    [-1e15, '1970-01-01T00:00:00.000Z'],
  ])(
    'dates a file of the time %d ms by the nearest that a message can have, and says so',
    async (mtimeMs, createdAt) => {
      const root = memoryRoot();
      const bytes = Buffer.from(JSON.stringify({ from: 'x', body: 'y' }));
      const file = { path: 'odd.json', kind: 'file' as const, sizeBytes: bytes.length, mtimeMs };
      const tree = { path: '/Agent-1', entries: [file], read: async () => ({ ok: true as const, bytes }) };
      const options = { lenient: false, maps: new Map(), treeName: 'Agent-1', folderOf: () => 'Agent-1', cards: [] };
      const results: ImportResult[] = [];
      for await (const result of new Importer(root, tree, { ...options, imported: new Map() }).file(file))
        results.push(result);
      expect((await messageOf(root, results, 'odd.json')).createdAt).toBe(createdAt);
      expect(resultOf(results, 'odd.json').why).toContain("the nearest that a message can have to the file's own time");
    },
  );

  it('with dryRun changes nothing and says what the real run then does', async () => {
    const root = memoryRoot();
    const foreign = join(fixtures, 'foreign');
    const planned = await importAll(root, foreign, { dryRun: true, deliver: true });
    expect(await root.store.documents.listAgents()).toEqual([]);
    expect(root.mail.log).toEqual([]);
    expect(root.mail.corrupt.size).toBe(0);
    expect(await importAll(root, foreign, { deliver: true })).toEqual(planned);
  });

  it('takes the time of the file where its own cannot be read, and lists that', async () => {
    const root = memoryRoot();
    const results = await importAll(root, dreamos);
    const message = await messageOf(root, results, 'Agent-1/inbox/no-time.json');
    const mtime = statSync(join(dreamos, 'Agent-1/inbox/no-time.json')).mtimeMs;
    expect(message.createdAt).toBe(new Date(mtime).toISOString());
    expect(idTime(message.id)).toBe(Date.parse(message.createdAt));
    expect(resultOf(results, 'Agent-1/inbox/no-time.json').why).toBe(
      'priority 3 is on no known scale, taken as normal; time timestamp_utc "{{iso_timestamp_utc()}}" cannot be read; ' +
        `sender "Captain THEA" written as "Captain-THEA"; dated by the file's own time, ${message.createdAt}`,
    );
  });

  it('takes a later time of its own before the time of the file', async () => {
    const root = memoryRoot();
    const results = await importAll(root, dreamos);
    const message = await messageOf(root, results, 'Agent-2/completed_tasks.json#1');
    expect(message.createdAt).toBe('2024-08-08T10:35:00.000Z');
  });

  it('puts mail into the mailbox of its recipient, else of the agent whose folder it is in', async () => {
    const root = memoryRoot();
    const results = await importAll(root, join(fixtures, 'foreign'));
    expect(resultOf(results, 'dreamos/Agent-2/completed_tasks.json#1').mailbox).toBe('Agent2');
    expect(resultOf(results, 'dreamos/Agent-2/inbox/task.json').mailbox).toBe('Agent-2');
    expect(resultOf(results, 'dreamos/Captain/inbox/alert.json').mailbox).toBe('Captain');
    expect(resultOf(results, 'one-file/Agent-4/mail.json#1').mailbox).toBe('Agent-4');
    expect(await messageOf(root, results, 'one-file/Agent-4/mail.json#1')).toMatchObject({
      to: ['Agent-4', 'Agent-5'],
    });
  });

  it('reads Markdown whole, with the subject from its head or its first heading', async () => {
    const root = memoryRoot();
    const results = await importAll(root, dreamos);
    expect(await messageOf(root, results, 'Agent-2/inbox/directive.md')).toMatchObject({
      subject: '🚦 Resume the loop',
      body: readFileSync(join(dreamos, 'Agent-2/inbox/directive.md'), 'utf8'),
      from: 'unknown',
    });
    expect(await messageOf(root, results, 'Agent-2/inbox/directive-head.md')).toMatchObject({
      subject: 'Finish the bridge',
      from: 'Commander-THEA',
      to: ['Agent-2'],
    });
  });

  it('keeps what stood around the list of a file with several messages', async () => {
    const root = memoryRoot();
    const message = await messageOf(
      root,
      await importAll(root, join(fixtures, 'foreign')),
      'one-file/Agent-4/mail.json#0',
    );
    expect(message.createdAt).toBe('2025-05-02T20:00:00.000Z');
    expect(message.data).toMatchObject({
      imported: { around: { last_updated: '2025-05-02T20:01:00Z', version: '1.0' } },
    });
  });

  it('recognises the messages of Agent Cellphone', async () => {
    const root = memoryRoot();
    const results = await importAll(root, join(fixtures, 'foreign/cellphone'));
    expect(await messageOf(root, results, 'agent_mailboxes/agent-1/queued.json')).toMatchObject({
      body: '[SYNC] Please report.',
      tags: ['SYNC'],
      priority: 'high',
      createdAt: '2025-06-01T10:00:00.000Z',
      data: { imported: { format: 'agent-cellphone' } },
    });
  });

  it('skips, with the reason, what is no mail', async () => {
    const results = await importAll(memoryRoot(), dreamos);
    const skipped = results.flatMap(({ file, result, why }) => (result === 'skipped' ? [[file, why]] : []));
    expect(skipped).toEqual([
      ['Agent-1/.keep', 'a placeholder, not mail'],
      ['Agent-2/inbox/pending_tasks.json', 'an empty list, no messages in it'],
      ['README.md', "lies in no agent's folder"],
    ]);
  });

  it('lists what is unreadable with the reason and the place, and keeps its bytes', async () => {
    const root = memoryRoot();
    const results = await importAll(root, dreamos);
    const unreadable = results.flatMap(({ file, result, mailbox, why }) =>
      result === 'unreadable' ? [[file, mailbox, why]] : [],
    );
    const without = 'it would be JSON without';
    expect(unreadable).toEqual([
      [
        'Agent-1/inbox/comment.json',
        'Agent-1',
        `not JSON, line 3, column 24: a comment, which JSON does not have; ${without} its // comments`,
      ],
      ['Agent-1/inbox/cut.json', 'Agent-1', 'not JSON, line 4, column 22: the text ends inside a string'],
      ['Agent-1/inbox/notes.yaml', 'Agent-1', '.yaml files are no mail that dreamos knows'],
      [
        'Agent-1/inbox/wrapped.json',
        'Agent-1',
        `not JSON, line 1, column 2: expected a property name in double quotes; ${without} the stray "{{" line at its start and the "}}" line at its end`,
      ],
    ]);
    const originals = unreadable.map(([file]) => readFileSync(join(dreamos, String(file)), 'latin1'));
    expect(corruptBytes(root, 'Agent-1').sort()).toEqual(originals.sort());
  });

  it('mends wrapped and commented JSON only when asked, says so, and keeps the text as it was', async () => {
    const root = memoryRoot();
    const results = await importAll(root, dreamos, { format: 'dreamos-lenient' });
    const wrapped = 'Agent-1/inbox/wrapped.json';
    expect(resultOf(results, wrapped)).toMatchObject({
      result: 'imported',
      why: 'mended: read without the stray "{{" line at its start and the "}}" line at its end',
    });
    expect(await messageOf(root, results, wrapped)).toMatchObject({
      from: 'Agent-7',
      data: { text: readFileSync(join(dreamos, wrapped), 'utf8') },
    });
    expect((await messageOf(root, results, 'Agent-1/inbox/comment.json')).body).toBe('See https://example.org//x');
    expect(resultOf(results, 'Agent-1/inbox/cut.json').result).toBe('unreadable');
  });

  it('names look-alikes and merges them only with a map', async () => {
    const notes: string[] = [];
    const apart = memoryRoot();
    await importAll(apart, dreamos, { onNote: (note) => notes.push(note) });
    expect(notes).toEqual([
      '2 of the unreadable files can be mended and read: `format` dreamos-lenient',
      '"Agent-2" and "Agent2" look like one agent and are kept apart. If they are one: `maps` Agent2=Agent-2',
    ]);
    expect((await apart.store.documents.listAgents()).map(({ name }) => name).sort()).toEqual([
      'Agent-1',
      'Agent-2',
      'Agent2',
      'Captain',
    ]);

    const merged = memoryRoot();
    const quiet: string[] = [];
    await importAll(merged, dreamos, { maps: { Agent2: 'Agent-2' }, onNote: (note) => quiet.push(note) });
    expect((await merged.store.documents.listAgents()).map(({ name }) => name).sort()).toEqual([
      'Agent-1',
      'Agent-2',
      'Captain',
    ]);
    expect(quiet.join()).not.toContain('`maps`');
  });

  it('says that names which differ only in case are one agent, and can be told to keep them apart', async () => {
    const cellphone = join(fixtures, 'foreign/cellphone');
    const notes: string[] = [];
    const root = memoryRoot();
    await changeAgentIn(root.store, 'agent-1', () => ({ name: 'agent-1', createdAt: new Date(now).toISOString() }));
    const results = await importAll(root, cellphone, { onNote: (note) => notes.push(note) });
    expect(results.map(({ mailbox }) => mailbox)).toEqual(['agent-1', 'agent-1']);
    expect(notes).toEqual([
      '"agent-1" and "Agent-1" differ only in case, so to dreamos they are one agent. If they are, say `maps` Agent-1=agent-1; if not, map one to another name.',
    ]);
    const other = await importAll(memoryRoot(), cellphone, { maps: { 'Agent-1': 'phone-1' } });
    expect(other.map(({ mailbox }) => mailbox)).toEqual(['phone-1', 'phone-1']);
  });

  it('does not bring a retired agent back', async () => {
    const root = memoryRoot();
    const retiredAt = '2026-01-01T00:00:00.000Z';
    await changeAgentIn(root.store, 'Agent-1', () => ({ name: 'Agent-1', createdAt: retiredAt, retiredAt }));
    await importAll(root, dreamos);
    expect((await root.store.documents.getAgent('Agent-1'))?.retiredAt).toBe(retiredAt);
  });

  it('leaves the older tree as it was', async () => {
    const copy = join(temporaryFolder(), 'dreamos');
    cpSync(dreamos, copy, { recursive: true, preserveTimestamps: true });
    const look = (): unknown[] =>
      readdirSync(copy, { recursive: true, encoding: 'utf8' }).map((file) => [
        file,
        statSync(join(copy, file)).mtimeMs,
      ]);
    const before = look();
    await importAll(memoryRoot(), copy, { deliver: true, format: 'dreamos-lenient' });
    expect(look()).toEqual(before);
  });

  it('gives the lock back when it is left early', async () => {
    const root = memoryRoot();
    for await (const _ of importTree(root, dreamos)) break;
    expect(await root.store.documents.withLock('import', async () => 'free')).toBe('free');
  });

  it('tells how far it is', async () => {
    const told: [number, number][] = [];
    await importAll(memoryRoot(), join(fixtures, 'foreign/arrays'), {
      onProgress: (done, total) => told.push([done, total]),
    });
    expect(told).toEqual([[1, 1]]);
  });

  it.each([
    [{ format: 'yaml' }, 'USAGE'],
    [{ maps: { a: '../x' } }, 'NAME_INVALID'],
  ])('refuses %j', async (options, code) => {
    await expect(importAll(memoryRoot(), dreamos, options)).rejects.toMatchObject({ code });
  });

  it('says what is wrong with a tree that is not there, or is a dreamos root', async () => {
    const dir = temporaryFolder();
    await expect(importAll(memoryRoot(), join(dir, 'none'))).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
      kind: 'not-found',
    });
    writeFileSync(join(dir, 'format.json'), '{"format":"dreamos","version":1}');
    await expect(importAll(memoryRoot(), dir)).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('importing hostile trees', () => {
  it('takes nothing for mail that is not, follows no link, and keeps all of it', async () => {
    const root = memoryRoot();
    const results = await importAll(root, join(fixtures, 'hostile'));
    const whys = Object.fromEntries(
      results.filter(({ result }) => result !== 'imported').map(({ file, result, why }) => [file, `${result}: ${why}`]),
    );
    expect(whys).toEqual({
      'deep.json': 'unreadable: not JSON, line 1, column 256: nested more than 200 levels deep',
      'directory.json/.keep': 'skipped: a placeholder, not mail',
      'link-out.json': 'skipped: a symbolic link, not followed',
      'list.json#0': 'unreadable: valid JSON, but a string where a message should be',
      'list.json#1': 'unreadable: valid JSON, but a string where a message should be',
      'not-utf8.json': 'unreadable: it is not UTF-8: the byte at offset 45 does not fit',
      'number.json': 'unreadable: valid JSON, but a number where a message should be',
      'utf-16.json': 'unreadable: it is UTF-16; it must be UTF-8',
      'wrong-shape.json':
        'unreadable: valid JSON, but not the fields of a message, task or claim (it has name, port, theme)',
    });
    const names = (await root.store.documents.listAgents()).map(({ name }) => name);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('keeps the text of JSON that says more than its value', async () => {
    const root = memoryRoot();
    const message = await messageOf(root, await importAll(root, join(fixtures, 'hostile')), 'keys-twice.json');
    expect(message.data).toMatchObject({ text: readFileSync(join(fixtures, 'hostile/keys-twice.json'), 'utf8') });
  });

  it('makes valid names of any name, and takes an unfilled template for no recipient', async () => {
    const root = memoryRoot();
    const results = await importAll(root, join(fixtures, 'hostile'));
    const named = await Promise.all([0, 1, 2, 3].map((index) => messageOf(root, results, `names.json#${index}`)));
    expect(named.map(({ from, to }) => [from, ...to])).toEqual([
      ['etc-passwd', 'x'],
      ['a-b', 'CON'],
      ['x'.repeat(64), 'hostile'],
      ['agent_id', 'hostile'],
    ]);
  });

  it('lists truncated files and empty ones', async () => {
    const root = memoryRoot();
    const results = await importAll(root, join(fixtures, 'truncated'));
    expect(results.map(({ file, result }) => [file, result])).toEqual([
      ['cut-before-digest.json', 'imported'],
      ['cut-in-a-character.json', 'unreadable'],
      ['cut.json', 'unreadable'],
      ['cut.md', 'unreadable'],
      ['zero-bytes.json', 'unreadable'],
    ]);
    expect(corruptBytes(root, 'truncated').length).toBe(4);
  });

  it('keeps a file of 100 MB without reading it as mail, and leaves one of 300 MB where it is', async () => {
    const root = memoryRoot();
    const dir = join(temporaryFolder(), 'Agent-1');
    mkdirSync(dir);
    writeFileSync(join(dir, 'big.json'), '');
    truncateSync(join(dir, 'big.json'), 100 * 1024 * 1024);
    writeFileSync(join(dir, 'huge.json'), '');
    truncateSync(join(dir, 'huge.json'), 300 * 1024 * 1024);
    const results = await importAll(root, dir);
    expect(results.map(({ result, why }) => [result, why])).toEqual([
      ['unreadable', 'it has 104857600 bytes, more than the 67108864 of a mail file'],
      ['unreadable', 'it is too large (314572800 bytes); no copy was kept, so keep the original'],
    ]);
    expect([...(root.mail.corrupt.get('agent-1')?.values() ?? [])].map((bytes) => bytes.length)).toEqual([104_857_600]);
  });

  it('does not open fifos, enter linked folders, or take its own root for an older mailbox', async () => {
    const dir = temporaryFolder();
    mkdirSync(join(dir, 'Agent-1'));
    execFileSync('mkfifo', [join(dir, 'Agent-1/pipe.json')]);
    symlinkSync(fixtures, join(dir, 'Agent-1/linked'));
    mkdirSync(join(dir, 'root'));
    writeFileSync(join(dir, 'root/format.json'), '{"format":"dreamos","version":1}');
    writeFileSync(join(dir, 'root/message.json'), '{"from":"a","to":"b","body":"x"}');
    expect((await importAll(memoryRoot(), dir)).map(({ file, result, why }) => [file, result, why])).toEqual([
      ['Agent-1/linked', 'skipped', 'a symbolic link, not followed'],
      ['Agent-1/pipe.json', 'skipped', 'not a regular file (a fifo, socket or device), not opened'],
      ['root', 'skipped', 'a dreamos root, not an older mailbox; not entered'],
    ]);
  });
});
