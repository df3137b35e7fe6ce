import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { policy } from '../../contract/rig.ts';
import { makeRoom } from '../room.ts';

test.for(['2026-02-31T05', '2026-02-28T24', '2026-02-99T00'])(
  'a folder named for an hour that there never is, %s, holds up nothing behind it',
  async (hour) => {
    const room = makeRoom(['ann', 'bob'], Date.parse('2026-02-28T12:00:00.000Z'));
    const store = await room.open();
    mkdirSync(join(room.at('bob').delayed, hour, '50-00'), { recursive: true, mode: 0o700 });
    // By their names these two are in front of and behind it.
    for (const at of ['2026-02-28T13:00:00.000Z', '2026-03-01T00:10:00.000Z'])
      await store.mail.send([room.outgoing({}, { dueAt: Date.parse(at) })], { durability: 'relaxed' });
    room.clock.advance(Date.parse('2026-03-01T00:10:00.000Z') - room.clock.now());
    await store.mail.recover('bob', policy);
    expect(await store.look.counts('bob')).toMatchObject({ ready: 2, delayed: 0 });
  },
);
