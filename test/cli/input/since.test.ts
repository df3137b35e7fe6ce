import { expect, test } from 'vitest';
import { lastCursor } from '../../../src/cli/input/since.ts';

async function* file(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

test('the cursor of the last complete line counts', async () => {
  expect(await lastCursor(file('{"cursor":"a"}\n{"cursor":"b"}\n'), 'f', 'dreamos listen x')).toBe('b');
});

test('a line that was cut short does not count', async () => {
  expect(await lastCursor(file('{"cursor":"a"}\n{"cursor":"b"}'), 'f', 'dreamos listen x')).toBe('a');
});

test('a cut line with the next one glued to it does not count', async () => {
  expect(await lastCursor(file('{"cursor":"a"}\n{"cursor":"b","at{"cursor":"c"}\n'), 'f', 'dreamos listen x')).toBe(
    'a',
  );
});

test('an empty file has none', async () => {
  expect(await lastCursor(file(), 'f', 'dreamos listen x')).toBeUndefined();
  expect(await lastCursor(file('\n'), 'f', 'dreamos listen x')).toBeUndefined();
});

test('a file of something else is refused', async () => {
  await expect(lastCursor(file('hello\n'), 'my notes', 'dreamos listen x')).rejects.toMatchObject({
    code: 'CURSOR_INVALID',
    message: expect.stringContaining('my notes'),
    hint: "Fill it with: dreamos listen x --json --since start >> 'my notes'",
  });
});

test('of a long file only the end is kept, and it is enough', async () => {
  const filler = `{"cursor":"old","x":"${'x'.repeat(1000)}"}\n`.repeat(600);
  expect(await lastCursor(file(filler, filler, '{"cursor":"new"}\n'), 'f', 'dreamos listen x')).toBe('new');
});
