import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { draftSchema, handedInSchema } from '../../src/contract/draft.ts';
import { type Draft, draftFields, parseDraft } from '../../src/model/draft.ts';
import { DreamosError } from '../../src/model/errors.ts';
import { refusal } from '../storage/contract/rig.ts';

const minimal = { to: 'bob', body: 'b' };
const parsed = (draft: object) => parseDraft({ ...minimal, ...draft }, 'send');
const refused = (draft: object, operation: Parameters<typeof parseDraft>[1] = 'send') =>
  refusal(Promise.resolve().then(() => parseDraft({ ...minimal, ...draft }, operation)));

describe('a draft', () => {
  test('that needs no change is the same object', () => {
    const draft: Draft = { ...minimal, tags: ['a'], ttlMs: 5, at: 7e11 };
    expect(parseDraft(draft, 'send')).toBe(draft);
  });

  test('has its durations as text or as milliseconds, and its time as text or as milliseconds since 1970', () => {
    expect(parsed({ ttl: '5m', delay: '0' })).toEqual({ ...minimal, ttlMs: 300_000, delayMs: 0 });
    expect(parsed({ at: '2026-11-21T10:00+01:00' })).toEqual({ ...minimal, at: Date.UTC(2026, 10, 21, 9) });
    expect(parsed({ at: 12 })).toEqual({ ...minimal, at: 12 });
  });

  test('says with null nothing', () => {
    expect(parsed({ subject: null, ttl: null, at: null, data: null })).toEqual(minimal);
    expect(parsed({ subject: undefined })).toMatchObject(minimal);
  });

  test.for([
    ['ttl: "5m", prioritty', { ttl: '5m', prioritty: 'high' }, '"prioritty"', 'Did you mean "priority"?'],
    ['a name in another case', { ReplyTo: 'x' }, '"ReplyTo"', 'Did you mean "replyTo"?'],
    ['an unknown name that says nothing', { prioritty: undefined }, '"prioritty"', 'Did you mean "priority"?'],
    ['a name like no other', { colour: 'red' }, '"colour"', `One of: ${draftFields.join(', ')}.`],
    ['a name of the prototype', JSON.parse('{"__proto__":1}') as object, '"__proto__"', 'One of'],
    ["a name of the core's own", { id: '01KAGZ0000000000000000000A' }, '"id"', undefined],
  ] as const)('with %s is refused', async ([, draft, named, hint]) => {
    const error = await refused(draft);
    expect(error).toMatchObject({ kind: 'invalid', code: 'MESSAGE_INVALID' });
    expect(error.message).toBe(`${named} is not a field of a message.`);
    if (hint !== undefined) expect(error.hint).toContain(hint);
  });

  test.for([
    [{ tags: 'a' }, 'MESSAGE_INVALID', '"tags" has to be a list of texts.'],
    [{ priority: 'asap' }, 'MESSAGE_INVALID', '"priority" has to be one of: urgent, high, normal, low.'],
    [{ ttl: 300 }, 'MESSAGE_INVALID', '"ttl" has to be a text such as "5m"'],
    [{ ttlMs: '5m' }, 'MESSAGE_INVALID', '"ttlMs" has to be a number of milliseconds.'],
    [{ to: 5 }, 'MESSAGE_INVALID', '"to" has to be a name'],
    [{ to: null }, 'MESSAGE_INVALID', '"to" is missing.'],
    [{ body: undefined }, 'MESSAGE_INVALID', '"body" is missing.'],
    [{ body: 5 }, 'BODY_NOT_TEXT', 'The body is not text.'],
    [{ ttl: 'soon' }, 'USAGE', '"soon" is not a duration for "ttl".'],
    [{ at: 'soon' }, 'USAGE', '"soon" is not a time for "at".'],
    [{ ttl: '5m', ttlMs: 5 }, 'USAGE', '"ttl" and "ttlMs" say the same'],
    [{ delay: '5m', delayMs: 5 }, 'USAGE', '"delay" and "delayMs" say the same'],
    [{ delay: '5m', at: '2026-11-21T09:00Z' }, 'USAGE', 'not both'],
    [{ ttl: '0' }, 'USAGE', 'The time-to-live has to be more than 0'],
    [{ delay: '3651d' }, 'USAGE', 'at most 3650d'],
  ] as const)('with %j is refused as %s', async ([draft, code, message]) => {
    const error = await refused(draft);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  test.for([null, 5, 'x', ['to', 'bob']])('that is %j is refused', async (value) => {
    const parsing = Promise.resolve().then(() => parseDraft(value as never, 'send'));
    expect(await refusal(parsing)).toMatchObject({ code: 'MESSAGE_INVALID' });
  });

  test.for([
    ['request', { dedupeKey: 'k' }, 'A request has no dedupe key'],
    ['request', { delay: '5m' }, 'A request has no dedupe key and no delay'],
    ['request', { replaceKey: 'k' }, 'nor a replace key'],
    ['request', { notify: true }, 'asks for no notice'],
    ['send', { dedupeKey: 'k', replaceKey: 'k' }, 'A replace key that is its dedupe key replaces nothing'],
    ['publish', { to: 'bob' }, 'A publish has no "to"'],
    ['publish', { to: undefined, at: 1 }, 'A publish has no "to", no delay and no time'],
    ['reply', { replyTo: 'x', to: undefined }, 'A reply has no "to" and no "replyTo"'],
    ['schedule', { durability: 'full' }, 'A schedule has no'],
  ] as const)('for a %s with %j is refused', async ([operation, draft, why]) => {
    const error = await refused(draft, operation);
    expect(error).toMatchObject({ kind: 'usage', code: 'USAGE' });
    expect(error.message).toContain(why);
  });

  test('is not asked for a field that its operation does not take', async () => {
    expect((await refused({ dedupKey: 'k' }, 'request')).hint).not.toContain('dedupeKey');
  });
});

const anyValue = fc.oneof(
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.array(fc.string()),
  fc.constant(null),
  fc.constantFrom('5m', 'high', 'full', '2026-11-21T09:00Z'),
);

test('what the schema takes the parser takes, but for times that exclude each other', () => {
  const drafts = fc.dictionary(fc.constantFrom(...draftFields), anyValue, { maxKeys: 3 });
  const taken = fc.property(drafts, (said) => {
    const draft = { ...minimal, ...said };
    if (!draftSchema.safeParse(draft).success) return true;
    try {
      parseDraft(draft as unknown as Draft, 'send');
      return true;
    } catch (error) {
      return error instanceof DreamosError && error.code === 'USAGE';
    }
  });
  expect(fc.check(taken, { numRuns: 5000 })).toMatchObject({ failed: false });
});

test('the schemas know the names of the table, and no other', () => {
  expect(Object.keys(draftSchema().shape).sort()).toEqual([...draftFields].sort());
  const ofMessages = [
    'v',
    'id',
    'topic',
    'createdAt',
    'expiresAt',
    'replyBy',
    'sealed',
    'root',
    'key',
    'sig',
    'digest',
  ];
  // What lies there in the open is not sealed any more.
  const ofDrafts = draftFields.filter((name) => !name.startsWith('seal'));
  expect(Object.keys(handedInSchema().shape).sort()).toEqual([...ofDrafts, ...ofMessages].sort());
  expect(handedInSchema.safeParse({ from: 'a', body: 'b' }).success).toBe(true);
  expect(handedInSchema.safeParse({ from: 'a', body: 'b', boddy: 'c' }).success).toBe(false);
  expect(handedInSchema.safeParse({ body: 'b' }).success).toBe(false);
});
