/** What happened lately, read from the ends of logs of any length. */
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createIds } from '../../../../src/model/id.ts';
import { eventLog } from '../../../../src/storage/file/names/slots.ts';
import { makeRoom } from '../room.ts';

const ids = createIds(() => 0.5);

async function made() {
  const room = makeRoom();
  const now = room.clock.now();
  mkdirSync(join(room.at('bob').dir, 'events'), { recursive: true });
  const log = (daysAgo: number) =>
    eventLog(room.at('bob'), new Date(now - daysAgo * 86_400_000).toISOString().slice(0, 10));
  const append = (agoMs: number, subject = '', daysAgo = 0): string => {
    const [id, at] = [ids.next(now), new Date(now - agoMs).toISOString()];
    const event = { at, mailbox: 'bob', event: 'delivered', id, subject };
    appendFileSync(log(daysAgo), `${JSON.stringify(event)}\n`);
    return id;
  };
  const store = await room.open();
  const recent = async (sinceMs: number, least: number) => {
    // A root has mailboxes of others, too.
    const events = await store.journal.recent(now - sinceMs, least);
    return events.filter(({ mailbox }) => mailbox === 'bob').map(({ id }) => id);
  };
  return { append, log, recent };
}

test('more than is read at once, and nothing of what was before', async () => {
  const { append, recent } = await made();
  for (let i = 0; i < 300; i++) append(120_000, 'x'.repeat(1000));
  const late = Array.from({ length: 300 }, (_, i) => append(59_000 - i, 'x'.repeat(1000)));
  expect(await recent(60_000, 0)).toEqual(late);
  expect(await recent(60_000, 301)).toHaveLength(301);
});

test('a text that looks like an event, a broken line and a line that has no end yet are none', async () => {
  const { append, log, recent } = await made();
  const first = append(3000, '"event":"acked","event":"');
  appendFileSync(log(0), 'no JSON "event":"delivered"\n');
  const second = append(2000);
  appendFileSync(log(0), '{"at":"2026-11-29T18:00:00.000Z","event":"delivered"');
  expect(await recent(60_000, 0)).toEqual([first, second]);
});

test('the days before count where today has too few', async () => {
  const { append, recent } = await made();
  const old = append(3 * 86_400_000, '', 3);
  const before = append(86_400_000, '', 1);
  const today = append(1000);
  expect(await recent(60_000, 0)).toEqual([today]);
  expect(await recent(60_000, 2)).toEqual([before, today]);
  expect(await recent(60_000, 9)).toEqual([old, before, today]);
});
