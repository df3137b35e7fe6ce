import { describe, expect, test } from 'vitest';
import { leaseMs, policy } from '../../contract/rig.ts';
import { watchedDisk } from '../disks.ts';
import { makeRoom } from '../room.ts';
import { newToken } from '../../contract/ways.ts';

describe('the load of a mailbox', () => {
  test('costs some dozen looks at any depth, and is about right', async () => {
    const room = makeRoom();
    const store = await room.open();
    for (let i = 0; i < 10; i++) {
      await store.mail.send(
        Array.from({ length: 1000 }, () => room.outgoing({ body: 'x'.repeat(100) })),
        { durability: 'relaxed' },
      );
    }
    for (let i = 0; i < 300; i++) await store.mail.claim('bob', { token: newToken(), leaseMs, policy });
    let looks = 0;
    const other = await room.open(
      watchedDisk(({ method }) => {
        if (method === 'list') looks++;
      }),
    );
    const { messages, bytes } = await other.look.load('bob');
    expect(looks).toBeLessThan(24);
    expect(Math.abs(messages - 10_000)).toBeLessThan(300);
    expect(Math.abs(bytes / messages - 470)).toBeLessThan(40);
  });

  test('of many slots is that of the first ones', async () => {
    const room = makeRoom();
    const store = await room.open();
    const batch = Array.from({ length: 900 }, (_, i) =>
      room.outgoing({}, { dueAt: room.clock.now() + 1000 + i * 5000 }),
    );
    await store.mail.send(batch, { durability: 'relaxed' });
    const { messages } = await store.look.load('bob');
    expect(Math.abs(messages - 900)).toBeLessThan(20);
  });
});
