import { context, INVALID_SPAN_CONTEXT, SpanKind, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isTracing } from '../../../src/core/root/tracing.ts';
import { send, sendAll } from '../../../src/core/send/send.ts';
import { readNext } from '../../../src/core/take/read.ts';
import { ack, nack } from '../../../src/core/take/settle.ts';
import { publish } from '../../../src/core/topics/publish.ts';
import { subscribe } from '../../../src/core/topics/subscriptions.ts';
import { work } from '../../../src/core/work/work.ts';
import { type CoreRig, createCoreRig, expectRefusal, must } from '../rig.ts';

const spans = new InMemorySpanExporter();
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let rig: CoreRig;
beforeEach(async () => {
  rig = await createCoreRig();
});

function register(): void {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
}

afterEach(() => {
  trace.disable();
  context.disable();
  spans.reset();
});

const made = (): ReadableSpan[] => spans.getFinishedSpans();
const named = (name: string): ReadableSpan => must(made().find((span) => span.name === name));
const placeOf = (span: ReadableSpan): string => {
  const { traceId, spanId } = span.spanContext();
  return `00-${traceId}-${spanId}-01`;
};

test('where nobody has registered a provider nothing is traced, and a message has no trace', async () => {
  expect(isTracing()).toBe(false);
  await send(rig.root, { to: 'reviewer', body: 'x' });
  expect(must(await readNext(rig.as('reviewer'), 'reviewer')).message).not.toHaveProperty('traceparent');
  expect(made()).toEqual([]);
});

test('a trace goes on from who sends to who works on it, and on to whom the answer goes', async () => {
  register();
  const { id } = await send(rig.as('planner'), { to: 'reviewer', body: 'x' });
  const told: (string | undefined)[] = [];
  await work(
    rig.as('reviewer'),
    'reviewer',
    (_, around) => {
      told.push(around.trace?.traceparent);
      return { outcome: 'ack', reply: { body: 'done' } };
    },
    { count: 1 },
  );
  const answer = must(await readNext(rig.as('planner'), 'planner')).message;
  const [sent, received, processed] = ['send reviewer', 'receive reviewer', 'process reviewer'].map(named);
  const [answered, acked] = ['send planner', 'ack reviewer'].map(named);
  expect(processed?.parentSpanContext?.spanId).toBe(sent?.spanContext().spanId);
  for (const span of [answered, acked]) expect(span?.parentSpanContext?.spanId).toBe(processed?.spanContext().spanId);
  expect(new Set([sent, processed, answered, acked].map((span) => span?.spanContext().traceId)).size).toBe(1);
  // Who looks is in no trace of those who have sent what is there; it is linked to it.
  expect(received?.parentSpanContext).toBeUndefined();
  for (const span of [received, processed]) expect(span?.links[0]?.context.spanId).toBe(sent?.spanContext().spanId);
  expect(told).toEqual([placeOf(must(processed))]);
  expect(answer.traceparent).toBe(placeOf(must(answered)));
  expect([sent, received, processed, acked].map((span) => span?.kind)).toEqual([
    SpanKind.PRODUCER,
    SpanKind.CLIENT,
    SpanKind.CONSUMER,
    SpanKind.CLIENT,
  ]);
  expect(processed?.attributes).toEqual({
    'messaging.system': 'dreamos',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': 'reviewer',
    'messaging.message.id': id,
  });
  expect(acked?.attributes).toMatchObject({
    'messaging.operation.name': 'ack',
    'messaging.operation.type': 'settle',
    'messaging.message.id': id,
  });
  expect(sent?.attributes).toMatchObject({ 'messaging.message.id': id });
});

test('a send belongs to the span that it is made in, else to the trace that its draft says', async () => {
  register();
  await trace.getTracer('test').startActiveSpan('outer', async (outer) => {
    await send(rig.root, { to: 'reviewer', body: 'x', traceparent });
    outer.end();
  });
  expect(named('send reviewer').parentSpanContext?.spanId).toBe(named('outer').spanContext().spanId);
  spans.reset();
  await send(rig.root, { to: 'reviewer', body: 'x', traceparent, tracestate: 'a=1' });
  const span = named('send reviewer');
  expect(span.parentSpanContext).toMatchObject({ spanId: 'b7ad6b7169203331', isRemote: true });
  await readNext(rig.as('reviewer'), 'reviewer');
  expect(must(await readNext(rig.as('reviewer'), 'reviewer')).message).toMatchObject({
    traceparent: placeOf(span),
    tracestate: 'a=1',
  });
});

test('of many at once there is one span, and what says itself where it stands stands there', async () => {
  register();
  await sendAll(rig.root, [
    { to: 'reviewer', body: 'a' },
    { to: 'reviewer', body: 'b', traceparent },
  ]);
  const span = named('send');
  expect(span.attributes).toMatchObject({ 'messaging.batch.message_count': 2 });
  const next = async () => must(await readNext(rig.as('reviewer'), 'reviewer')).message.traceparent;
  expect([await next(), await next()]).toEqual([placeOf(span), traceparent]);
});

test('what is published is sent to its topic', async () => {
  register();
  await subscribe(rig.as('reviewer'), 'build.*');
  await publish(rig.as('planner'), 'build.done', { body: 'x' });
  const { message } = must(await readNext(rig.as('reviewer'), 'reviewer'));
  expect(message.traceparent).toBe(placeOf(named('send build.done')));
});

test('what fails has failed in its span, with its code', async () => {
  register();
  await expectRefusal(send(rig.root, { to: 'nobody', body: 'x' }), 'AGENT_NOT_FOUND');
  const failed = named('send nobody');
  expect(failed.status.code).toBe(SpanStatusCode.ERROR);
  expect(failed.attributes).toMatchObject({ 'error.type': 'AGENT_NOT_FOUND' });
  await send(rig.root, { to: 'reviewer', body: 'x' });
  await work(rig.as('reviewer'), 'reviewer', () => ({ outcome: 'dead', reason: 'nonsense' }), { count: 1 });
  expect(named('process reviewer')).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'error.type': 'dead' },
  });
  expect(named('nack reviewer').attributes).toMatchObject({ 'messaging.operation.type': 'settle' });
});

test('who finds nothing makes no span, and settling without a worker does', async () => {
  register();
  expect(await readNext(rig.as('reviewer'), 'reviewer')).toBeUndefined();
  expect(made()).toEqual([]);
  await send(rig.root, { to: 'reviewer', body: 'x' });
  await nack(rig.as('reviewer'), must(await readNext(rig.as('reviewer'), 'reviewer')).receipt, { delayMs: 0 });
  await ack(rig.as('reviewer'), must(await readNext(rig.as('reviewer'), 'reviewer')).receipt);
  expect(made().map(({ name }) => name)).toEqual([
    'send reviewer',
    'receive reviewer',
    'nack reviewer',
    'receive reviewer',
    'ack reviewer',
  ]);
});

test('of a provider that makes no spans a message keeps the trace that its sender says', async () => {
  const nothing = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  const tracer = { startSpan: () => nothing } as unknown as Tracer;
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
  await send(rig.root, { to: 'reviewer', body: 'x', traceparent });
  expect(must(await readNext(rig.as('reviewer'), 'reviewer')).message.traceparent).toBe(traceparent);
});
