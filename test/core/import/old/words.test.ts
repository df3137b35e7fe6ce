import { describe, expect, it } from 'vitest';
import { isFinishedPlace, isFinishedStatus, priorityOf } from '../../../../src/core/import/old/words.ts';

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
