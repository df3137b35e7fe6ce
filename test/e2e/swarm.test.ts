import { expect, test } from 'vitest';
// @ts-expect-error It has no types.
import { check as checkStory } from '../../scripts/swarm/check.mjs';

// What checks the story of the swarm can fail.

const check = checkStory as (...what: unknown[]) => string[];

const at = (second: number): number => Date.parse('2026-11-20T09:00:00Z') + second * 1000;
const event = (second: number, what: string, attempt?: number, id = 'a') => ({
  at: new Date(at(second)).toISOString(),
  event: what,
  id,
  ...(attempt !== undefined && { attempt }),
});
const begins = (agent: string, second: number, attempt: number, id = 'a') => ({
  what: 'begins',
  agent,
  id,
  attempt,
  at: at(second),
  until: at(second + 4),
});
const ends = (agent: string, second: number, attempt: number, id = 'a') => ({
  what: 'ends',
  agent,
  id,
  attempt,
  at: at(second),
});
const done = [{ id: 'a', title: 'A', state: 'done' }];
const alone = new Map([['a', []]]);

test('a task that one has done once is as it should be', () => {
  const diary = [begins('ann', 0, 1), ends('ann', 1, 1)];
  expect(check(diary, [event(0, 'claimed', 1), event(1, 'acked', 1)], done, alone)).toEqual([]);
});

test('two at one task are seen while the lease of the first holds, and not once it was taken from him', () => {
  const diary = [begins('ann', 0, 1), begins('bob', 2, 2), ends('bob', 3, 2)];
  const events = [event(0, 'claimed', 1), event(2, 'claimed', 2), event(3, 'acked', 2)];
  expect(check(diary, events, done, alone)).toEqual(['ann and bob were at a at once']);
  expect(check(diary, [...events, event(1.5, 'handed_over', 1)], done, alone)).toEqual([]);
});

test('what is not done, done twice, or begun before what it depends on is seen', () => {
  expect(check([], [event(1, 'acked', 1)], [{ id: 'a', title: 'A', state: 'blocked' }], alone)).toEqual([
    'A (a) is blocked',
  ]);
  expect(check([], [event(1, 'acked', 1), event(2, 'acked', 2)], done, alone)).toEqual(['a was acked 2 times']);
  const chain = new Map([
    ['a', []],
    ['b', ['a']],
  ]);
  const events = [event(5, 'acked', 1), event(6, 'acked', 1, 'b')];
  expect(check([begins('ann', 4, 1, 'b')], events, done, chain)).toEqual(['b was begun before a was done']);
});

test('an agent that has two tasks at once is seen', () => {
  const diary = [begins('ann', 0, 1), begins('ann', 1, 1, 'b')];
  expect(check(diary, [event(1, 'acked', 1)], done, alone)).toEqual(['ann began b before it had ended a']);
});
