import { expect, test } from 'vitest';
import { lookedAt } from '../../../src/model/security/secrets.ts';

/** Where each of these words stands. */
function places(looked: ReturnType<typeof lookedAt>, ...words: string[]): string[] {
  return words.map((word) => looked.placeOf(looked.text.indexOf(word)));
}

test('all that a sender says is looked at, each thing with its place', () => {
  const looked = lookedAt(
    {
      subject: 'subject1',
      body: 'one\ntwo\nbody3\n',
      type: 'type1',
      tags: ['tag1', 'tag2'],
      thread: 'thread1',
      dedupeKey: 'dedupe1',
      orderingKey: 'order1',
      replaceKey: 'replace1',
      task: { requires: ['requires1'] },
    },
    '{"key":"data1"}',
  );
  expect(places(looked, 'subject1', 'one', 'two', 'body3', 'data1')).toEqual([
    'the subject',
    'line 1 of the body',
    'line 2 of the body',
    'line 3 of the body',
    'the data',
  ]);
  const others = ['type1', 'tag1', 'tag2', 'thread1', 'dedupe1', 'order1', 'replace1', 'requires1'];
  for (const word of others) expect(looked.text).toContain(word);
  expect(new Set(places(looked, ...others))).toEqual(new Set(['another field']));
});

test('a body of one line has no line, and what is not said is not there', () => {
  const looked = lookedAt({ body: 'secret' }, 'null');
  expect(looked.text).toBe('secret');
  expect(looked.placeOf(0)).toBe('the body');
  expect(lookedAt({ body: '', thread: null, subject: undefined }, 'null').text).toBe('');
});

test('a text in data is looked at as it is, too, and not only as JSON writes it', () => {
  const key = '-----BEGIN KEY-----\nabc\n-----END KEY-----';
  const data = JSON.stringify({ deep: [{ key, said: 'a "word"' }], plain: 'x' });
  const looked = lookedAt({ body: 'b' }, data);
  expect(looked.text).toContain(key);
  expect(looked.text).toContain('a "word"');
  expect(looked.placeOf(looked.text.indexOf(key))).toBe('the data');
});
