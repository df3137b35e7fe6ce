/** What the native program leaves to Node it leaves before it has changed, said or taken anything, with the same words. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { isNative } from '../../src/contract/native.ts';
import { missing, said, skips } from '../lack.ts';
import { lines } from '../program/lines.ts';
import { native, type Rig, test } from './rig.ts';

const lack = await missing('strace');
const isItself = (verb: string, option?: string): boolean =>
  isNative(verb, option === undefined ? {} : { [option]: true });

/** In place of Node: it only says what it was told. */
function putNode({ dir }: Rig): void {
  const file = join(dir, 'bin', 'node');
  writeFileSync(file, '#!/bin/sh\nprintf "%s\\n" node "$@"\n');
  chmodSync(file, 0o755);
}

const changes =
  /^\d+ +(?:open(?:at)?\(.*O_(?:WRONLY|RDWR|CREAT)|p?write\w*\(|rename|link|unlink|symlink|mkdir|rmdir|f?chmod|utime|kill\(|read\(0,)/;

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

/** Each verb alone, and of those that it does itself each option that Node is needed for. */
const tried = lines.filter(
  ({ verb, option }) => option === undefined || (isNative(verb, {}) && !isItself(verb, option)),
);

describe.skipIf(skips(lack) || !native)(
  said('the native program', lack),
  { concurrent: true, timeout: 120_000 },
  () => {
    test.for(tried)('"$words" goes on in Node, or does not', async ({ verb, words, option }, { rig }) => {
      putNode(rig);
      const { done, told } = await left(rig, words);
      if (isItself(verb, option)) expect(told, 'it needs Node all the same').toBeUndefined();
      else expect({ done, told }).toEqual({ done: [], told: words });
    });

    test('what a command has done is known to the trace', async ({ rig }) => {
      const { done, told } = await left(rig, ['send', 'reviewer', 'hello', '--as', 'planner']);
      expect(told).toBeUndefined();
      for (const call of [/ open(?:at)?\(/, / write\(/, / rename\(/])
        expect(done.filter((line) => call.test(line))).not.toEqual([]);
    });
  },
);
