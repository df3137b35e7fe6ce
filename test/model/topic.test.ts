import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DreamosError } from '../../src/model/errors.ts';
import { parseTopic, parseTopicPattern, topicMatches } from '../../src/model/topic.ts';

const yes: [pattern: string, topic: string][] = [
  ['build.done', 'build.done'],
  ['build.*', 'build.done'],
  ['*.done', 'build.done'],
  ['*', 'build'],
  ['build.>', 'build.done'],
  ['build.>', 'build.linux.done'],
  ['>', 'build'],
  ['>', 'build.linux.done'],
  ['*.linux.>', 'build.linux.done.now'],
];
const no: [pattern: string, topic: string][] = [
  ['build.done', 'build'],
  ['build.done', 'build.done.now'],
  ['build.done', 'buildxdone'],
  ['build.*', 'build'],
  ['build.*', 'build.linux.done'],
  ['build.>', 'build'],
  ['*', 'build.done'],
  ['*.>', 'build'],
  ['build.>', 'builds.done'],
];

test.each(yes)('the pattern %s matches %s', (pattern, topic) => expect(topicMatches(pattern, topic)).toBe(true));
test.each(no)('the pattern %s does not match %s', (pattern, topic) => expect(topicMatches(pattern, topic)).toBe(false));

test('topics and patterns are kept in lower case', () => {
  expect(parseTopic('Build.DONE-2_x')).toBe('build.done-2_x');
  expect(parseTopicPattern('Build.*.>')).toBe('build.*.>');
});

test('a topic has at most 128 characters', () => {
  expect(parseTopic('a'.repeat(128))).toHaveLength(128);
  expect(() => parseTopic('a'.repeat(129))).toThrow('it has 129 characters');
});

test.each([
  [parseTopic, '', 'it is empty'],
  [parseTopic, '.', 'a dot with nothing'],
  [parseTopic, 'build.', 'a dot with nothing'],
  [parseTopic, '.build', 'a dot with nothing'],
  [parseTopic, 'build..done', 'a dot with nothing'],
  [parseTopic, '../x', 'a dot with nothing'],
  [parseTopic, 'a/x', '"/" is not allowed'],
  [parseTopic, '#build', '"#" is not allowed'],
  [parseTopic, 'build done', '" " is not allowed'],
  [parseTopic, 'bäu', '"ä" is not allowed'],
  [parseTopic, 'a\u0000', 'is not allowed'],
  [parseTopic, 'build.*', '"*" stands for several topics'],
  [parseTopic, 'build.>', '">" stands for several topics'],
  [parseTopicPattern, '', 'it is empty'],
  [parseTopicPattern, 'build.>.done', 'it has to come last'],
  [parseTopicPattern, 'bu*', '"*" stands for whole parts'],
  [parseTopicPattern, 'build.d>', '">" stands for whole parts'],
  [parseTopicPattern, 'a b', '" " is not allowed'],
])('%o refuses %j because %s', (parse, text, why) => {
  let thrown: unknown;
  try {
    parse(text);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(DreamosError);
  expect(thrown).toMatchObject({ kind: 'invalid', code: 'TOPIC_INVALID' });
  expect((thrown as DreamosError).message).toContain(why);
});

test('matching is what the words say, for whatever is matched', () => {
  const token = fc.constantFrom('a', 'ab', 'b', '*', '>');
  const someTokens = fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join('.'));
  const isPattern = (text: string): boolean => !text.slice(0, -1).includes('>');
  const isTopic = (text: string): boolean => !/[*>]/.test(text);
  fc.assert(
    fc.property(someTokens.filter(isPattern), someTokens.filter(isTopic), (pattern, topic) => {
      const words = pattern.replaceAll('.', '\\.').replaceAll('*', '[^.]+').replace('>', '.+');
      expect(topicMatches(pattern, topic)).toBe(new RegExp(`^${words}$`).test(topic));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['builds/main', 'topic', 'Write builds.main. '],
  ['/Builds:main/', 'topic', 'Write builds.main. '],
  ['a b', 'topic', ''],
  ['builds/*', 'pattern', "Write 'builds.*'. "],
  ['builds/#', 'pattern', "Write 'builds.>'. "],
  ['', 'pattern', ''],
] as const)('who writes %j for a %s is told what to write, if that is known', (text, what, meant) => {
  const parse = what === 'topic' ? parseTopic : parseTopicPattern;
  let thrown: unknown;
  try {
    parse(text);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({
    hint: expect.stringMatching(new RegExp(`^${meant.replaceAll(/[.*]/g, '\\$&')}Such as`)) as string,
  });
});
