import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { errorCodes } from '../../../src/contract/error-codes.ts';
import { operations } from '../../../src/contract/operations.ts';
import { DreamosError, type ErrorCode } from '../../../src/model/errors.ts';
import { documented } from '../../../src/server/openapi/documented.ts';
import { openapi } from '../../../src/server/openapi/openapi.ts';
import { watches } from '../../../src/server/live/watches.ts';
import { problems } from '../../../src/server/openapi/parts.ts';
import { problemOf } from '../../../src/server/route/problem.ts';
import { methodOf, pathOf } from '../../../src/server/route/route.ts';
import { fieldsOf } from '../../../src/server/route/take.ts';
import { routes } from '../../../src/server/routes/all.ts';
import { openapiFile, openapiText } from '../../readme/openapi.ts';

// oxlint-disable-next-line typescript/no-explicit-any -- a document is walked through
const document: any = JSON.parse(JSON.stringify(openapi(documented('1.2.3'))));

describe('/openapi.json', () => {
  test('the package has it as it is now: npm run readme', () => {
    expect(readFileSync(openapiFile, 'utf8') === openapiText(), 'npm run readme').toBe(true);
  });

  test('has every route, with every field that it takes, and no other', () => {
    for (const route of routes) {
      const told = document.paths[pathOf(route)]?.[methodOf(route).toLowerCase()];
      const isOther = methodOf(route) === 'GET' && operations[route.operation].effect !== 'looks';
      expect(told?.operationId).toBe(isOther ? `${route.operation}.look` : route.operation);
      const fields =
        methodOf(route) === 'GET'
          ? told.parameters
              .filter((one: { in?: string }) => one.in === 'query')
              .map((one: { name: string }) => one.name)
          : Object.keys(told.requestBody.content['application/json'].schema.properties);
      expect(fields).toEqual(Object.keys(fieldsOf(route)));
    }
    for (const { path, operation } of watches)
      expect(document.paths[path].get.tags).toEqual([operation.includes('.') ? operation.split('.')[0] : 'mail']);
    expect(Object.keys(document.paths).length).toBe(new Set(routes.map(pathOf)).size + watches.length);
    expect(document.info.version).toBe('1.2.3');
  });

  test('every reference leads somewhere, and nothing stands there that nobody refers to', () => {
    const text = JSON.stringify(document);
    const refs = new Set([...text.matchAll(/"#\/components\/([^"]+)"/g)].map(([, path]) => path));
    const there = Object.entries(document.components as Record<string, object>)
      .filter(([kind]) => kind !== 'securitySchemes')
      .flatMap(([kind, all]) => Object.keys(all).map((name) => `${kind}/${name}`));
    expect([...refs].filter((path) => !there.includes(path ?? ''))).toEqual([]);
    expect(there.filter((path) => !refs.has(path))).toEqual([]);
  });

  test('every status that an error can have is described', () => {
    const statuses = new Set(
      (Object.keys(errorCodes) as ErrorCode[]).flatMap((code) => {
        const { kind } = errorCodes[code];
        return kind === 'bug' ? [] : [problemOf(new DreamosError(kind, code, 'x')).status];
      }),
    );
    expect([...statuses].filter((status) => !Object.hasOwn(problems, status))).toEqual([]);
  });

  test('says of each operation what the command is, what it syncs and what a policy calls it', () => {
    const { description } = document.paths['/v1/ack'].post;
    expect(description).toContain('As `dreamos ack`.');
    expect(description).toContain(`Syncs ${operations.ack.syncs}.`);
    expect(description).toContain('`read`');
  });
});
