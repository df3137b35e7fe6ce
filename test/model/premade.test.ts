import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { agentCardSchema } from '../../src/model/agent.ts';
import { mailEventSchema } from '../../src/model/event.ts';
import { messageSchema } from '../../src/model/message.ts';
import { settingsSchema } from '../../src/model/settings.ts';

const script = join(import.meta.dirname, '../../scripts/premade.mjs');
const { premadeModule } = (await import(script)) as { premadeModule: () => Promise<string> };
const text = await premadeModule();
const { premade } = (await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`)) as {
  premade: Record<keyof typeof schemas, (value: unknown) => unknown>;
};

const settings = { lease: '5m', maxAttempts: 3, durability: 'full', maxMessages: 'none', ttl: '1h', archiveDays: 3 };
const time = '2026-11-20T11:23:38.472Z';
const good = {
  settings,
  mailEvent: {
    at: time,
    mailbox: 'box',
    event: 'delivered',
    id: '01M7WB58387PK65PGM2FXBXP3C',
    by: 'ann',
    attempt: 1,
    reason: 'why',
    free: true,
    from: 'ann',
    type: 'task',
    priority: 'high',
    subject: 'Hello',
    thread: null,
    replyTo: null,
    key: 'key',
  },
  agentCard: { name: 'box', createdAt: time, description: 'd', groups: ['a'], retiredAt: null, settings },
  message: {
    v: 1,
    id: '01M7WB58387PK65PGM2FXBXP3C',
    from: 'a',
    to: ['b', 'c'],
    topic: 'build.done',
    subject: 'Hello',
    body: 'text',
    type: 'message',
    priority: 'high',
    thread: null,
    replyTo: '01M7WB58387PK65PGM2FXBXP3C',
    tags: ['one', 'two'],
    data: { any: ['thing'] },
    createdAt: time,
    expiresAt: time,
    replyBy: time,
    dedupeKey: 'key',
    orderingKey: 'order',
    digest: 'sha256:0',
  },
};
const schemas = {
  agentCard: agentCardSchema(),
  mailEvent: mailEventSchema(),
  message: messageSchema(),
  settings: settingsSchema(),
};

const odd = fc.oneof(
  fc.jsonValue(),
  fc.string({ maxLength: 600, unit: 'binary' }),
  fc.integer({ min: 190, max: 600 }).map((length) => '𝄞'.repeat(length)),
  fc.constantFrom(undefined, null, NaN, -1, 1e300, '', 'none', 'urgent', '0', '1d', time, ['x'], [undefined], {}, 1024),
);
const changes = fc.array(fc.tuple(fc.nat(), fc.constantFrom('set', 'delete', 'add', 'inner'), odd), { maxLength: 3 });

function changed(value: object, list: readonly (readonly [number, string, unknown])[]): unknown {
  const copy = structuredClone(value) as Record<string, unknown>;
  for (const [at, how, what] of list) {
    const key = Object.keys(copy)[at % Object.keys(copy).length] ?? 'none';
    const inner = copy['settings'];
    if (how === 'delete') delete copy[key];
    else if (how === 'add') copy[`x${at}`] = what;
    else if (how === 'inner' && typeof inner === 'object' && inner !== null) Object.assign(inner, { lease: what });
    else copy[key] = what;
  }
  return copy;
}

function expectSameOrNothing(name: keyof typeof schemas, value: unknown): void {
  const data = premade[name](value);
  if (data === undefined) return;
  const parsed = z.safeParse(schemas[name], value);
  expect(parsed.success).toBe(true);
  expect(data).toStrictEqual(parsed.data);
  expect(JSON.stringify(data)).toBe(JSON.stringify(parsed.data));
}

describe.each(['agentCard', 'mailEvent', 'message', 'settings'] as const)(
  'the parser of %s that the build makes',
  (name) => {
    it('takes what fits without asking the schema', () => {
      expect(premade[name](good[name])).toEqual(good[name]);
    });

    it('says what the schema says, in the same order, or leaves it to the schema', () => {
      fc.assert(
        fc.property(changes, (list) => {
          expectSameOrNothing(name, changed(good[name], list));
        }),
        { numRuns: 2000 },
      );
    });

    it.each<[string, unknown]>([
      ['unknown fields in front and behind', { 'x-first': 1, ...good[name], later: { a: [1] } }],
      ['fields in another order', Object.fromEntries(Object.entries(good[name]).reverse())],
      ['nothing in it', {}],
      ['a key that is no key', JSON.parse(`{"__proto__":{"v":1},${JSON.stringify(good[name]).slice(1)}`)],
    ])('so for %s', (_what, value) => expectSameOrNothing(name, value));

    it.each([undefined, null, 'text', [], 1])('leaves %s to the schema', (value) => {
      expect(premade[name](value)).toBeUndefined();
    });
  },
);
