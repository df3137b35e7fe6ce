import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { inSources } from '../../src/cli/in-sources.ts';
import { native, test } from './rig.ts';

const root = join(import.meta.dirname, '../..');

function placeOf(file: string, text: string): { line: number; column: number } {
  const before = readFileSync(file, 'utf8').split(text)[0]?.split('\n') ?? [];
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

test.for([
  ['dreamos', 'is removed again and again.'],
  ['dreamos', 'Nobody is in the group '],
  ['rare', 'There is no name of a file for the card'],
])('a place in dist/%s.cjs is said as it is in the sources: %s', ([name, text = '']) => {
  const built = join(root, `dist/${name}.cjs`);
  const { line, column } = placeOf(built, text);
  const said = inSources(`Error: a bug\n    at xy (${built}:${line}:${column})\n    at node:internal/x:1:2`);
  const [, source = '', at] =
    /^Error: a bug\n    at xy \((src\/.*\.ts):(\d+):\d+\)\n    at node:internal\/x:1:2$/.exec(said) ?? [];
  expect(Number(at), said).toBe(placeOf(join(root, source), text).line);
});

test('what has no map stays as it is', () => {
  const stack = 'Error: a bug\n    at xy (/nowhere/dist/dreamos.cjs:3:4)';
  expect(inSources(stack)).toBe(stack);
});

test.skipIf(native)('a bug tells where it is when asked to', async ({ rig }) => {
  await rig.shell(`printf 'require("fs").renameSync = () => { throw new TypeError("a bug"); };' > broken.cjs`);
  const { code, err } = await rig.shell(
    'NODE_OPTIONS="--require $PWD/broken.cjs" DREAMOS_DEBUG=1 dreamos send reviewer hello --as planner',
  );
  expect(code).toBe(1);
  expect(err).toMatch(/TypeError: a bug\n    at .*broken\.cjs/);
  expect(err).toMatch(/\n    at .*\(?src\/storage\/file\/disk\/node-disk\.ts:\d+:\d+/);
  expect(err).not.toMatch(/dist\/dreamos\.cjs/);
});
