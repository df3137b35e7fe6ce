/** What the page says to type, where there is nothing and elsewhere: each line of it does something as it stands. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRig } from '../commands/rig.ts';

const sources = join(import.meta.dirname, '../../src/page');

/** Whole texts that are a command line, and what is marked as one. */
const written = /(['"`])(dreamos \w[^\n]*?)\1|<code>(dreamos [^<]*)<\/code>/g;

const lines = readdirSync(sources, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.tsx'))
  .flatMap((file) => [...readFileSync(join(sources, file), 'utf8').matchAll(written)])
  .map(([, , text, marked]) => text ?? marked ?? '');

/** What a person puts in, and what the page does. */
function filledIn(line: string, task: string): string {
  return line
    .replace('<id>', task)
    .replace('${topic}', 'build.done')
    .replaceAll(/\$?\{[^}]*\}/g, 'planner')
    .replaceAll('<agent>', 'reviewer');
}

test.for(lines)('`%s` can be typed', async (line) => {
  const rig = await createRig();
  await rig.dreamos('agent start reviewer');
  const made = await rig.dreamos('task create --title parse --as planner --json');
  const { id } = made.json[0] as { id: string };
  await rig.dreamos('task next --as reviewer');
  const words = filledIn(line, id).match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
  const { code, err } = await rig.dreamos(words.slice(1).map((word) => word.replaceAll(/^["']|["']$/g, '')));
  // Nothing is there just then: 3.
  expect([0, 3], err).toContain(code);
});

test('these lines are those of many views', () => {
  expect(lines.length).toBeGreaterThan(15);
});
