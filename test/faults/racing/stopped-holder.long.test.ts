import { spawn } from 'node:child_process';
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { build } from 'esbuild';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { nodeDisk } from '../../../src/storage/file/disk/node-disk.ts';
import type { DocumentName } from '../../../src/storage/port/documents.ts';
import { changeIn, documentIn } from '../../storage/contract/ways.ts';
import { makeRoom } from '../../storage/file/room.ts';
import type { Change } from './change.ts';

// Below the checkout, so that the bundle finds node_modules.
const outfile = 'node_modules/.cache/dreamos/test/faults/racing/change.mjs';

beforeAll(async () => {
  await build({
    entryPoints: ['test/faults/racing/change.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
});

/** Makes a change in a process of its own, which is stopped in front of one call until `goOn`. @returns `goOn` */
async function stoppedIn(change: Change): Promise<() => Promise<string>> {
  const child = spawn(execPath, [outfile, JSON.stringify(change)], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let told = '';
  const ended = new Promise<string>((resolve) => child.on('close', () => resolve(told)));
  const speaks = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        told += chunk.toString();
        resolve(told);
      });
  });
  expect(await Promise.race([speaks, ended])).toBe('stops\n');
  return async () => {
    // Until it is heard: one that comes between the child's word and its SIGSTOP is lost.
    const going = setInterval(() => child.kill('SIGCONT'), 10);
    return ended.finally(() => clearInterval(going));
  };
}

type Fields = Readonly<Record<string, unknown>>;
const documents: readonly [name: DocumentName, file: string, lock: string, mine: Fields, theirs: Fields][] = [
  ['settings', 'config.json', 'config', { lease: '7m' }, { topicRetention: '9d' }],
  ['subscriptions', 'subscriptions.json', 'subscriptions', { ann: ['a.>'] }, { bob: ['b.>'] }],
  ['schedules', 'schedules.json', 'schedules', { ann: {} }, { bob: {} }],
  ['reservations', 'reservations.json', 'reservations', { ann: {} }, { bob: {} }],
  ['agents/bob', 'agent_mailboxes/bob/agent.json', 'agents', { description: 'x' }, { role: 'y' }],
];

for (const call of ['writeWhole', 'rename'] as const) {
  test.for(documents)(
    `%s keeps what was confirmed while the holder of its lock was stopped in front of its ${call}`,
    async ([name, file, lock, mine, theirs]) => {
      const room = makeRoom();
      const goOn = await stoppedIn({
        root: room.root,
        name,
        set: mine,
        stopsAt: { call, path: join(room.root, file) },
      });
      // As it is when nobody has refreshed it for so long.
      const before = Date.now() / 1000 - 20;
      utimesSync(`${room.layout.lock(lock)}.lock`, before, before);
      const other = await room.open(nodeDisk());
      await changeIn(other, name, (old) => ({ ...(old as object), ...theirs }));
      expect(await goOn()).toBe('stops\nchanged\n');
      expect(await documentIn(other, name)).toMatchObject({ ...mine, ...theirs });
      await other.close();
    },
  );
}

test('who was stopped leaves the lock to the one who has it since', async () => {
  const room = makeRoom();
  const goOn = await stoppedIn({
    root: room.root,
    name: 'settings',
    set: { lease: '7m' },
    stopsAt: { call: 'rename', path: room.layout.config },
  });
  const lock = room.layout.lock('config');
  const before = Date.now() / 1000 - 20;
  utimesSync(`${lock}.lock`, before, before);
  await nodeDisk().withLock(lock, async ({ isHeld }) => {
    expect(await goOn()).toBe('stops\nchanged\n');
    expect(isHeld()).toBe(true);
  });
  expect(readdirSync(room.root).filter((name) => name.includes('.lock'))).toEqual([]);
});
