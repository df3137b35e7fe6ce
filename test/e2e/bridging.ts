import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { project, type Rig, type Running } from './rig.ts';

/** Two roots in one folder, a and b: ann lives in a, bob in b, and each is known in the other. */
export async function twoRoots(rig: Rig): Promise<{ a: string; b: string }> {
  const [a, b] = [join(rig.dir, 'a'), join(rig.dir, 'b')];
  for (const [dir, own, other, peer] of [
    [a, 'ann', 'bob', 'b'],
    [b, 'bob', 'ann', 'a'],
  ] as const) {
    mkdirSync(dir);
    expect(await rig.dreamos(['init', own, '--quiet'], { cwd: dir })).toMatchObject({ code: 0 });
    expect(await rig.dreamos(['agent', 'register', other, '--at', peer, '--quiet'], { cwd: dir })).toMatchObject({
      code: 0,
    });
  }
  return { a, b };
}

/** A command line for --via. */
export const farEnd = (dir: string): string => `cd '${dir}' && exec dreamos receive`;

/** The same, with workers/between.mjs in front of it. */
export function between(input: object): string {
  const script = join(project, 'test/e2e/workers/between.mjs');
  return `exec '${process.execPath}' '${script}' '${JSON.stringify(input)}'`;
}

/** The ids of the messages in a state of a mailbox, each as often as it is there. */
export async function idsIn(rig: Rig, dir: string, mailbox: string, state: string): Promise<string[]> {
  const { json } = await rig.dreamos(['list', mailbox, '--state', state, '--limit', '100000', '--json'], { cwd: dir });
  return json.map(({ id }) => id);
}

/** The bytes of the one message in a mailbox. */
export function bytesIn(dir: string, mailbox: string, folder: 'ready' | 'archive'): string {
  const at = join(dir, 'runtime/agent_comms/agent_mailboxes', mailbox, folder);
  const files = readdirSync(at, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  expect(files).toHaveLength(1);
  const [file] = files;
  return readFileSync(join(file!.parentPath, file!.name), 'utf8');
}

/** Begins it anew whenever it was killed. @returns what waits for what it does, and fails with it; then it ends that */
export function keepBridging(rig: Rig, cwd: string, via: string): (done: Promise<void>) => Promise<void> {
  let isOver = false;
  let running: Running;
  const keeping = (async () => {
    while (!isOver) {
      running = rig.start(['bridge', 'b', '--via', via, '--json'], { cwd });
      const ended = await running.ended;
      if (ended.signal !== 'SIGKILL') expect(ended).toMatchObject({ code: 0 });
    }
  })();
  return async (done) => {
    await Promise.race([done, keeping]);
    isOver = true;
    running.child.kill('SIGTERM');
    await keeping;
  };
}

/** To bob. @returns their ids */
export async function sentMany(rig: Rig, cwd: string, count: number): Promise<string[]> {
  const lines = Array.from({ length: count }, (_, n) => JSON.stringify({ to: 'bob', body: `m${n}` }));
  const { json } = await rig.dreamos('send --batch --as ann --json', { cwd, stdin: lines.join('\n') });
  expect(json).toHaveLength(count);
  return json.map(({ id }) => id);
}

export async function untilThere(rig: Rig, a: string, count: number): Promise<void> {
  while ((await idsIn(rig, a, 'bob', 'archived')).length < count)
    await new Promise((resolve) => setTimeout(resolve, 200));
}

/** Each once in the far mailbox, and none left in the near one. */
export async function expectOnce(rig: Rig, { a, b }: { a: string; b: string }, sent: readonly string[]): Promise<void> {
  const there = await idsIn(rig, b, 'bob', 'ready');
  expect(there.toSorted()).toEqual(sent.toSorted());
  for (const state of ['ready', 'inflight', 'delayed', 'dead']) expect(await idsIn(rig, a, 'bob', state)).toEqual([]);
  expect((await rig.dreamos('doctor --quiet', { cwd: b })).code).toBe(0);
}
