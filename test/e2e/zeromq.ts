import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { twoRoots } from './bridging.ts';
import type { Rig, Running } from './rig.ts';

export const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

/** The public key in a file, which is made by the first that asks for it. */
async function keyIn(rig: Rig, cwd: string, words: readonly string[]): Promise<string> {
  const first = await rig.dreamos(words, { cwd });
  expect(first).toMatchObject({ code: 6, out: '' });
  const [, key = ''] = /^public (\S{40})$/m.exec(readFileSync(join(cwd, 'keys'), 'utf8')) ?? [];
  expect(first.err).toContain(key);
  expect(first.err).not.toContain(/^secret (\S{40})$/m.exec(readFileSync(join(cwd, 'keys'), 'utf8'))?.[1]);
  return key;
}

/** `dreamos receive --listen` in a root, and where it listens. */
export async function listening(
  rig: Rig,
  b: string,
  address = 'tcp://127.0.0.1:0',
): Promise<{ far: Running; at: string }> {
  const far = rig.start(['receive', '--listen', address, '--key', 'keys'], { cwd: b });
  for (;;) {
    const [, at] = /Listening at (tcp:\S+:\d+)/.exec(far.err()) ?? [];
    if (at !== undefined) return { far, at };
    if (far.child.exitCode !== null) throw new Error(far.err());
    await rest();
  }
}

/** Two roots that know each other's keys. */
export async function rootsWithKeys(rig: Rig): Promise<{ a: string; b: string }> {
  const { a, b } = await twoRoots(rig);
  const ofA = await keyIn(rig, a, ['bridge', 'b', '--via', 'tcp://127.0.0.1:1', '--key', 'keys', '--once']);
  const ofB = await keyIn(rig, b, ['receive', '--listen', 'tcp://127.0.0.1:0', '--key', 'keys']);
  appendFileSync(join(a, 'keys'), `peer b ${ofB}\n`);
  appendFileSync(join(b, 'keys'), `peer a ${ofA}\n`);
  return { a, b };
}
