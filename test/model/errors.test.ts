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

test('neither message nor hint repeats the password of an address', () => {
  const error = new DreamosError('usage', 'USAGE', 'It is not amqp://ann:hunter2@host.', {
    hint: 'dreamos move --to redis://:hunter2@host:6379/0',
  });
  expect(error.message).toBe('It is not amqp://…@host.');
  expect(error.hint).toBe('dreamos move --to redis://…@host:6379/0');
});
