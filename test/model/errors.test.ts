import { expect, test } from 'vitest';
import { DreamosError } from '../../src/model/errors.ts';

test.each([
  ['It failed: The disk is full..', 'It failed: The disk is full.'],
  ['It failed: and so on....', 'It failed: and so on....'],
  ['It goes on...', 'It goes on...'],
  ['It failed.', 'It failed.'],
])('%s ends as a sentence does', (said, message) => {
  expect(new DreamosError('bug', 'UNEXPECTED', said).message).toBe(message);
});
