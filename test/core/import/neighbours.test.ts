import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtures, importAll, memoryRoot, messageOf, resultOf, temporaryFolder, corruptBytes } from './memory-root.ts';
import type { ImportResult } from '../../../src/contract/keep.ts';

const foreign = join(fixtures, 'foreign');
const of = (results: readonly ImportResult[], wanted: ImportResult['result']): unknown[] =>
  results.flatMap(({ file, result, mailbox, why }) => (result === wanted ? [[file, mailbox, why]] : []));

describe('the inboxes of a Claude Code team', () => {
  const tree = join(foreign, 'claude-code');

  it('bring each message to the agent whose file it is in, with its sender, time and summary', async () => {
    const root = memoryRoot();
    const results = await importAll(root, tree);
    expect(of(results, 'imported')).toEqual([
      ['teams/blue/inboxes/counter.json#0', 'counter', undefined],
      ['teams/blue/inboxes/lead.json#0', 'lead', undefined],
      ['teams/blue/inboxes/lead.json#1', 'lead', undefined],
    ]);
    expect(await messageOf(root, results, 'teams/blue/inboxes/lead.json#0')).toMatchObject({
      from: 'counter',
      to: ['lead'],
      subject: 'The count',
      body: 'There are 12.',
      createdAt: '2026-02-07T10:00:00.000Z',
      data: { imported: { format: 'claude-code' }, original: { color: 'blue', read: true } },
    });
    expect((await messageOf(root, results, 'teams/blue/inboxes/lead.json#1')).type).toBe('idle_notification');
  });

  it('have settings and tasks beside them, which are named and are no mail', async () => {
    expect(of(await importAll(memoryRoot(), tree), 'skipped')).toEqual([
      ['tasks/blue/1.json', undefined, "a task of a team's list, not mail"],
      ['teams/blue/config.json', undefined, "a team's settings, not mail"],
    ]);
  });

  it.each(['teams', 'teams/blue', 'teams/blue/inboxes'])('are the same when %s is named', async (folder) => {
    const results = await importAll(memoryRoot(), join(tree, folder));
    expect(results.flatMap(({ mailbox }) => mailbox ?? [])).toEqual(['counter', 'lead', 'lead']);
  });

  it('make ready with deliver what nobody has read', async () => {
    const results = await importAll(memoryRoot(), tree, { deliver: true });
    expect(results.flatMap(({ state }) => state ?? [])).toEqual(['archived', 'archived', 'ready']);
  });

  it('bring nothing twice when a message has been read, and the file written anew, in between', async () => {
    const root = memoryRoot();
    const copy = join(temporaryFolder(), 'teams');
    cpSync(join(tree, 'teams'), copy, { recursive: true });
    await importAll(root, copy, { deliver: true });
    const file = join(copy, 'blue/inboxes/lead.json');
    const list = JSON.parse(readFileSync(file, 'utf8')) as { read: boolean }[];
    writeFileSync(file, JSON.stringify(list.map((each) => ({ ...each, read: true }))));
    expect(of(await importAll(root, copy, { deliver: true }), 'imported')).toEqual([]);
  });

  it('of two teams that name an agent alike are one mailbox, which is said', async () => {
    const copy = join(temporaryFolder(), 'teams');
    for (const team of ['blue', 'red']) cpSync(join(tree, 'teams/blue'), join(copy, team), { recursive: true });
    const notes: string[] = [];
    await importAll(memoryRoot(), copy, { onNote: (note) => notes.push(note) });
    expect(notes).toContain(
      '"lead" has an inbox in blue and in red; here it is one mailbox. To keep them apart import each folder alone, with `maps` lead=<another name>',
    );
    const quiet: string[] = [];
    await importAll(memoryRoot(), tree, { onNote: (note) => quiet.push(note) });
    expect(quiet).toEqual([]);
  });
});

describe('the archive of mcp_agent_mail', () => {
  const tree = join(foreign, 'mcp-agent-mail');
  const plan = '2025/11/2025-11-15T09-46-04Z__plan__7.md';
  const alone = 'projects/p/messages/2025/11/2025-11-16T10-00-00Z__only-in-the-archive__8.md';

  it('brings each message once to each recipient, by name also what no inbox has', async () => {
    expect(of(await importAll(memoryRoot(), tree), 'imported')).toEqual([
      [`projects/p/agents/Blue/inbox/${plan}`, 'Blue', undefined],
      [`projects/p/agents/Green/inbox/${plan}`, 'Green', undefined],
      [alone, 'Blue', undefined],
    ]);
  });

  it('keeps sender, recipients, date, subject, importance and thread', async () => {
    const root = memoryRoot();
    const results = await importAll(root, tree);
    const file = `projects/p/agents/Blue/inbox/${plan}`;
    expect(await messageOf(root, results, file)).toMatchObject({
      from: 'Red',
      to: ['Green', 'Blue'],
      subject: 'Plan',
      body: 'Here is the plan.\n\n---\n\nIt has two parts.',
      priority: 'urgent',
      thread: 'TKT-1',
      createdAt: '2025-11-15T09:46:04.506Z',
      data: {
        imported: { format: 'mcp-agent-mail', file },
        original: { id: 7, ack_required: true },
        text: readFileSync(join(tree, file), 'utf8'),
      },
    });
  });

  it("names the sender's copies, digests, profiles and reservations, and takes none of them", async () => {
    expect(of(await importAll(memoryRoot(), tree), 'skipped')).toEqual([
      ['projects/p/agents/Green/profile.json', undefined, "an agent's profile, not mail"],
      [
        `projects/p/agents/Red/outbox/${plan}`,
        undefined,
        "the sender's copy of a message; it is taken from where its recipients have it",
      ],
      ['projects/p/file_reservations/ab12.json', undefined, 'a reservation of files, not mail'],
      ...['Green', 'Blue'].map((name) => [
        `projects/p/messages/${plan}`,
        name,
        `the same message as projects/p/agents/${name}/inbox/${plan}`,
      ]),
      ['projects/p/messages/threads/TKT-1.md', undefined, "a thread's digest, not mail"],
    ]);
  });

  it('brings nothing twice, whichever part of it is imported first', async () => {
    const root = memoryRoot();
    const first = await importAll(root, join(tree, 'projects/p/messages'), { deliver: true });
    expect(of(first, 'imported').length).toBe(3);
    expect(of(await importAll(root, tree, { deliver: true }), 'imported')).toEqual([]);
    expect((await root.store.look.counts('Blue')).ready).toBe(2);
  });

  it('takes no digest for mail, wherever it lies', async () => {
    const dir = join(temporaryFolder(), 'planner');
    mkdirSync(join(dir, 'inbox'), { recursive: true });
    cpSync(join(tree, 'projects/p/messages/threads/TKT-1.md'), join(dir, 'inbox/TKT-1.md'));
    expect(await importAll(memoryRoot(), dir)).toMatchObject([
      { result: 'skipped', why: "a thread's digest, not mail" },
    ]);
  });

  it('is understood with a header of plain lines, too', async () => {
    const root = memoryRoot();
    const dir = join(temporaryFolder(), 'agents/c3/inbox');
    mkdirSync(dir, { recursive: true });
    const head =
      'sender: m\nrecipients:\n  - c3\n  - "c4"\ndate: 2025-11-15T09:46:04Z\nsubject: "Schema: fix"\nthread: null';
    writeFileSync(join(dir, '1.md'), `---\n${head}\n---\n\nPlease.\n`);
    const message = await messageOf(root, await importAll(root, join(dir, '../../..')), 'agents/c3/inbox/1.md');
    expect(message).toMatchObject({
      from: 'm',
      to: ['c3', 'c4'],
      subject: 'Schema: fix',
      body: 'Please.',
      thread: null,
    });
    expect(message.createdAt).toBe('2025-11-15T09:46:04.000Z');
  });
});

describe('the mailboxes of AMQ', () => {
  const tree = join(foreign, 'amq');
  const fresh = 'agents/bob/inbox/new/2026-11-28T00-40-23.580Z_pid1_aa.md';
  const seen = 'agents/bob/inbox/cur/2026-11-28T00-40-22.580Z_pid1_bb.md';

  it('bring what is in an inbox with all that its header says', async () => {
    const root = memoryRoot();
    const results = await importAll(root, tree);
    expect(of(results, 'imported')).toEqual([
      [seen, 'bob', undefined],
      [fresh, 'bob', undefined],
    ]);
    expect(await messageOf(root, results, fresh)).toMatchObject({
      from: 'ann',
      to: ['bob', 'cy'],
      subject: 'Look',
      body: 'Look at this.',
      type: 'review_request',
      priority: 'urgent',
      thread: 'p2p/ann__bob',
      replyTo: '2026-11-28T00-00-00.000Z_pid1_zz',
      tags: ['parser'],
      createdAt: '2026-11-28T00:40:23.580Z',
      data: { imported: { format: 'amq' } },
    });
  });

  it('make ready with deliver what is new, and archive what was read', async () => {
    const results = await importAll(memoryRoot(), tree, { deliver: true });
    expect([resultOf(results, fresh).state, resultOf(results, seen).state]).toEqual(['ready', 'archived']);
  });

  it('bring nothing twice when a message was read in between', async () => {
    const root = memoryRoot();
    const copy = join(temporaryFolder(), 'amq');
    cpSync(tree, copy, { recursive: true });
    await importAll(root, copy);
    cpSync(join(copy, fresh), join(copy, fresh.replace('new', 'cur')));
    expect(of(await importAll(root, copy), 'imported')).toEqual([]);
  });

  it('name what is no mail, and keep a header that cannot be read', async () => {
    const root = memoryRoot();
    const results = await importAll(root, tree);
    expect(of(results, 'skipped')).toEqual([
      ['README.md', undefined, "lies in no agent's folder"],
      [
        'agents/ann/outbox/sent/2026-11-28T00-40-23.580Z_pid1_aa.md',
        undefined,
        "the sender's copy of a message; it is taken from where its recipients have it",
      ],
      ['agents/bob/acks/sent/x.json', undefined, 'a receipt, not mail'],
      [
        'agents/bob/inbox/tmp/2026-11-28T00-40-24.580Z_pid1_cc.md',
        undefined,
        'was not delivered to the end: it still lies in tmp/',
      ],
      ['agents/bob/presence.json', undefined, 'whether an agent is there, not mail'],
      ['meta/config.json', undefined, "a queue's settings, not mail"],
    ]);
    expect(of(results, 'unreadable')).toEqual([
      ['agents/bob/inbox/new/cut.md', 'bob', 'its header is not JSON, line 5, column 1: expected a value'],
      ['agents/bob/inbox/new/other.md', 'bob', 'its header is not one of a message (it has title)'],
    ]);
    expect(corruptBytes(root, 'bob').length).toBe(2);
  });
});

it("Markdown in no agent's folder that is empty, or of another encoding, is nobody's mail", async () => {
  const root = memoryRoot();
  const dir = temporaryFolder();
  mkdirSync(join(dir, 'Agent-1'));
  writeFileSync(join(dir, 'empty.md'), '');
  writeFileSync(join(dir, 'other.md'), Buffer.from('\uFEFFwords', 'utf16le'));
  writeFileSync(join(dir, 'Agent-1/x.json'), '{"from":"a","body":"b"}');
  expect((await importAll(root, dir)).map(({ result }) => result)).toEqual(['imported', 'skipped', 'skipped']);
});
