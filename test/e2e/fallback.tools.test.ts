/** What the native program leaves to Node it leaves before it has changed, said or taken anything, with the same words. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { isNative } from '../../src/contract/native.ts';
import { commandOf, operationNames } from '../../src/contract/operations.ts';
import { missing, said, skips } from '../lack.ts';
import { native, type Rig, test } from './rig.ts';

const lack = await missing('strace');
const verbs = [...new Set(operationNames.flatMap((name) => commandOf(name)?.split(' --')[0] ?? []))];

/** In place of Node: it only says what it was told. */
function putNode({ dir }: Rig): void {
  const file = join(dir, 'bin', 'node');
  writeFileSync(file, '#!/bin/sh\nprintf "%s\\n" node "$@"\n');
  chmodSync(file, 0o755);
}

const changes =
  /^\d+ +(?:openat\(.*O_(?:WRONLY|RDWR|CREAT)|p?write\w*\(|rename|link|unlink|symlink|mkdir|rmdir|f?chmod|utime|kill\(|read\(0,)/;

/** What of that was done in front of Node, and what Node was told. */
async function left(rig: Rig, words: readonly string[]): Promise<{ done: string[]; told: string[] | undefined }> {
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const { out } = await rig.shell(`strace -f -o trace dreamos ${quoted} </dev/null`);
  const trace = readFileSync(join(rig.dir, 'trace'), 'utf8').split('\n');
  const at = trace.findIndex((line) => /execve\("[^"]*\/node"/.test(line));
  const before = at < 0 ? trace : trace.slice(0, at);
  const [first, , ...told] = out.trimEnd().split('\n');
  return { done: before.filter((line) => changes.test(line)), told: first === 'node' ? told : undefined };
}

/** With as many names as the verb wants, and each of its options with whether it takes a value. */
async function usage(
  rig: Rig,
  verb: string,
): Promise<{ words: string[]; options: { name: string; value: boolean }[] }> {
  const { out } = await rig.dreamos(`${verb} --help`);
  const [line = ''] = /^Usage: .*(?:\n {2,}.*)?/.exec(out) ?? [];
  const operands = [...line.matchAll(/<[\w.]+>/g)].map(() => 'reviewer');
  const words = [...verb.split(' '), ...(verb === 'work' ? ['reviewer', '--', 'true'] : operands)];
  const options = [...out.matchAll(/^ +(?:-\w, )?--([\w-]+)( <)?/gm)].map(([, name = '', value]) => ({
    name,
    value: !!value,
  }));
  return { words, options };
}

const camel = (name: string): string => name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Those that Node is needed for; help is told before there is a verb. */
const others = <Option extends { name: string }>(verb: string, options: Option[]): Option[] =>
  options.filter(({ name }) => name !== 'help' && !isNative(verb, { [camel(name)]: true }));

describe.skipIf(skips(lack) || !native)(
  said('the native program', lack),
  { concurrent: true, timeout: 120_000 },
  () => {
    test.for(verbs)('%s goes on in Node, or does not', async (verb, { rig }) => {
      const { words, options } = await usage(rig, verb);
      putNode(rig);
      const plain = await left(rig, words);
      if (!isNative(verb, {})) expect(plain).toEqual({ done: [], told: words });
      else expect(plain.told, 'it needs Node all the same').toBeUndefined();
      if (!isNative(verb, {})) return;
      for (const { name, value } of others(verb, options)) {
        const all = [...words, `--${name}`, ...(value ? ['1s'] : [])];
        expect(await left(rig, all)).toEqual({ done: [], told: all });
      }
    });

    test('what a command has done is known to the trace', async ({ rig }) => {
      const { done, told } = await left(rig, ['send', 'reviewer', 'hello', '--as', 'planner']);
      expect(told).toBeUndefined();
      for (const call of ['openat', 'write', 'rename'])
        expect(done.filter((line) => line.includes(`${call}(`))).not.toEqual([]);
    });
  },
);
