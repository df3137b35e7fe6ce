import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeRoom } from '../room.ts';

// 12,500 files of junk beside the mailboxes: `watch --wait 1ms` printed 250 MB of warnings.
test('of thousands of the same kind the first are told, and that there are more, and after an hour again', async () => {
  const room = makeRoom();
  for (let n = 0; n < 3000; n++) writeFileSync(join(room.layout.mailboxes, `junk-${n}`), '');
  mkdirSync(join(room.layout.mailboxes, 'junk-dir'));
  const store = await room.open();
  for (let round = 0; round < 3; round++) await store.documents.listAgents();
  expect(room.warnings).toHaveLength(1001);
  expect(room.warnings.at(-2)).toContain('is no folder');
  expect(room.warnings.at(-1)).toBe('There is more like this, of which nothing is said here: dreamos doctor');
  room.clock.advance(3_600_001);
  await store.documents.listAgents();
  expect(room.warnings).toHaveLength(2002);
});
