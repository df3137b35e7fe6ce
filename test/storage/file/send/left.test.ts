import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nodeDisk } from '../../../../src/storage/file/disk/node-disk.ts';
import { makeRoom } from '../room.ts';

// A bridge brings again, under its id, what the other end was killed at; as does who sends again what was not certain.
test.each([1, 3])('what was killed once it was written is sent again under its id (%i at a time)', async (count) => {
  const room = makeRoom();
  const disk = nodeDisk();
  const sent = Array.from({ length: count }, () => room.outgoing());
  const killed = await room.open({
    ...disk,
    async create(path, bytes, how) {
      await disk.create(path, bytes, how);
      throw new Error('killed');
    },
  });
  await expect(killed.mail.send(sent, { durability: 'full' })).rejects.toThrow('killed');
  expect(readdirSync(room.at('bob').tmp)).toHaveLength(1);
  const store = await room.open();
  const ids = sent.map(({ message: { id } }) => ({ id }));
  expect(await store.mail.send(sent, { durability: 'full' })).toMatchObject(ids);
});
