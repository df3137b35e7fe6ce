import { expect, test } from 'vitest';
import { parseTraceparent, traceIn, traceOf } from '../../../src/model/trace/trace-context.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test('a traceparent is taken apart', () => {
  expect(parseTraceparent(traceparent)).toEqual({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    flags: 1,
  });
  // Of a later version what this one knows of it.
  expect(parseTraceparent(traceparent.replace(/^00/, 'cc'))?.flags).toBe(1);
});

test.for([
  '',
  traceparent.toUpperCase(),
  traceparent.slice(1),
  `${traceparent}-what`,
  `${traceparent}\n`,
  traceparent.replace(/^00/, 'ff'),
  traceparent.replace(/-[\da-f]{32}-/, `-${'0'.repeat(32)}-`),
  traceparent.replace(/-[\da-f]{16}-/, `-${'0'.repeat(16)}-`),
  traceparent.replace(/01$/, '0g'),
])('%j is none, and nothing is passed on', (text) => {
  expect(parseTraceparent(text)).toBeUndefined();
  expect(traceOf({ traceparent: text, tracestate: 'a=1' })).toBeUndefined();
});

test('a tracestate is passed on beside a traceparent, if it can be', () => {
  expect(traceOf({ traceparent, tracestate: 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE' })).toEqual({
    traceparent,
    tracestate: 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
  });
  for (const tracestate of ['', 'a=1\n', 'a=é', 'x'.repeat(513)])
    expect(traceOf({ traceparent, tracestate })).toEqual({ traceparent });
  expect(traceOf({ tracestate: 'a=1' })).toBeUndefined();
});

test('the environment says it under the usual names, and empty says nothing', () => {
  expect(traceIn({ TRACEPARENT: traceparent, TRACESTATE: 'a=1' })).toEqual({ traceparent, tracestate: 'a=1' });
  expect(traceIn({ TRACEPARENT: traceparent, TRACESTATE: '' })).toEqual({ traceparent });
  expect(traceIn({ TRACEPARENT: '', TRACESTATE: 'a=1' })).toEqual({});
});
