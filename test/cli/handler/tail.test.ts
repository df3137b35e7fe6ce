import { expect, test } from 'vitest';
import { createTail } from '../../../src/cli/handler/tail.ts';

test('a tail holds the last lines in bounded memory, also of a chunk that is cut within a character', () => {
  const tail = createTail();
  expect(tail.text()).toBe('');
  for (const part of [Buffer.from('first\n\u20ac'), Buffer.alloc(1_000_000, 'x\n'), Buffer.from('l\u00e4st\r\n\n')])
    tail.add(part);
  expect(tail.text()).toBe(`${'x\n'.repeat(19)}läst`);
  const bytes = Buffer.from('€'.repeat(10_000));
  tail.add(bytes);
  expect(tail.text()).toHaveLength(1900);
  expect(tail.text()).toMatch(/^…€+$/);
});

test('what is cut off at the front is never half a character', () => {
  for (const start of ['', 'x']) {
    const tail = createTail();
    tail.add(Buffer.from(start + '😀'.repeat(1000)));
    expect(tail.text()).toMatch(/^…(?:😀)+$/u);
  }
});
