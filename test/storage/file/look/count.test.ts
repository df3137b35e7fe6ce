import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { leaseMs, policy } from '../../contract/rig.ts';
import { newToken } from '../../contract/ways.ts';
import { makeRoom } from '../room.ts';

test('under a consumer whose root is removed the store is not there any more, and the mark of his reads is missed once', async () => {
  const room = makeRoom();
  const store = await room.open();
  expect(await store.isThere?.()).toBe(true);
  rmSync(room.root, { recursive: true });
  for (let look = 0; look < 3; look++) {
    expect(await store.mail.claim('bob', { token: newToken(), leaseMs, policy })).toBeUndefined();
    room.clock.advance(5000);
  }
  expect(room.warnings).toEqual([expect.stringMatching(/last read of bob could not be set: .*ENOENT/)]);
  expect(await store.isThere?.()).toBe(false);
});
