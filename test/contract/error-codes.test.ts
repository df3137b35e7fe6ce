import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Context } from '../../src/cli/context.ts';
import { findCommand } from '../../src/cli/find-verb.ts';
import { topicNames } from '../../src/cli/help/topics.ts';
import type { Surroundings } from '../../src/cli/surroundings.ts';
import { errorCodes } from '../../src/contract/error-codes.ts';
import type { ErrorCode } from '../../src/model/errors.ts';
import { createProgram } from '../../src/program/program.ts';

const src = join(import.meta.dirname, '..', '..', 'src');
const program = createProgram(new Context({} as Surroundings)).whole();

test('an error has the kind, and so the exit code, that its code is explained with', () => {
  const thrown = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [
      ...readFileSync(join(src, name), 'utf8').matchAll(/DreamosError\(\s*'([a-z-]+)',\s*'([A-Z_]+)'/g),
    ]);
  expect(thrown.length).toBeGreaterThan(50);
  for (const [, kind, code = ''] of thrown) expect([code, kind]).toEqual([code, errorCodes[code as ErrorCode].kind]);
});

test.for(Object.entries(errorCodes))('%s: what to type is there', ([, { happened, next }]) => {
  expect(happened).toMatch(/^[A-Z][^\n]*\.$|^doctor .*\.$/);
  for (const [, command = ''] of next.matchAll(/dreamos ((?:[a-z-]+ ?)+)/g)) {
    const words = command.trim().split(' ');
    const [verb, topic] = words;
    const known =
      verb === 'help'
        ? topicNames.some((name) => name === topic)
        : words.some((_, i) => findCommand(program, words.slice(0, words.length - i)) !== undefined);
    expect(known, command).toBe(true);
  }
});

test('the page of the exit codes names every code by which something is denied', () => {
  const page = readFileSync(join(src, 'cli', 'help', 'exit-codes.md'), 'utf8');
  const denied = Object.entries(errorCodes).filter(([, { kind }]) => kind === 'denied');
  for (const [code] of denied) expect(page).toMatch(new RegExp(`\\b${code}\\b`));
});
