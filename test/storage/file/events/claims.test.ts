/** Who claimed what, found from the end of a log of any length. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createIds } from '../../../../src/model/id.ts';
import { eventLog } from '../../../../src/storage/file/names/slots.ts';
import { makeRoom } from '../room.ts';

const ids = createIds(() => 0.5);

test('in a log of several chunks and days, with lines that are none and texts that look like claims', async () => {
  const room = makeRoom();
  const now = room.clock.now();
  mkdirSync(join(room.at('bob').dir, 'events'), { recursive: true });
  const log = (daysAgo: number) =>
    eventLog(room.at('bob'), new Date(now - daysAgo * 86_400_000).toISOString().slice(0, 10));
  const line = (event: object) => `${JSON.stringify({ at: new Date(now).toISOString(), mailbox: 'bob', ...event })}\n`;
  const claim = (id: string, attempt: number, by: string) => line({ event: 'claimed', id, attempt, by });
  const filler = (megabytes: number) =>
    line({ event: 'delivered', id: ids.next(now), subject: '"event":"claimed","attempt":1 '.repeat(30) }).repeat(
      megabytes * 900,
    );
  const made = Array.from({ length: 5 }, () => ids.next(now - 86_400_000));
  const [yesterdays, first, twice, last, unknown] = made as [string, string, string, string, string];
  appendFileSync(log(1), claim(yesterdays, 1, 'a') + claim(twice, 1, 'wrong'));
  appendFileSync(log(0), claim(first, 1, 'b') + filler(5));
  appendFileSync(
    log(0),
    `{"at":"2026-11-2${claim(twice, 2, 'c')}no event\n${filler(5)}${claim(last, 3, 'd')}{"at":"20`,
  );

  const attempts = new Map(made.map((id, at) => [id, [1, 1, 2, 3, 1][at] ?? 0]));
  const claims = await (await room.open()).journal.claims('bob', attempts);
  const whose = Object.fromEntries([...claims].map(([id, { by }]) => [id, by]));
  expect(whose).toEqual({ [yesterdays]: 'a', [first]: 'b', [twice]: 'c', [last]: 'd' });
  expect(claims.has(unknown)).toBe(false);
});

test('a claim is found wherever a chunk of the log begins', async () => {
  const room = makeRoom();
  mkdirSync(join(room.at('bob').dir, 'events'), { recursive: true });
  const now = room.clock.now();
  const at = new Date(now).toISOString();
  const made = Array.from({ length: 12_000 }, () => ids.next(now));
  const lines = made.map(
    (id) => `${JSON.stringify({ at, mailbox: 'bob', event: 'claimed', id, attempt: 1, by: 'x'.repeat(700) })}\n`,
  );
  appendFileSync(eventLog(room.at('bob'), at.slice(0, 10)), lines.join(''));
  const store = await room.open();
  const claims = await store.journal.claims('bob', new Map(made.map((id) => [id, 1])));
  expect(claims.size).toBe(made.length);
  // The oldest one alone, behind two chunks of others.
  expect((await store.journal.claims('bob', new Map([[made[0] ?? '', 1]]))).size).toBe(1);
});
