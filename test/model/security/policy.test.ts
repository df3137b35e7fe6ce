import { describe, expect, test } from 'vitest';
import { covers, overlaps } from '../../../src/model/security/patterns.ts';
import { mayChange, policyIn } from '../../../src/model/security/policy-file.ts';
import { type Action, type Policy, rolesOf, rule, type Where } from '../../../src/model/security/policy.ts';
import { topicMatches } from '../../../src/model/topic.ts';

const policy: Policy = {
  roles: {
    member: { allow: { send: ['*'], read: ['$self'], look: ['$self', 'pool-*'] }, deny: { send: ['secret-*'] } },
    builder: { allow: { publish: ['#build.>'], subscribe: ['#build.>'] }, deny: { subscribe: ['#build.keys'] } },
    lead: { allow: { '*': ['*'] } },
  },
  everyone: ['member'],
  agents: { 'build-*': ['builder'], planner: ['lead'] },
};

const may = (agent: string | undefined, action: Action, where: Where): boolean =>
  rule(policy, agent, action, where).allowed;
const at = (mailbox: string): Where => ({ mailbox });

describe('a policy', () => {
  test('allows what one role allows and none denies', () => {
    expect(may('bob', 'send', at('ann'))).toBe(true);
    expect(may('bob', 'send', at('secret-1'))).toBe(false);
    // However much another role allows.
    expect(may('planner', 'send', at('secret-1'))).toBe(false);
    expect(may('planner', 'admin', at('secret-1'))).toBe(true);
    expect(may('bob', 'admin', at('ann'))).toBe(false);
    expect(may(undefined, 'send', at('ann'))).toBe(true);
  });

  test('knows who acts, however he is cased, and nobody where none does', () => {
    expect(may('bob', 'read', at('BOB'))).toBe(true);
    expect(may('bob', 'read', at('ann'))).toBe(false);
    expect(may(undefined, 'read', at('bob'))).toBe(false);
    expect(may(undefined, 'read', { in: 'anywhere' })).toBe(false);
    expect(may('bob', 'read', { in: 'anywhere' })).toBe(true);
    expect(rolesOf(policy, 'Build-1')).toEqual(['member', 'builder']);
  });

  test('sees in a topic what may be subscribed to', () => {
    expect(may('build-1', 'look', at('#build.done'))).toBe(true);
    expect(may('build-1', 'look', at('#build.keys'))).toBe(false);
    expect(may('bob', 'look', at('#build.done'))).toBe(false);
  });

  test('lets a subscription match nothing that is denied', () => {
    expect(may('build-1', 'subscribe', { pattern: 'build.x.*' })).toBe(true);
    expect(may('build-1', 'subscribe', { pattern: 'build.*' })).toBe(false);
    expect(may('build-1', 'subscribe', { pattern: '>' })).toBe(false);
  });

  test('lets who listens to a pattern see a part of it, if there may be one', () => {
    const inPart = (pattern: string): boolean => may('build-1', 'subscribe', { pattern, inPart: true });
    expect(['>', 'build.*', 'build.done'].map(inPart)).toEqual([true, true, true]);
    expect(['build.keys', 'test.>', '*'].map(inPart)).toEqual([false, false, false]);
  });

  test('denies a topic however it is cased', () => {
    expect(may('build-1', 'subscribe', at('#Build.Keys'))).toBe(false);
    expect(may('build-1', 'publish', at('#BUILD.done'))).toBe(true);
  });

  test('allows everywhere only what is denied nowhere', () => {
    expect(may('planner', 'admin', { in: 'everywhere' })).toBe(true);
    expect(may('planner', 'send', { in: 'everywhere' })).toBe(false);
    expect(may('bob', 'look', { in: 'everywhere' })).toBe(false);
  });

  test('says which rule has decided', () => {
    expect(rule(policy, 'bob', 'send', at('secret-1')).by).toEqual({
      role: 'member',
      effect: 'deny',
      pattern: 'secret-*',
    });
    expect(rule(policy, 'bob', 'look', at('pool-x')).by).toEqual({
      role: 'member',
      effect: 'allow',
      pattern: 'pool-*',
    });
    expect(rule(policy, 'bob', 'admin', at('ann')).by).toBeUndefined();
  });

  test.each([
    ['a*c', 'abc', true],
    ['a*c', 'ac', true],
    ['a*c', 'acb', false],
    ['*ab*ab', 'ab', false],
    ['*ab*ab', 'abab', true],
    ['a*a', 'a', false],
    ['A.b', 'a.B', true],
    ['a.b', 'axb', false],
  ])('reads %s of %s as %s', (pattern, name, matches) => {
    const one: Policy = { roles: { r: { allow: { look: [pattern] } } }, everyone: ['r'] };
    expect(rule(one, 'x', 'look', at(name)).allowed).toBe(matches);
  });
});

describe('two patterns of topics', () => {
  const tokens = ['a', 'b', '*', '>'];
  const patterns = tokens.flatMap((one) => [one, ...(one === '>' ? [] : tokens.flatMap((two) => [`${one}.${two}`]))]);
  const longer = (some: readonly string[]): string[] =>
    some.flatMap((one) => ['a', 'b', 'c'].map((two) => `${one}.${two}`));
  const ones = ['a', 'b', 'c'];
  const some = [...ones, ...longer(ones), ...longer(longer(ones))];

  test('are compared as all topics tell', () => {
    for (const one of patterns)
      for (const other of patterns) {
        const theirs = some.filter((topic) => topicMatches(other, topic));
        const both = theirs.filter((topic) => topicMatches(one, topic));
        expect({ one, other, covers: covers(one, other) }).toEqual({
          one,
          other,
          covers: both.length === theirs.length,
        });
        expect({ one, other, overlaps: overlaps(one, other) }).toEqual({ one, other, overlaps: both.length > 0 });
      }
  });
});

describe('a file', () => {
  test.each<[unknown, string]>([
    [[], 'it has to be an object'],
    [{}, 'it has to have "roles"'],
    [{ roles: {}, rolse: {} }, '"rolse" means nothing there: did you mean "roles"?'],
    [{ roles: { r: { dney: {} } } }, '"dney" means nothing there: did you mean "deny"?'],
    [{ roles: { r: { allow: { reed: [] } } } }, '"reed" means nothing there: did you mean "read"?'],
    [{ roles: { r: { allow: { read: 'a' } } } }, 'it has to be a list of patterns'],
    [{ roles: { r: { allow: { read: ['#a'] } } } }, '"read" is of mailboxes'],
    [{ roles: { r: { allow: { publish: ['a'] } } } }, 'write "#a"'],
    [{ roles: { r: { allow: { publish: ['#a b'] } } } }, 'cannot be a pattern'],
    [{ roles: { r: { allow: { look: ['@team'] } } } }, 'no pattern of mailboxes'],
    [{ roles: { r: {} }, everyone: ['s'] }, 'there is no role "s"'],
    [{ roles: { r: {} }, agents: { a: 'r' } }, 'it has to be a list of roles'],
    [{ roles: { r: {} }, agents: { 'a b': ['r'] } }, 'no name and no pattern of names'],
    [{ roles: {}, tests: [{ verb: 'send' }] }, '"allowed": true or false'],
  ])('%j is refused: %s', (value, why) => {
    const found = policyIn(value);
    expect('fault' in found && found.fault.why).toContain(why);
  });

  test('is a policy if nothing in it is wrong', () => {
    expect(policyIn(policy)).toEqual({ policy });
  });

  test('has to leave somebody who can change it', () => {
    expect(mayChange(policy)).not.toEqual([]);
    expect(mayChange({ roles: { r: { allow: { admin: ['*'] }, deny: { '*': ['x'] } } }, everyone: ['r'] })).toEqual([]);
    expect(mayChange({ roles: { r: { allow: { admin: ['a*'] } } }, everyone: ['r'] })).toEqual([]);
    expect(mayChange({ roles: { r: { allow: { admin: ['*'] } } }, agents: { 'ops-*': ['r'] } })).toEqual(['ops-*']);
    expect(mayChange({ roles: { r: { allow: { admin: ['*'] } } }, everyone: ['r'] })).toEqual(['*']);
  });
});
