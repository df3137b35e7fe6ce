import { expect, test } from 'vitest';
import { numbersOf } from '../../../src/model/metrics/numbers.ts';
import { countEvent, emptyTally, tallyIn, tallyJson } from '../../../src/model/metrics/tally.ts';

const counted = (events: readonly object[]) => {
  const tally = emptyTally();
  for (const event of events)
    countEvent(tally, { at: '2026-11-20T09:00:00.000Z', id: 'A', event: '', ...event }, new Map());
  return tallyIn(JSON.parse(JSON.stringify(tallyJson(tally))));
};
const share = (events: readonly object[], name: 'onTimeShare' | 'completedShare') =>
  numbersOf('mailbox', counted(events), 1)[name];
const times = (count: number, event: object): object[] => Array<object>(count).fill(event);

test('who dies behind his time is late, whatever he dies of, and counts once', () => {
  const inTime = times(5, { event: 'acked', late: false });
  const lease = 'its lease ran out and no attempt is left';
  const dead = (reason: string, late?: boolean) => times(5, { event: 'dead', reason, late });
  expect(share([...inTime, ...dead('rejected by its consumer', true)], 'onTimeShare')).toBe(0.5);
  expect(share([...inTime, ...dead(lease, true)], 'onTimeShare')).toBe(0.5);
  expect(share([...inTime, ...dead('its time-to-live ran out', true)], 'onTimeShare')).toBe(0.5);
  expect(share([...inTime, ...dead(lease, false)], 'onTimeShare')).toBe(1);
  expect(share([...inTime, ...dead(lease)], 'onTimeShare')).toBe(1);
});

test('of tasks those are completed that were acked, and other mail says nothing of it', () => {
  const task = true;
  const mail = [...times(5, { event: 'acked' }), ...times(5, { event: 'dead' })];
  expect(share(mail, 'completedShare')).toBeNull();
  const ends = [
    { event: 'acked', task },
    { event: 'acked', task },
    { event: 'acked', task },
  ];
  const others = [
    { event: 'dead', task },
    { event: 'cancelled', task },
  ];
  expect(share([...mail, ...ends, ...others], 'completedShare')).toBe(0.6);
});
