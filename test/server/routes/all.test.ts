import { expect, test } from 'vitest';
import { operationNames, operations } from '../../../src/contract/operations.ts';
import { isList, methodOf, pathOf } from '../../../src/server/route/route.ts';
import { notOverHttp, routes } from '../../../src/server/routes/all.ts';

test('every operation has a route, or a reason why it has none', () => {
  const routed = new Set(routes.map(({ operation }) => operation));
  expect(operationNames.filter((name) => !routed.has(name) && notOverHttp[name] === undefined)).toEqual([]);
  expect(routes.filter(({ operation }) => notOverHttp[operation] !== undefined)).toEqual([]);
});

test('what only looks is asked for, also with the doctor, and all else is done by POST', () => {
  for (const route of routes) {
    const looks = operations[route.operation].effect === 'looks';
    if (methodOf(route) === 'GET' && route.operation !== 'doctor') expect(looks, route.operation).toBe(true);
  }
  const posted = routes.filter((route) => methodOf(route) === 'POST' && operations[route.operation].effect === 'looks');
  expect(posted.map(({ operation }) => operation).sort()).toEqual(['config.validate', 'policy.test', 'preview']);
});

test('no two routes have one path and one method, and each says what answers', () => {
  expect(new Set(routes.map((route) => `${methodOf(route)} ${pathOf(route)}`)).size).toBe(routes.length);
  for (const { operation, output } of routes) expect(output ?? operations[operation].output, operation).toBeDefined();
});

test('what has pages is a list, and only what is called for one version names the look that tells it', () => {
  expect(routes.filter((route) => route.pages && !isList(route))).toEqual([]);
  const told = new Set(routes.filter(({ tag, version }) => tag ?? version).map(({ operation }) => operation));
  expect(routes.filter(({ matches }) => matches && !told.has(matches))).toEqual([]);
});
