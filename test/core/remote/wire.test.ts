import { expect, test } from 'vitest';
import { packed, unpacked } from '../../../src/core/remote/wire.ts';
import { exactly, rawData, RawJson } from '../../../src/model/basics/raw-json.ts';
import { DreamosError } from '../../../src/model/errors.ts';
import { dataJson, type Message } from '../../../src/model/message.ts';
import { mailboxFull } from '../../../src/storage/port/refusals.ts';

const there = (value: unknown): unknown => unpacked(packed(value));

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a list with nothing in it', [undefined, 1, null, 'a']],
  ['what has no end', { waitMs: Infinity, least: -Infinity, none: NaN }],
  ['a map', new Map([['a', { attempt: 1 }]])],
  ['a set', new Set([1, 'b'])],
  ['a moment', new Date(1_700_000_000_000)],
  ['bytes', new Uint8Array([0, 1, 255])],
  ['an object that has such a mark', { '~': 'undefined', of: [{ '~': 'map' }] }],
  ['half a character', 'a\ud800'],
])('%s arrives as it was', (_, value) => {
  expect(there(value)).toEqual(value);
});

test('of an object what is undefined is left out, as by JSON', () => {
  expect(Object.keys(there({ a: undefined, b: 1 }) as object)).toEqual(['b']);
});

test('an error is one of its kind again, with its hint and what its class has of its own', () => {
  const [first, full] = there([
    new DreamosError('conflict', 'LEASE_LOST', 'Gone.', { hint: 'dreamos show', cause: new Error('secret') }),
    mailboxFull('reviewer', 'maxMessages', 3, 3),
  ]) as DreamosError[];
  expect(first).toBeInstanceOf(DreamosError);
  expect(first).toMatchObject({ kind: 'conflict', code: 'LEASE_LOST', message: 'Gone.', hint: 'dreamos show' });
  expect(first?.cause).toBeUndefined();
  expect(full).toMatchObject({ code: 'MAILBOX_FULL', mailbox: 'reviewer' });
});

test('data is its text on both ways: of a draft, and of a message', () => {
  const text = '{"n":1970670598291982290,"2":1,"1":2}';
  const raw = exactly(text, JSON.parse(text));
  expect(raw).toBeInstanceOf(RawJson);
  const draft = there({ body: 'a', data: raw }) as { data: RawJson };
  expect(draft.data).toBeInstanceOf(RawJson);
  expect(draft.data.text).toBe(text);
  const message = there({ id: '1', data: draft.data.value, [rawData]: text }) as Message;
  expect(dataJson(message)).toBe(text);
  expect(message.data).toEqual(draft.data.value);
});

test('a function and a signal are called by what stands for them', () => {
  const called: unknown[] = [];
  const signals: AbortSignal[] = [];
  const { signal } = new AbortController();
  const line = packed(
    { onNote: () => undefined, signal },
    { nameOf: () => 7, onSignal: (one) => void signals.push(one) },
  );
  expect(signals).toEqual([signal]);
  const own = new AbortController().signal;
  const found = unpacked(line, { functionOf: (name) => () => void called.push(name), signal: own }) as {
    onNote: () => void;
    signal: AbortSignal;
  };
  found.onNote();
  expect(called).toEqual([7]);
  expect(found.signal).toBe(own);
  expect(() => packed({ run: () => undefined })).toThrow(TypeError);
});

test('a server refuses data that is nested beyond all measure before it is parsed', () => {
  const text = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
  const begun = performance.now();
  for (const one of [
    { '~': 'raw', of: text },
    { '~': 'message', of: {}, data: text },
  ])
    expect(() => unpacked(JSON.stringify(one), { mostDataLevels: 1100 })).toThrow('nested too deeply');
  expect(performance.now() - begun).toBeLessThan(1000);
});
