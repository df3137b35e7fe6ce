import { expect, test } from 'vitest';
import { nearestName } from '../../src/model/refusals.ts';

const known = ['planner', 'reviewer', 'Builder', 'Agent-3'];

test.for([
  ['planer', 'planner'],
  ['lpanner', 'planner'],
  ['REVIEWR', 'reviewer'],
  ['bilder', 'Builder'],
  ['agent3', 'Agent-3'],
])('%s most likely means %s', ([name, meant]) => {
  expect(nearestName(name ?? '', known)).toBe(meant);
});

test.for(['tester', 'x', '', 'planning-department'])('%j is no guess at any of them', (name) => {
  expect(nearestName(name, known)).toBeUndefined();
});

test('the nearest of several is named', () => {
  expect(nearestName('agent-12', ['agent-1', 'agent-123', 'agent-12b', 'agent-2'])).toMatch(/^agent-1/);
  expect(nearestName('worker-b', ['worker-a', 'worker-bb'])).toBe('worker-a');
});
