import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { libraryPathOf, operationNames } from '../../../src/contract/operations.ts';
import { notThroughServer } from '../../../src/contract/remote/through-server.ts';
import type { Named } from '../../../src/core/root/operation.ts';
import { type Called, calls } from '../../../src/server/calls/table.ts';

/** What runs where it is called, and hands over what it calls in turn. */
const here = ['work', 'consume'];

test('each operation of the library is called through a server, or says why not', () => {
  const missing = operationNames.filter(
    (name) =>
      libraryPathOf(name) !== undefined && !here.includes(name) && !(name in notThroughServer) && !(name in calls),
  );
  expect(missing).toEqual([]);
  expect(Object.keys(calls).filter((name) => name in notThroughServer)).toEqual([]);
});

const asked: string[] = [];
const away = {
  here: new Set(here),
  do: async (_: unknown, call: string) => void asked.push(call),
  each: async function* (_: unknown, call: string) {
    yield asked.push(call);
  },
};
const session = { gate: { away, isOpen: () => false } };

/** By what it is handed over. */
async function nameOf(run: Called): Promise<string | undefined> {
  asked.length = 0;
  const made = run(session as never);
  if (Symbol.asyncIterator in made) await made.next();
  else await made;
  return asked[0];
}

test('each call is a function of the core by the name by which it is handed over', { timeout: 60_000 }, async () => {
  const wrong: string[] = [];
  for (const [name, load] of Object.entries(calls)) if ((await nameOf(await load())) !== name) wrong.push(name);
  expect(wrong).toEqual([]);
});

test('each function of the core that is an operation has a name of its own there', { timeout: 60_000 }, async () => {
  const core = join(import.meta.dirname, '../../../src/core');
  const names: string[] = [];
  for (const path of readdirSync(core, { recursive: true, encoding: 'utf8' }).filter((one) => one.endsWith('.ts'))) {
    const all = Object.values((await import(join(core, path))) as Record<string, unknown>);
    for (const run of all as (Called & Named)[]) {
      if (typeof run !== 'function' || !('operation' in run) || here.includes(run.operation)) continue;
      const name = await nameOf(run);
      if (!(run.operation in notThroughServer) && !run.operation.startsWith('hook')) names.push(name ?? run.name);
    }
  }
  expect(names.sort()).toEqual(Object.keys(calls).sort());
});
