import { linkSync, readdirSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nodeDisk } from '../../../../src/storage/file/disk/node-disk.ts';
import { leaseMs, policy } from '../../contract/rig.ts';
import { newToken } from '../../contract/ways.ts';
import { makeRoom, only } from '../room.ts';

// What a power cut leaves on btrfs: the log brings back the new name of a rename and does not take away the old one.
test('a link that is in outbox/ and already in its mailbox is handed out no second time, and the send is finished', async () => {
  const room = makeRoom(['ann', 'bob', 'cyd']);
  const disk = nodeDisk();
  let after: (() => void) | undefined;
  const store = await room.open({
    ...disk,
    rename(from, to) {
      const moved = disk.rename(from, to);
      if (from.startsWith(room.layout.outbox) && to.startsWith(room.at('bob').ready)) after = () => linkSync(to, from);
      if (from.startsWith(room.layout.outbox) && to.startsWith(room.at('cyd').ready)) {
        after?.();
        after = undefined;
      }
      return moved;
    },
  });
  const sent = room.outgoing({ to: ['bob', 'cyd'] }, { mailboxes: ['bob', 'cyd'] });
  await store.mail.send([sent], { durability: 'full' });
  for (let round = 0; round < 3; round++) await store.mail.recover('bob', policy);
  expect(await store.mail.recover('bob', policy)).toMatchObject({ moved: 0 });
  expect(readdirSync(room.layout.outbox)).toEqual([]);
  expect((await store.mail.claim('bob', { token: newToken(), leaseMs, policy }))?.message.id).toBe(sent.message.id);
  expect(await store.mail.claim('bob', { token: newToken(), leaseMs, policy })).toBeUndefined();
});

test('what has gone from outbox/ before it is committed was not sent, and that is said', async () => {
  const room = makeRoom(['ann', 'bob', 'cyd']);
  const disk = nodeDisk();
  const store = await room.open({
    ...disk,
    rename(from, to) {
      if (from.startsWith(room.layout.outbox) && to.startsWith(room.layout.outbox))
        rmSync(from, { recursive: true, force: true });
      return disk.rename(from, to);
    },
  });
  const sent = room.outgoing({ to: ['bob', 'cyd'] }, { mailboxes: ['bob', 'cyd'] });
  expect(await store.mail.send([sent], { durability: 'full' })).toMatchObject([{ code: 'DISK_FAILED' }]);
  expect(await store.look.find(sent.message.id)).toEqual([]);
});

// Seen with errors at random (libfiu): a reply, which has a key, was called sent and lay in outbox/ uncommitted.
test('a commit that is called missing while it is there is no success, neither for the sender nor for a repeat', async () => {
  const room = makeRoom();
  let broken = true;
  const disk = nodeDisk();
  const store = await room.open({
    ...disk,
    rename: (from, to) => (broken && /\/outbox\/\w+$/.test(to) ? false : disk.rename(from, to)),
  });
  const send = async () => (await store.mail.send([room.outgoing({ dedupeKey: 'k' })], { durability: 'full' }))[0];
  expect(await send()).toMatchObject({ code: 'DISK_FAILED' });
  expect(await send()).toMatchObject({ code: 'DISK_FAILED' });
  broken = false;
  expect(await send()).toMatchObject({ state: 'ready', duplicate: true });
  await only(store, 'ready');
});
