import { expect, test } from 'vitest';
import type { Ask } from '../../../src/core/policy/ask.ts';
import { seenEvents } from '../../../src/core/policy/seen.ts';
import type { WatchedEvent } from '../../../src/model/event.ts';
import type { Journal } from '../../../src/storage/port/journal.ts';

test('what one may not see is read no further in one call than what one may see, and who reads is told that there is more', async () => {
  const asked: string[] = [];
  const hidden = { mailbox: 'bob' } as WatchedEvent;
  const readEvents: Journal['readEvents'] = async (_of, cursor) => {
    asked.push(cursor);
    return { events: [hidden], cursor: `${cursor}+`, more: new Set(['bob']), warnings: [] };
  };
  const ask = { may: async () => asked.length > 2 } as unknown as Ask;
  const seen = seenEvents({ readEvents } as Journal, ask);
  expect(await seen.readEvents(undefined, 'a')).toEqual({
    events: [],
    cursor: 'a+',
    more: new Set(['bob']),
    warnings: [],
  });
  expect(asked).toEqual(['a']);
});
