import { describe, expect, it } from 'vitest';
import { isRecipient, validName } from '../../../../src/core/import/old/names.ts';

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
