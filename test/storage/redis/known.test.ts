import { expect, test } from 'vitest';
import { Known, type Told } from '../../../src/storage/redis/link/known.ts';

function makeKnown() {
  let uptime = 0;
  const known = new Known({ now: () => 0, uptime: () => uptime });
  const calls: string[] = [];
  const heard = (changes: string, at = 0): Told => {
    known.heard(changes, at, uptime);
    return { reply: changes, changes };
  };
  return {
    known,
    calls,
    heard,
    at: (ms: number) => (uptime = ms),
    /** @param ask what the server says to it @param check what it says then */
    look: (ask: () => Told | Promise<Told>, check = 'a') =>
      known.look(
        'card ann',
        async () => (calls.push('ask'), ask()),
        String,
        async () => void (calls.push('check'), heard(check)),
      ),
  };
}

test('what was looked at is known for 5 ms behind any answer, and longer where nothing has changed', async () => {
  const { at, look, heard, calls } = makeKnown();
  expect(await look(() => heard('a'))).toBe('a');
  at(4);
  expect(await look(() => heard('a'))).toBe('a');
  heard('a');
  at(8);
  expect(await look(() => heard('a'))).toBe('a');
  expect(calls).toEqual(['ask']);
  at(9);
  expect(await look(() => heard('a'))).toBe('a');
  expect(calls).toEqual(['ask', 'check']);
  at(14);
  expect(await look(() => heard('b'), 'b')).toBe('b');
  expect(calls).toEqual(['ask', 'check', 'check', 'ask']);
});

test('another change, told by whatever call, is the end of it', async () => {
  const { look, heard, calls } = makeKnown();
  await look(() => heard('a'));
  heard('b');
  expect(await look(() => heard('b'))).toBe('b');
  expect(calls).toEqual(['ask', 'ask']);
});

test('a look that was under way before a change gives its answer to nobody who asks behind it', async () => {
  const { look, heard } = makeKnown();
  heard('a');
  let answer: (told: Told) => void = () => undefined;
  const before = look(() => new Promise((resolve) => (answer = resolve)));
  const beside = look(() => expect.fail('They ask together.'));
  heard('b');
  const behind = look(() => ({ reply: 'new', changes: 'b' }));
  answer({ reply: 'old', changes: 'a' });
  expect([await before, await beside, await behind]).toEqual(['old', 'old', 'new']);
  expect(await look(() => expect.fail('It is known.'))).toBe('new');
});

test('a slow look gives its answer to those who ask within 5 ms, and to nobody later', async () => {
  const { at, look } = makeKnown();
  let answer: (told: Told) => void = () => undefined;
  const slow = look(() => new Promise((resolve) => (answer = resolve)));
  at(4);
  const beside = look(() => expect.fail('They ask together.'));
  at(5);
  expect(await look(() => ({ reply: 'new', changes: '' }))).toBe('new');
  answer({ reply: 'old', changes: '' });
  expect([await slow, await beside]).toEqual(['old', 'old']);
});

test('in doubt it is looked at again at once, and the look that is under way is none', async () => {
  const { known, look, heard, calls } = makeKnown();
  await look(() => heard('a'));
  known.doubt();
  expect(await look(() => heard('b'), 'b')).toBe('b');
  expect(calls).toEqual(['ask', 'check', 'ask']);
});

test('what could not be looked at is asked for again by the next', async () => {
  const { look, heard } = makeKnown();
  await expect(look(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await look(() => heard('a'))).toBe('a');
});

test("the server's time is told by each answer, and the quick ones tell it best", () => {
  const { known, at } = makeKnown();
  at(1000);
  // It took a second.
  known.heard('', 50_700, 0);
  expect(known.now()).toBe(51_201);
  at(1100);
  known.heard('', 50_900, 1099);
  expect(known.now()).toBe(50_902);
  // A slow one says nothing else.
  at(2100);
  known.heard('', 51_000, 1100);
  expect(known.now()).toBe(51_902);
  // It was set.
  at(2200);
  known.heard('', 9000, 2200);
  expect(known.now()).toBe(9001);
});
