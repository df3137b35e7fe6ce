import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { agentCardSchema } from '../../src/model/agent.ts';
import { mailEventSchema } from '../../src/model/event.ts';
import { messageSchema } from '../../src/model/message.ts';
import { settingsSchema } from '../../src/model/settings.ts';

const settings = {
  lease: '5m',
  maxAttempts: 3,
  backoffMin: '1s',
  backoffMax: '250ms',
  durability: 'full',
  maxMessageBytes: 2048,
  warnUnreadAfter: '1h',
  topicRetention: '0',
  maxMessages: 'none',
  maxBytes: 1,
  ttl: '1h',
  packAfterDays: 0,
  archiveDays: 3,
  archiveBytes: 0,
  eventDays: 'none',
  eventBytes: 5,
};
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
    replacedBy: '01M7WB58387PK65PGM2FXBXP3C',
    key: 'key',
  },
  agentCard: {
    name: 'box',
    description: 'd',
    title: 'Box',
    version: '1.2.3',
    skills: [{ id: 's', name: 'S', description: 'does s', tags: ['x'], examples: ['do s'] }],
    modes: { input: ['text/plain'], output: [] },
    provider: { organization: 'o', url: 'https://o.example' },
    urls: { documentation: 'https://o.example/doc', icon: 'https://o.example/i.png' },
    groups: ['a'],
    kind: 'specialist',
    capabilities: ['review', 'c'],
    maxTasks: 3,
    standbyFor: ['other'],
    mailToStandby: true,
    queue: { requires: ['review'] },
    at: 'far',
    createdAt: time,
    retiredAt: null,
    formerNames: [{ name: 'old', until: time }],
    settings,
  },
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
    replaceKey: 'place',
    notify: true,
    sealed: 'age',
    sealedMac: 'mac',
    digest: 'sha256:0',
  },
};
const schemas = {
  agentCard: agentCardSchema,
  mailEvent: mailEventSchema,
  message: messageSchema,
  settings: settingsSchema,
};

const two = (most: number): fc.Arbitrary<string> => fc.nat(most).map((n) => String(n).padStart(2, '0'));
const day = fc.oneof(two(32), fc.constantFrom('28', '29', '30', '31'));
const rest = fc.constantFrom('Z', '.4Z', '.472Z', '.4724Z', '.Z', '', '+01:00', 'Z ', 'z');
const nearTime = fc
  .tuple(fc.nat(9999), two(13), day, two(25), two(61), two(61), rest)
  .map(([y, m, d, h, min, s, end]) => `${String(y).padStart(4, '0')}-${m}-${d}T${h}:${min}:${s}${end}`);

const odd: readonly unknown[] = [
  ...[undefined, null, true, false, NaN, Infinity, -1, 0, 0.5, 1, 2, 1e300, {}, { a: 1 }],
  ...[1000, 1001, 1023, 1024, 36_500, 36_501, 67_108_864, 67_108_865, 2 ** 53 - 1, 2 ** 53],
  ...[
    '',
    'none',
    'full',
    'urgent',
    '0',
    '1d',
    '1.5h',
    '1.2345s',
    '5w',
    time,
    '2024-02-29T00:00:00Z',
    '2026-02-29T00:00:00Z',
  ],
  ...['01M7WB58387PK65PGM2FXBXP3C', '81M7WB58387PK65PGM2FXBXP3C', 'a.b', 'a/b', '.a', 'a'],
  ...[63, 64, 65, 199, 200, 201, 511, 512, 513].flatMap((n) => ['x'.repeat(n), '𝄞'.repeat(n / 2), '𝄞'.repeat(n)]),
  ...[[], [undefined], [null], ['x'], ['x', 1], [''], ['x'.repeat(64)], ['x'.repeat(65)], ['a/b']],
  ...[64, 65].map((length) => Array.from({ length }, () => 'tag')),
];
const anyOdd = fc.oneof(
  fc.jsonValue(),
  fc.string({ maxLength: 600, unit: 'binary' }),
  fc.constantFrom(...odd),
  nearTime,
);
const changes = fc.array(fc.tuple(fc.nat(), fc.constantFrom('set', 'delete', 'add', 'inner'), anyOdd), {
  maxLength: 3,
});

function changed(value: object, list: readonly (readonly [number, string, unknown])[]): unknown {
  const copy = structuredClone(value) as Record<string, unknown>;
  for (const [at, how, what] of list) {
    const key = Object.keys(copy)[at % Object.keys(copy).length] ?? 'none';
    const inner = copy['settings'];
    if (how === 'delete') delete copy[key];
    else if (how === 'add') copy[`x${at}`] = what;
    else if (how === 'inner' && typeof inner === 'object') copy['settings'] = { ...inner, lease: what };
    else copy[key] = what;
  }
  return copy;
}

function expectSameOrNothing(name: keyof typeof schemas, value: unknown): void {
  const data = schemas[name].fitting(value);
  if (data === undefined) return;
  const parsed = z.safeParse<z.ZodMiniType>(schemas[name](), value);
  expect(parsed.success).toBe(true);
  expect(data).toStrictEqual(parsed.data);
  expect(JSON.stringify(data)).toBe(JSON.stringify(parsed.data));
}

describe.each(['agentCard', 'mailEvent', 'message', 'settings'] as const)('the check of %s without zod', (name) => {
  it('takes what fits without asking the schema', () => {
    expect(schemas[name].fitting(good[name])).toEqual(good[name]);
  });

  it('puts fields in the order of the schema without asking it', () => {
    const value = { ...good[name], later: 1 };
    const fitting = schemas[name].fitting(Object.fromEntries(Object.entries(value).reverse()));
    expect(JSON.stringify(fitting)).toBe(JSON.stringify(value));
  });

  it('says what the schema says of each field, whatever is in it, or leaves it to the schema', () => {
    for (const key of Object.keys(good[name])) {
      for (const value of odd) expectSameOrNothing(name, { ...good[name], [key]: value });
      expectSameOrNothing(name, Object.fromEntries(Object.entries(good[name]).filter(([other]) => other !== key)));
    }
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
    expect(schemas[name].fitting(value)).toBeUndefined();
  });
});

it('says of a time what zod says, but for the 29th of February', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        nearTime,
        fc.date({ noInvalidDate: true, min: new Date(0) }).map((date) => date.toISOString()),
      ),
      (createdAt) => {
        const value = { ...good.message, createdAt };
        fc.pre(!createdAt.includes('-02-29'));
        expect(messageSchema.fitting(value) !== undefined).toBe(z.safeParse(messageSchema(), value).success);
      },
    ),
    { numRuns: 5000 },
  );
});
