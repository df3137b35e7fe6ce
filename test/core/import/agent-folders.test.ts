import { describe, expect, it } from 'vitest';
import { agentFolders, treeNameOf } from '../../../src/core/import/agent-folders.ts';

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
