import { describe, expect, it } from 'vitest';
import { agentFolders, treeNameOf } from '../../../../src/core/import/agent-folders.ts';
import { isRecipient, validName } from '../../../../src/core/import/old/names.ts';
import { readOldObject } from '../../../../src/core/import/old/json.ts';
import { parseOldTime } from '../../../../src/core/import/old/time.ts';
import { isFinishedPlace, isFinishedStatus, priorityOf } from '../../../../src/core/import/old/words.ts';
import { repairJson } from '../../../../src/core/import/old/repair.ts';

describe('an older time', () => {
  it.each<[unknown, string]>([
    ['2025-05-02T20:40:00Z', '2025-05-02T20:40:00.000Z'],
    ['2025-05-02T19:42:14.1696851-05:00', '2025-05-03T00:42:14.169Z'],
    ['2024-03-10T12:00:00.000000Z', '2024-03-10T12:00:00.000Z'],
    ['2025-06-01 10:00:00', '2025-06-01T10:00:00.000Z'],
    ['2025-06-01T10:00', '2025-06-01T10:00:00.000Z'],
    ['2025-06-01', '2025-06-01T00:00:00.000Z'],
    ['2025-06-01T10:00:00+0530', '2025-06-01T04:30:00.000Z'],
    ['20231116T110000Z', '2023-11-16T11:00:00.000Z'],
    [1746216060.5, '2025-05-02T20:01:00.500Z'],
    [1746216060500, '2025-05-02T20:01:00.500Z'],
    ['1746216060', '2025-05-02T20:01:00.000Z'],
  ])('%j is understood', (value, iso) => {
    expect(new Date(parseOldTime(value) ?? 0).toISOString()).toBe(iso);
  });

  it.each([
    ['{{iso_timestamp_utc()}}'],
    ['[NOW_UTC_ISO]'],
    ['yesterday'],
    [''],
    ['2025-02-31T00:00:00Z'],
    ['2025-01-01T24:30:00Z'],
    ['2025-13-01'],
    [3],
    [-5e9],
    [Number.POSITIVE_INFINITY],
    [null],
    [{}],
  ])('%j is none', (value) => {
    expect(parseOldTime(value)).toBeUndefined();
  });
});

describe('an older name', () => {
  it.each([
    ['Agent-3', 'Agent-3'],
    ['Captain THEA', 'Captain-THEA'],
    ['Agent-8 (Captain)', 'Agent-8-Captain'],
    ['{{agent_id}}', 'agent_id'],
    ['../../etc/passwd', 'etc-passwd'],
    ['J\u00f6rg', 'Jorg'],
    ['a\u0000b', 'a-b'],
    ['x'.repeat(80), 'x'.repeat(64)],
  ])('%j becomes %j', (written, name) => {
    expect(validName(written)).toBe(name);
  });

  it.each([[''], ['{{}}'], ['\ud83d\ude80'], ['---']])('of %j nothing is left', (written) => {
    expect(validName(written)).toBeUndefined();
  });

  it.each([['all'], ['ALL_AGENTS'], ['{{recipient}}'], [' ']])('%j is nobody in particular', (written) => {
    expect(isRecipient(written)).toBe(false);
  });
});

describe('the folders of agents', () => {
  const folders = (paths: string[], tree = 'old'): (string | undefined)[] =>
    paths.map(agentFolders(paths, tree, (name) => name === 'known'));

  it('are told by their name, by what they hold and by where they are', () => {
    expect(
      folders([
        'a/Agent-1/x.json',
        'a/planner/inbox/x.json',
        'a/planner/x.md',
        'boss/inbox.json',
        'known/x.json',
        'x.json',
        'a/y.json',
      ]),
    ).toEqual(['Agent-1', 'planner', 'planner', 'boss', 'known', undefined, undefined]);
    expect(folders(['runtime/agent_comms/agent_mailboxes/planner/x.json'])).toEqual(['planner']);
  });

  it('are the whole tree where there are none in it', () => {
    expect(folders(['x.json', 'sub/y.json'], 'planner')).toEqual(['planner', 'planner']);
    expect(folders(['new/x.json'], 'planner')).toEqual(['planner']);
  });

  it('name a tree by the nearest folder that is named for somebody', () => {
    expect(treeNameOf('/home/me/agent_mailboxes/planner/inbox')).toBe('planner');
  });
});

describe('older words', () => {
  it('give a priority in any case, and none for numbers and unknown ones', () => {
    expect(['LOW', 'Medium', 'HIGH', 'critical', 'WARN', 3, undefined].map(priorityOf)).toEqual([
      'low',
      'normal',
      'high',
      'urgent',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('tell what is finished', () => {
    expect(['Done', 'COMPLETED', 'read', true, 'failed'].map(isFinishedStatus)).toEqual([true, true, true, true, true]);
    expect(['PENDING', 'unread', false, 'PAUSED_BY_DIRECTIVE', undefined].map(isFinishedStatus)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
    expect(['a/processed/x.json', 'a/completed_tasks.json', 'a/inbox/x.json'].map(isFinishedPlace)).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('one older object', () => {
  it('is known under camelCase too', () => {
    const old = readOldObject({
      messageId: 'm',
      senderAgentId: 'a',
      recipientAgentId: 'b',
      timestampUtc: '2025-05-02T20:40:00Z',
      body: 'x',
      inReplyTo: 'n',
    });
    expect(old).toMatchObject({
      from: 'a',
      to: ['b'],
      at: Date.parse('2025-05-02T20:40:00Z'),
      replyTo: 'n',
      thread: 'n',
    });
  });

  it('names several recipients in a list or in one text', () => {
    expect(readOldObject({ from: 'a', to: 'b, c', body: 'x' })?.to).toEqual(['b', 'c']);
    expect(readOldObject({ from: 'a', to: ['b', { name: 'c' }], body: 'x' })?.to).toEqual(['b', 'c']);
  });

  it('is none without words, or without who, when and which', () => {
    expect(readOldObject({})).toBeUndefined();
    expect(readOldObject({ name: 'settings', description: 'of a tool' })).toBeUndefined();
    expect(readOldObject({ from: 'a', to: 'b' })).toBeUndefined();
  });

  it('does not take an unfilled template for a thread', () => {
    expect(readOldObject({ from: 'a', body: 'x', in_reply_to: '{{uuid()}}', correlation_id: null })).toMatchObject({
      thread: null,
      replyTo: null,
    });
  });
});

describe('mending', () => {
  it('leaves out exactly the stray lines and the comments', () => {
    expect(repairJson('{{\n{"a":"//b{{"} // c\n}}\n')?.text).toBe('{"a":"//b{{"} ');
    expect(repairJson('{{\r\n{"a":1}\r\n}}')?.text).toBe('{"a":1}');
    expect(repairJson('{"a":"\\"//"} // c\n')?.text).toBe('{"a":"\\"//"} \n');
  });

  it('has nothing to offer for anything else', () => {
    expect(repairJson('{"a":1,}')).toBeUndefined();
    expect(repairJson('{{"a":1}}')).toBeUndefined();
  });
});
