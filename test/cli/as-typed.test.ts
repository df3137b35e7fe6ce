import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asTyped, errorAsTyped, options, withEnds } from '../../src/cli/as-typed.ts';
import { reference, usage } from '../../src/model/refusals.ts';

const src = join(import.meta.dirname, '../../src');
const withoutComments = (text: string): string => text.replace(/^\s*(\/\/|\/?\*).*$/gm, '');
const below = ['core', 'model', 'storage'].flatMap((folder) =>
  readdirSync(join(src, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => withoutComments(readFileSync(join(src, folder, name), 'utf8'))),
);

test('below the command nothing speaks of its options, but in whole command lines', () => {
  const flags = below.flatMap((text) => text.replace(/dreamos [a-z][^'`;\n]*/g, '').match(/.*[^-\w]--[a-z].*/g) ?? []);
  expect(flags).toEqual([]);
});

test('every field that has an option is one that is spoken of below the command', () => {
  const said = (name: string) => below.some((text) => text.includes(`\`${name}\``) || text.includes(`\\\`${name}\\\``));
  expect(Object.keys(options).filter((name) => !said(name))).toEqual([]);
});

test('every field that a hint below the command speaks of has an option, or is no field', () => {
  // A cursor of an event, a command, functions of the library, a field of an alert, and what only requests say.
  const others = ['cursor', 'listen', 'open', 'connect', 'run', 'after', 'from'];
  const texts = below.flatMap((text) => text.match(/'[^'\n]*'|`(?:[^`\\\n]|\\.)*`/g) ?? []);
  const fields = texts.flatMap((text) =>
    [...text.slice(1, -1).matchAll(/\\?`(\w+)\\?`/g)].map(([, name]) => name ?? ''),
  );
  expect(fields.length).toBeGreaterThan(10);
  expect([...new Set(fields)].filter((name) => !(name in options) && !others.includes(name))).toEqual([]);
});

test('a hint speaks of options to who types a command; other words stay', () => {
  expect(asTyped('To answer it once more, add `again`; `dreamos read` printed it.')).toBe(
    'To answer it once more, add --again; `dreamos read` printed it.',
  );
});

test('instead of the library’s reference a command names its own help', () => {
  expect(errorAsTyped(usage('No.', reference), 'dlq retry').hint).toBe('dreamos dlq retry --help');
  expect(errorAsTyped(usage('No.', reference), '').hint).toBe('dreamos --help');
  expect(errorAsTyped(usage('No.', 'Give one as `body`, or say `as`.'), 'send', true).hint).toBe(
    'Give one as `body`, or say --as <agent>.',
  );
  expect(errorAsTyped(usage('"`as`" is wrong.', 'Say `as`.'), 'send')).toMatchObject({
    message: '"`as`" is wrong.',
    hint: 'Say --as <agent>.',
  });
});

const id = '01JD3Y6Q0V8M5T2B7K9XWZ4RCE';

test.each([
  [`Try one again: dreamos dlq retry bob ${id} --root /x`, 'Try one again: dreamos dlq retry bob 9XWZ4RCE --root /x'],
  [`dreamos --root '/a b' show ${id}`, "dreamos --root '/a b' show 9XWZ4RCE"],
  [`If that is you: dreamos reply ${id} "your answer"`, 'If that is you: dreamos reply 9XWZ4RCE "your answer"'],
])('a person types the end of an id: %s', (text, typed) => {
  expect(withEnds(text)).toBe(typed);
});

test.each([
  `Message ${id} is in bob's`,
  `dreamos ack bob:d1795839102119.i${id}.p2.a1.cCK1MGZ477W`,
  `dreamos ack bob:${id}:MNZ2CHDNFP`,
  `dreamos send bob ${id} -- --x`,
  `dreamos read bob --thread ${id}`,
])('what is no id to type stays whole: %s', (text) => {
  expect(withEnds(text)).toBe(text);
});
