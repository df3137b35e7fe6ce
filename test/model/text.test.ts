import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cut, loneSurrogateIn, wellFormed, withoutPasswords } from '../../src/model/basics/text.ts';

const pair = '\ud83d\ude00';

test('a text is cut to so many units, and never within a character', () => {
  expect(cut('abc', 3)).toBe('abc');
  expect(cut('abcd', 3)).toBe('ab…');
  expect(cut(`a${pair}${pair}`, 4)).toBe(`a${pair}…`);
  expect(cut(`ab${pair}${pair}`, 4)).toBe('ab…');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', size: 'medium' }), fc.integer({ min: 1, max: 30 }), (text, most) => {
      const shown = cut(text, most);
      expect(shown.length).toBeLessThanOrEqual(most);
      expect(loneSurrogateIn(shown)).toBeUndefined();
    }),
  );
});

test('half a character is found, and written as everybody writes it', () => {
  expect(loneSurrogateIn(`a${pair}`)).toBeUndefined();
  expect(loneSurrogateIn('a\ud83d!')).toBe('\ud83d');
  expect(loneSurrogateIn('\ude00\ud83d')).toBe('\ude00');
  expect(wellFormed(`\ude00${pair}\ud83d`)).toBe(`\ufffd${pair}\ufffd`);
});

test.each([
  'amqp://ann:hunter2@host/v',
  'amqps://ann:hunter2@one,two:5672/v',
  'amqp://ann:hun/ter2@hunter2@host/v',
  'redis://:hunter2@host:6379/0#id',
  'redis://hunter2@host',
  '/work/redis:/ann:hunter2@host',
  'rediss:ann:hunter2@host',
  'redis+unix:///run/a.sock?db=1&password=hunter2',
  'tcp://ann:hunter2@host:5555',
  'tcp://hunter2@host:5555',
  'https://ann:hunter2@host:80/@ann',
  'https://hunter2@host:80/@ann',
])('in %s a password is not told', (address) => {
  const told = withoutPasswords(`It is no use: "${address}" is none.`);
  expect(told).not.toContain('hunter2');
  expect(told).toMatch(/^It is no use: ".*" is none\.$/);
});

test.each([
  'dreamos bridge b --via amqp://ann@host:5672/team --name a',
  'redis://host:6379,two:6379/0#id1',
  'redis+unix:///run/user@1000/redis.sock',
  'https://host:443/@ann',
  'tcp://*:5555',
  'ann@host: 10:00',
  'urn:dreamos:error:USAGE',
])('%s stays as it is', (text) => {
  expect(withoutPasswords(text)).toBe(text);
});

test.each(['nats', 'tls', 'amqp', 'redis'])('a password with a slash is taken out of %s://, too', (scheme) => {
  expect(withoutPasswords(`${scheme}://ann:12/hunter2@host`)).not.toContain('hunter2');
});

// As one pattern each of these took 7 s or more.
test('a text that is long, of whatever anybody sends, is looked through at once', { timeout: 20_000 }, () => {
  for (const part of ['://x', 'redis:', '://']) {
    const text = `@${part.repeat(3000)}`;
    expect(withoutPasswords(text)).toBe(text);
  }
});
