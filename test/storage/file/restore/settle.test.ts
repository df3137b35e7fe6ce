import { expect, test } from 'vitest';
import { createIds } from '../../../../src/model/id.ts';
import { logOf } from '../../../../src/model/topic.ts';
import type { Seen } from '../../../../src/storage/file/backup/sighting.ts';
import { type EntryName, formatEntryName, originOf, unset } from '../../../../src/storage/file/names/entry-name.ts';
import { settle, settledKey } from '../../../../src/storage/file/restore/settle.ts';

const begunAt = Date.parse('2026-11-20T10:00:00Z');
const span = { begunAt, endedAt: begunAt + 1000 };
const sentAt = begunAt - 60_000;
const id = createIds().next(sentAt);
const token = '0123456789';

function seen(state: Seen['state'], name: Partial<EntryName> = {}, mailbox = 'bob'): Seen {
  const tag =
    state === 'archived' || state === 'dead' ? 'k' : state === 'inflight' ? 'd' : state === 'ready' ? 't' : 'u';
  return {
    kind: 'seen',
    mailbox,
    state,
    body: 'a',
    name: formatEntryName({ ...unset, tag, time: sentAt, id, ...name }),
  };
}
const held = (attempt = 1): Seen => seen('inflight', { attempt, token, time: begunAt + 60_000 });
const settled = (...all: Seen[]) => settle(all, span).get(settledKey('bob', id));

test('what is least finished counts, whatever was met last', () => {
  const unfinished = [seen('delayed'), seen('ready'), seen('answer'), held()];
  for (const one of unfinished)
    for (const end of [seen('dead'), seen('archived', { time: begunAt - 1 })]) {
      for (const all of [
        [one, end],
        [end, one],
      ])
        expect(['ready', 'delayed']).toContain(settled(...all)?.state);
    }
  expect(settled(seen('archived', { time: begunAt - 1 }), seen('dead'))?.state).toBe('dead');
  expect(settled(seen('dead'), seen('archived', { time: begunAt - 1 }))?.state).toBe('dead');
});

test('of places of one kind the last counts, with its attempts', () => {
  expect(settled(seen('ready'), held(1), held(2))).toMatchObject({ state: 'ready', name: { attempt: 2 } });
  expect(settled(held(1), seen('delayed', { attempt: 1, time: begunAt + 5 }))).toMatchObject({ state: 'delayed' });
});

test('what was acked while the backup was made is ready again, and before it began archived', () => {
  expect(settled(seen('archived', { time: begunAt, attempt: 1 }))).toMatchObject({ state: 'ready', wasClaimed: true });
  expect(settled(seen('archived', { time: span.endedAt, attempt: 1 }))?.state).toBe('ready');
  for (const time of [begunAt - 1, span.endedAt + 1])
    expect(settled(seen('archived', { time, attempt: 1 }))?.state).toBe('archived');
  const published = seen('archived', { time: begunAt }, logOf('news'));
  expect(settle([published], span).get(settledKey(logOf('news'), id))?.state).toBe('archived');
});

test("what was claimed is ready, nobody's, before what is new, in the order in which it was sent", () => {
  expect(settled(held(3))).toMatchObject({
    state: 'ready',
    lane: 0,
    wasClaimed: true,
    name: { tag: 't', attempt: 3, token: undefined, time: sentAt },
  });
  expect(settled(seen('ready', { time: sentAt + 5 }))).toMatchObject({ lane: 1, name: { time: sentAt + 5 } });
});

test('a name that dreamos does not make is left out, and each mailbox has its own', () => {
  const of = settle([{ ...seen('ready'), name: 'x' }, seen('ready', {}, 'ann'), held()], span);
  expect([...of.keys()].sort()).toEqual([settledKey('ann', id), settledKey('bob', id)]);
});

test('what was handed over meanwhile is where it was met last, once, and whoever else it was sent to has his own', () => {
  const origin = originOf('bob');
  const over = [seen('ready', { origin, attempt: 1 }, 'ann'), seen('inflight', { origin, attempt: 2, token }, 'cy')];
  const of = settle([held(), seen('ready', {}, 'dan'), ...over, seen('delayed')], span);
  expect([...of.values()].map(({ mailbox, state }) => `${mailbox} ${state}`).sort()).toEqual([
    'bob delayed',
    'dan ready',
  ]);
  expect(settled(held(), ...over)).toMatchObject({ mailbox: 'cy', state: 'ready', name: { attempt: 2, origin } });
});
