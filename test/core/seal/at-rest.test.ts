/** Where the words of sealed mail are: nowhere, in all that a root has and that is made of it. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { createIdentity } from '../../../src/core/identity/identity.ts';
import { exportTo } from '../../../src/core/export/export.ts';
import { backup } from '../../../src/core/keep/backup.ts';
import { packArchive } from '../../../src/core/keep/maintain.ts';
import { search } from '../../../src/core/look/search.ts';
import { show } from '../../../src/core/look/show.ts';
import { metrics } from '../../../src/core/metrics/metrics.ts';
import { rootOver } from '../../../src/core/open-root.ts';
import { overview } from '../../../src/core/overview/overview.ts';
import type { Session } from '../../../src/core/root/root.ts';
import { send } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { work } from '../../../src/core/work/work.ts';
import { removeScratch, scratch } from '../../scratch.ts';
import { makeRoom, type Room } from '../../storage/file/room.ts';
import { gather, must } from '../rig.ts';

const dayMs = 86_400_000;
const secret = 'the-code-is-4711';
let room: Room;
let root: Session;
let home: string;
let dir: string;
beforeEach(async () => {
  room = makeRoom();
  [home, dir] = [scratch(), scratch()];
  const { root: path, clock, ids } = room;
  root = rootOver(
    await room.open(),
    { path, clock, ids },
    { as: 'ann', env: { DREAMOS_CONFIG_HOME: home }, warn: () => undefined },
  );
  for (const name of ['ann', 'bob']) await createIdentity(root, name);
});
afterAll(removeScratch);
// With what a machine has to do beside it.
vi.setConfig({ testTimeout: 30_000 });

/** All files below it, those within compressed ones, too. */
function bytesBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => {
      const bytes = readFileSync(path);
      return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('latin1');
    })
    .join('\n');
}

/** Every way of a message through the root. @param seal not, to see that they are looked for where they would be */
async function passThrough(seal: boolean): Promise<string> {
  const words = { body: secret, subject: secret, data: { secret }, ...(seal && { seal, sealSubject: true }) };
  await send(root, { to: 'bob', ...words, dedupeKey: 'k', thread: 't' });
  await ack(root, must(await readNext(root, 'bob', { unseal: true })).receipt);
  room.clock.advance(3 * dayMs);
  await gather(packArchive(root, 'bob'));
  await send(root, { to: 'bob', ...words });
  await nack(root, must(await readNext(root, 'bob', { unseal: true })).receipt, { dead: true, reason: 'no' });
  await publish(root, 'codes', words);
  await send(root, { to: 'bob', ...words });
  await work(root, 'bob', () => ({ outcome: 'ack', reply: { body: secret } }), { count: 1 });
  const { id } = await send(root, { to: 'bob', ...words, delayMs: 1000 });
  await send(root, { to: 'bob', ...words });
  if (seal) expect((await show(root, id, { unseal: true })).message.body).toBe(secret);
  expect(await gather(search(root, secret, { unseal: true }))).not.toHaveLength(0);
  await exportTo(root, join(dir, 'mail.db'));
  await backup(root, join(dir, 'mail.tar.gz'));
  const told = JSON.stringify([await metrics(root), await overview(root)]);
  return [told, bytesBelow(room.root), bytesBelow(dir)].join('\n');
}

test('logs, packs, exports, backups, dead letters and what is kept of keys have the ciphertext alone', async () => {
  const all = await passThrough(true);
  expect(all).toContain('BEGIN AGE ENCRYPTED FILE');
  expect(all.split(secret)).toHaveLength(1);
  expect(bytesBelow(home)).not.toContain(secret);
  expect(all).not.toContain('AGE-SECRET-KEY');
});

test('what is not sealed is found in all of them by the same look', async () => {
  expect((await passThrough(false)).split(secret).length).toBeGreaterThan(20);
});
