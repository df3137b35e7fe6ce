import { expect, test } from 'vitest';
import {
  alertFaults,
  rulesWithout,
  completeRules,
  defaultAlerts,
  limitOf,
  type WrittenRule,
} from '../../../src/model/metrics/alert.ts';

const ruleOf = (written: WrittenRule) => completeRules([written]).find(({ name }) => name === written.name);

test('without a word of it there are the six rules that hold for every root, and they can be used', () => {
  expect(completeRules([])).toEqual(defaultAlerts);
  expect(alertFaults(defaultAlerts)).toEqual([]);
});

test('what has the name of a default takes from it what it does not say, and the others come behind', () => {
  const rules = completeRules([
    { name: 'busy', metric: 'backlog', over: 10, mailbox: 'build-*' },
    { name: 'dead', to: 'planner' },
    { name: 'disk', off: true },
  ]);
  expect(rules.map(({ name }) => name)).toEqual(['unread', 'oldest', 'dead', 'corrupt', 'gone', 'disk', 'busy']);
  expect(rules.find(({ name }) => name === 'dead')).toEqual({ name: 'dead', metric: 'dead', over: 0, to: 'planner' });
  expect(rules.find(({ name }) => name === 'disk')).toMatchObject({ under: '5%', off: true });
});

test.each([
  [
    { name: 'a', metric: 'oldestReadyMs', over: '1h30m' },
    { isOver: true, limit: 5_400_000 },
  ],
  [
    { name: 'a', metric: 'diskFreeShare', under: '12.5%' },
    { isOver: false, limit: 0.125 },
  ],
  [
    { name: 'a', metric: 'diskFreeShare', under: 0.2 },
    { isOver: false, limit: 0.2 },
  ],
  [
    { name: 'a', metric: 'dead', over: 0 },
    { isOver: true, limit: 0 },
  ],
  [
    { name: 'a', metric: 'waitedP95Ms', over: '5m', window: '1d' },
    { isOver: true, limit: 300_000 },
  ],
  [
    { name: 'a', metric: 'scoreMean', under: 0.7 },
    { isOver: false, limit: 0.7 },
  ],
] as const)('%j is compared in the unit of its metric', (written, limit) => {
  expect(alertFaults([written])).toEqual([]);
  const rule = ruleOf(written);
  expect(rule && limitOf(rule)).toEqual(limit);
});

test.each([
  ['rules', 'it is no list', 'list of rules'],
  [[5], 'a rule is an object', ''],
  [[{ metric: 'dead', over: 0 }], 'the rule has no "name"', ''],
  [[{ name: 'a b' }], '"a b" cannot be "name"', 'letters'],
  [[{ name: 'a', metric: 'bakclog', over: 1 }], 'there is no metric "bakclog"', 'Did you mean "backlog"?'],
  [[{ name: 'a', metric: 'nothing like it', over: 1 }], 'there is no metric', 'The metrics are ready, delayed'],
  [[{ name: 'a', metric: 'agentState', over: 1 }], 'there is no metric "agentState"', ''],
  [[{ name: 'dead', evry: '1h' }], 'a rule has no "evry"', 'Did you mean "every"?'],
  [[{ name: 'dead', __proto__: null, constructor: 1 }], 'a rule has no "constructor"', 'The fields are'],
  [[{ name: 'a', metric: 'dead' }], 'needs one of "over" and "under"', ''],
  [[{ name: 'dead', under: 1 }], 'needs one of "over" and "under"', ''],
  [[{ name: 'a', over: 1 }], 'has no "metric"', 'The metrics are'],
  [[{ name: 'a', metric: 'oldestReadyMs', over: 60 }], '60 cannot be "over" of oldestReadyMs', 'a duration such as'],
  [[{ name: 'a', metric: 'dead', over: '1h' }], '"1h" cannot be "over" of dead', 'a number from 0 on'],
  [[{ name: 'a', metric: 'dead', over: -1 }], '-1 cannot be "over" of dead', ''],
  [[{ name: 'a', metric: 'diskFreeShare', under: 5 }], '5 cannot be "under"', '5%'],
  [[{ name: 'a', metric: 'diskFreeShare', under: '101%' }], '"101%" cannot be "under"', ''],
  [[{ name: 'disk', mailbox: 'planner' }], 'diskFreeShare is of the whole root', ''],
  [[{ name: 'dead', window: '5m' }], 'dead is a number of this moment', ''],
  [[{ name: 'dead', mailbox: 'a/b' }], '"a/b" cannot be "mailbox"', ''],
  [[{ name: 'dead', every: '1s' }], '"1s" cannot be "every"', 'at least "1m"'],
  [[{ name: 'dead', for: 'soon' }], '"soon" cannot be "for"', ''],
  [[{ name: 'dead', to: '@all' }], '"@all" cannot be "to"', "an agent's name"],
  [[{ name: 'dead', run: 'mail' }], '"mail" cannot be "run"', 'a list of a command'],
  [[{ name: 'dead', run: [] }], '[] cannot be "run"', ''],
  [[{ name: 'dead', run: ['a', 'b\0'] }], 'cannot be "run"', ''],
  [[{ name: 'dead', off: 'yes' }], '"yes" cannot be "off"', ''],
  [[{ name: 'dead' }, { name: 'dead' }], 'two rules are called "dead"', ''],
  [Array.from({ length: 201 }, (_, i) => ({ name: `a${i}`, metric: 'dead', over: 0 })), 'more than 200 rules', ''],
])('%j is refused, and says why and what to write', (value, why, hint) => {
  const [fault] = alertFaults(value);
  expect(fault?.why).toContain(why);
  expect(fault?.hint).toContain(hint);
  expect(fault?.hint).not.toBe('');
});

test('it says which rule and which field', () => {
  const misspelt = { name: 'a', metric: 'bakclog', over: 1 };
  const rules = [{ name: 'dead' }, misspelt, { name: 'disk', of: true }] as WrittenRule[];
  const faults = alertFaults(rules);
  expect(faults.map(({ path }) => path)).toEqual([
    [1, 'metric'],
    [2, 'of'],
  ]);
  expect(rulesWithout(rules, faults)).toEqual([{ name: 'dead' }]);
});
