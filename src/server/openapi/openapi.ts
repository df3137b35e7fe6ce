/** What can be called over HTTP, as OpenAPI 3.1: made of the routes and of the shapes of the contract, so that it says no more and no less. */
import * as z from 'zod/mini';
import { commandOf, type OperationName, operations } from '../../contract/operations.ts';
import { type SchemaName, schemas } from '../../contract/schemas.ts';
import { isList, methodOf, pathOf, type Route } from '../route/route.ts';
import { fieldsOf } from '../route/take.ts';
import { headers, parameters, problem, problems } from './parts.ts';

type Json = Readonly<Record<string, unknown>>;

/** What answers as long as it is listened to. */
interface Streamed {
  readonly operation: OperationName;
  readonly path: string;
  readonly input: () => z.ZodMiniObject;
}

export interface Documented {
  readonly routes: readonly Route[];
  readonly streams?: readonly Streamed[];
  /** Of dreamos. */
  readonly version: string;
}

export function openapi({ routes, streams = [], version }: Documented): Json {
  const paths: Record<string, Json> = {};
  const all = shapes();
  for (const route of routes) {
    const path = pathOf(route);
    paths[path] = { ...paths[path], [methodOf(route).toLowerCase()]: operationOf(route) };
  }
  for (const stream of streams) paths[stream.path] = { get: streamOf(stream) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'dreamos',
      version,
      description:
        'Durable mail for agents on one machine: what `dreamos serve` answers over a unix socket, and over TCP on this machine. ' +
        'What each operation promises is what the command and the library promise: `dreamos help guarantees`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: 'http://127.0.0.1:7420', description: 'dreamos serve --http 127.0.0.1:7420' }],
    security: [{ token: [] }, {}],
    tags: tagsOf([...routes, ...streams]),
    paths,
    components: {
      schemas: { ...usedBy(paths, all), problem },
      parameters,
      headers,
      responses: problems,
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'Over TCP: what `dreamos token create <agent>` has printed. On a unix socket nobody needs one.',
        },
      },
    },
  };
}

function operationOf(route: Route): Json {
  const { operation } = route;
  const isGet = methodOf(route) === 'GET';
  return {
    ...(isLookOfOne(route) ? { ...aboutOf(operation, 'looks'), operationId: `${operation}.look` } : aboutOf(operation)),
    parameters: [
      ...(isGet ? queryOf(fieldsOf(route)) : []),
      parameter('Dreamos-Agent'),
      ...(isGet && (route.tag ?? route.version) ? [parameter('If-None-Match')] : []),
      ...(route.keyed ? [parameter('Idempotency-Key')] : []),
      ...(route.matches ? [parameter('If-Match')] : []),
    ],
    ...(!isGet && { requestBody: bodyOf(route) }),
    responses: { ...answersOf(route), ...refusalsOf(route) },
  };
}

/** Whether it is asked for what another route of its operation does. */
function isLookOfOne(route: Route): boolean {
  return methodOf(route) === 'GET' && operations[route.operation].effect !== 'looks';
}

function streamOf({ operation, input }: Streamed): Json {
  const item = ref(operations[operation].output ?? 'event');
  return {
    ...aboutOf(operation),
    operationId: `${operation}.stream`,
    parameters: [
      ...queryOf(input().shape as unknown as Fields),
      parameter('Dreamos-Agent'),
      parameter('Last-Event-ID'),
    ],
    responses: {
      '200': {
        description: 'Each as it happens, for as long as it is listened to.',
        content: {
          'application/jsonl': { schema: item },
          'text/event-stream': { schema: { type: 'string' } },
        },
      },
      '204': { description: 'Nothing came in the time that was given.' },
      ...refusals(['400', '401', '403', '404', '409', '421', '429', '503']),
    },
  };
}

function aboutOf(operation: OperationName, effect = operations[operation].effect): Json {
  const { summary, syncs, action } = operations[operation];
  const command = commandOf(operation);
  const said = [
    ...(command === undefined ? [] : [`As \`dreamos ${command}\`.`]),
    ...(syncs === undefined || effect === 'looks' ? [] : [`Syncs ${syncs}.`]),
    ...(action === null ? [] : [`A policy allows it as \`${action}\`.`]),
  ];
  return {
    operationId: operation,
    summary: `${summary.charAt(0).toUpperCase()}${summary.slice(1)}`,
    description: said.join(' '),
    tags: [groupOf(operation)],
  };
}

/** As the table has them: `dlq.retry` is of dlq, and what has no group is about mail. */
function groupOf(operation: OperationName): string {
  const [group = '', verb] = operation.split('.');
  return verb === undefined ? 'mail' : group;
}

function tagsOf(all: readonly { readonly operation: OperationName }[]): Json[] {
  return [...new Set(all.map(({ operation }) => groupOf(operation)))].map((name) => ({ name }));
}

type Fields = Readonly<Record<string, z.ZodMiniType>>;

function queryOf(fields: Fields): Json[] {
  return Object.entries(fields).map(([name, field]) => {
    const { description, ...schema } = schemaOf(field) as { readonly description?: string; readonly type?: unknown };
    return {
      name,
      in: 'query',
      ...(description !== undefined && { description }),
      required: !isOptional(field),
      schema,
      ...(schema.type === 'array' && { style: 'form', explode: false }),
    };
  });
}

function isOptional(field: z.ZodMiniType): boolean {
  return field.def.type === 'optional';
}

function bodyOf(route: Route): Json {
  const fields = fieldsOf(route);
  const entries = Object.entries(fields);
  const required = entries.filter(([, field]) => !isOptional(field)).map(([name]) => name);
  const schema = {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, field]) => [name, listedOf(route, name) ?? schemaOf(field)])),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
  };
  const one = route.lines === undefined ? undefined : itemOf(route);
  return {
    required: required.length > 0,
    content: {
      'application/json': { schema },
      ...(one && {
        'application/jsonl': { schema: { type: 'string', description: `Lines, each of them ${one.what}.` } },
      }),
    },
  };
}

/** What stands in a list of things that are each checked, and refused, for themselves. */
function listedOf(route: Route, name: string): Json | undefined {
  const one = name === route.lines ? itemOf(route) : undefined;
  return one && { type: 'array', items: one.schema };
}

function itemOf({ operation }: Route): { readonly schema: Json; readonly what: string } {
  // What is none is refused for itself, and keeps no other.
  if (operation === 'sendAll') return { schema: { anyOf: [ref('draft'), {}] }, what: 'a draft' };
  if (operation === 'tasks.importBeads') return { schema: ref('beads-issue'), what: 'an issue of beads' };
  return { schema: { type: 'object' }, what: 'a task, as tasks.create takes it, and its `key`' };
}

function answersOf(route: Route): Json {
  const { operation, output } = route;
  const shape = ref(output ?? operations[operation].output ?? 'error');
  const told = {
    'Dreamos-Warning': header('Dreamos-Warning'),
    ...((route.tag ?? route.version) && { ETag: header('ETag') }),
  };
  const answer = (description: string, content: Json): Json => ({ description, headers: told, content });
  if (isList(route)) {
    const item = methodOf(route) === 'POST' ? { anyOf: [shape, ref('error')] } : shape;
    const all = {
      type: 'object',
      properties: { items: { type: 'array', items: item }, next: { type: ['string', 'null'] } },
      required: ['items', 'next'],
    };
    const lines = { type: 'string', description: 'A line for each.' };
    const what = route.pages ? 'A page; `next` is what `after` takes for the one behind it.' : 'All of them.';
    return {
      '200': answer(what, { 'application/json': { schema: all }, 'application/jsonl': { schema: lines } }),
      ...notChanged(route),
    };
  }
  const content = { 'application/json': { schema: shape } };
  return {
    '200': answer(route.keyed ? 'It was done before, under this key.' : 'It is so.', content),
    ...(route.isNew && { '201': answer('It is made.', content) }),
    ...(mayBeNothing.has(operation) && { '204': { description: 'Nothing came, or nothing is there.' } }),
    ...notChanged(route),
  };
}

const mayBeNothing: ReadonlySet<OperationName> = new Set(['read', 'request', 'tasks.next', 'config.rollback']);

function notChanged({ tag, version }: Route): Json {
  return (tag ?? version) ? { '304': { description: 'It is as `If-None-Match` says.' } } : {};
}

function refusalsOf(route: Route): Json {
  const isPost = methodOf(route) === 'POST';
  const all = ['400', '401', '403', '404', '409', ...(isPost ? ['408', '413', '415'] : []), '421', '429', '503'];
  if (route.matches) all.push('412');
  if (mayMismatch.has(route.operation)) all.push('422');
  return refusals(all);
}

const mayMismatch: ReadonlySet<OperationName> = new Set(['send', 'reply', 'publish', 'tasks.createAll']);

function refusals(statuses: readonly string[]): Json {
  return Object.fromEntries(
    statuses.toSorted().map((status) => [status, { $ref: `#/components/responses/${status}` }]),
  );
}

function ref(name: SchemaName): Json {
  return { $ref: `#/components/schemas/${name}` };
}

function parameter(name: keyof typeof parameters): Json {
  return { $ref: `#/components/parameters/${name}` };
}

function header(name: keyof typeof headers): Json {
  return { $ref: `#/components/headers/${name}` };
}

function schemaOf(type: z.ZodMiniType): Json {
  return { ...z.toJSONSchema(type, { ...terse, io: 'input', unrepresentable: 'any' }), $schema: undefined };
}

/** Without what says the same again: a time's pattern beside its format, the greatest whole number, that more fields may come. */
const terse = {
  override: ({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }): void => {
    if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    const { additionalProperties: more } = jsonSchema;
    if (typeof more === 'object' && Object.keys(more).length === 0 && jsonSchema.properties)
      delete jsonSchema.additionalProperties;
  },
};

/** Those that are named there, and those that these name. */
function usedBy(where: unknown, all: Readonly<Record<string, unknown>>, used: Record<string, unknown> = {}) {
  for (const [, name = ''] of JSON.stringify(where).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    if (Object.hasOwn(used, name) || !Object.hasOwn(all, name)) continue;
    used[name] = all[name];
    usedBy(all[name], all, used);
  }
  return used;
}

/** Those of the contract by their names; what is in one of them and has a name is a reference. */
function shapes(): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, shape] of Object.entries(schemas)) if (!registry.has(shape)) registry.add(shape, { id });
  const made = z.toJSONSchema(registry, {
    uri: (id) => `#/components/schemas/${id}`,
    io: 'input',
    unrepresentable: 'any',
    ...terse,
  });
  return Object.fromEntries(
    Object.entries(made.schemas).map(([name, schema]) => [name, { ...schema, $schema: undefined, $id: undefined }]),
  );
}
