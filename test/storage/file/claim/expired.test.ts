import { expect, test } from 'vitest';
import { policy } from '../../contract/rig.ts';
import { watchedDisk } from '../disks.ts';
import { makeRoom } from '../room.ts';

test('what has expired behind thousands of others is met by a later look, and no look lists them all', async () => {
  const room = makeRoom();
  let listed = 0;
  const store = await room.open(
    watchedDisk(({ method, path }) => void (method === 'list' && /\/ready\/p2\/1\/.+\/./.test(path) && listed++)),
  );
  const expiresAt = new Date(room.clock.now() + 1000).toISOString();
  for (let n = 0; n < 6; n++) {
    await store.mail.send(
      Array.from({ length: 1000 }, () => room.outgoing()),
      { durability: 'relaxed' },
    );
  }
  await store.mail.send([room.outgoing({ expiresAt })], { durability: 'relaxed' });
  room.clock.advance(1000);

  listed = 0;
  await store.mail.recover('bob', policy);
  expect(listed).toBeLessThan(15);
  expect(await store.look.counts('bob')).toMatchObject({ ready: 6001, dead: 0 });
  for (let look = 0; look < 2; look++) {
    room.clock.advance(5000);
    await store.mail.recover('bob', policy);
  }
  expect(await store.look.counts('bob')).toMatchObject({ ready: 6000, dead: 1 });
});
