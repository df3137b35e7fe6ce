import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const src = join(import.meta.dirname, '..', '..', 'src');
/** A command in a message or a hint, and the mark behind it that would be pasted with it. */
const punctuated = /(?:: |['`])dreamos [a-z][^;'`\n]*[a-z}>][.,!?](?=[ '`])/g;
const isComment = (line: string): boolean => /^\s*(?:\*|\/\/|\/\*)/.test(line);

test('no command in what the sources say is followed by a mark that is pasted with it', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((file) => {
    const lines = readFileSync(join(src, file), 'utf8').split('\n');
    return lines.filter((line) => !isComment(line)).flatMap((line) => line.match(punctuated) ?? []);
  });
  expect(found).toEqual([]);
});
