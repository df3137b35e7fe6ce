import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createIds } from '../../../../src/model/id.ts';
import { openFileStore } from '../../../../src/storage/file/open.ts';
import { leaseMs, policy } from '../../contract/rig.ts';
import { createFakeClock } from '../../contract/fake-clock.ts';
import { drain, makeRoom } from '../room.ts';
import { scratch } from '../../../scratch.ts';
import { initFileStore } from '../../../../src/storage/file/make-root.ts';
import { changeAgentIn, changeSettingsIn, newToken } from '../../contract/ways.ts';

describe('whatever the umask,', () => {
  const before = process.umask();
  afterEach(() => {
    process.umask(before);
  });

  // As root every mode can be read, so the modes themselves are looked at.
  const modes = (dir: string): string[] =>
    [dir, ...readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => join(dir, name))].map((path) => {
      const stat = lstatSync(path);
      return `${stat.isDirectory() ? 'folder' : 'file'} ${(stat.mode & 0o7777).toString(8)}`;
    });

  test.for([0o000, 0o022, 0o027, 0o077])('with %o files are 600 and folders 700', async (umask) => {
    const dir = scratch();
    process.umask(umask);
    const clock = createFakeClock();
    const warnings: string[] = [];
    const { path } = await initFileStore({ cwd: dir, env: {} });
    const store = await openFileStore(path, {
      clock,
      ids: createIds(),
      warn: (warning) => void warnings.push(warning),
    });
    for (const name of ['ann', 'bob'])
      await changeAgentIn(store, name, () => ({ name, createdAt: '2026-11-20T09:00:00.000Z' }));
    await changeSettingsIn(store, () => ({ lease: '5m' }));
    const room = makeRoom();
    const send = async (...outgoing: Parameters<typeof room.outgoing>): Promise<void> => {
      const [sent] = await store.mail.send([room.outgoing(...outgoing)], { durability: 'full' });
      expect(sent).not.toBeInstanceOf(Error);
    };
    await send();
    await send({}, { dueAt: clock.now() + 5000 });
    await send({ to: ['ann', 'bob'], dedupeKey: 'k' });
    await store.mail.send([room.outgoing(), room.outgoing()], { durability: 'full' });
    const claim = async (): Promise<string> =>
      (await store.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.receipt ?? '';
    await store.mail.nack(await claim(), { policy, dead: true });
    await store.mail.nack(await claim(), { policy });
    await store.mail.ack(await claim(), {});
    await store.mail.quarantine('bob', Buffer.from('x'), { name: 'x', why: 'y' });
    await store.mail.deposit('ann', room.message(), 'archived', { at: clock.now() });
    expect(await drain(store, 'ann')).toHaveLength(1);
    const cursor = await store.journal.cursor(undefined, 'start');
    expect((await store.journal.readEvents(undefined, cursor)).events.length).toBeGreaterThan(10);
    await store.close();
    expect([...new Set(modes(join(dir, 'runtime')))].sort()).toEqual(['file 600', 'folder 700']);
  });
});
