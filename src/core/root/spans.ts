/**
 * Names, kinds and attributes are those of OpenTelemetry's conventions for messaging, which are still in development. A message
 * carries where its `send` stands. `process` is a child of that wherever it runs, so that a trace goes on from process to process;
 * `receive` belongs to who looks, and has a link to it.
 */
import type { Attributes, Context, Span, SpanContext } from '@opentelemetry/api';
import { DreamosError } from '../../model/errors.ts';
import { parseTraceparent, type TraceContext } from '../../model/trace/trace-context.ts';
import type { Session } from './root.ts';
import { warnOnce } from './trouble.ts';

type Api = typeof import('@opentelemetry/api');

/** What a span is about. */
export interface Traced<T> {
  readonly operation: 'send' | 'receive' | 'process' | 'ack' | 'nack';
  /** A mailbox or a topic, several with commas; of a batch none. */
  readonly destination?: string;
  readonly id?: string;
  /** Where its message comes from. */
  readonly trace?: TraceContext | undefined;
  /** When it began, if it is over by now; milliseconds since 1970. */
  readonly startedAt?: number;
  readonly after?: (result: T) => {
    readonly id?: string;
    readonly count?: number;
    readonly failed?: string | undefined;
  };
}

/** As `traced` of tracing.ts. */
export async function inSpan<T>(
  session: Session,
  about: Traced<T>,
  work: (trace?: TraceContext) => Promise<T>,
): Promise<T> {
  const api = await loaded(session);
  if (api === undefined) return work();
  const { context, SpanStatusCode, trace } = api;
  const { span, parent } = begun(api, about);
  try {
    const result = await context.with(trace.setSpan(parent, span), () => work(traceTold(api, span)));
    const { id, count, failed } = about.after?.(result) ?? {};
    if (id !== undefined) span.setAttribute('messaging.message.id', id);
    if (count !== undefined) span.setAttribute('messaging.batch.message_count', count);
    if (failed !== undefined) span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', failed);
    return result;
  } catch (error) {
    const type = error instanceof DreamosError ? error.code : error instanceof Error ? error.name : '_OTHER';
    span.recordException(error instanceof Error ? error : String(error));
    span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', type);
    throw error;
  } finally {
    span.end();
  }
}

/** The user's own copy: dreamos does not bring one. */
async function loaded(session: Session): Promise<Api | undefined> {
  try {
    return await import('@opentelemetry/api');
  } catch (error) {
    const why = (error as Error).message;
    warnOnce(session, 'OpenTelemetry', `Nothing is traced, because @opentelemetry/api cannot be loaded: ${why}`);
    return undefined;
  }
}

function begun<T>(api: Api, about: Traced<T>): { span: Span; parent: Context } {
  const { context, SpanKind, trace } = api;
  const { operation, destination, id, startedAt } = about;
  const isSettling = operation === 'ack' || operation === 'nack';
  const attributes: Attributes = {
    'messaging.system': 'dreamos',
    'messaging.operation.name': operation,
    'messaging.operation.type': isSettling ? 'settle' : operation,
    ...(destination !== undefined && { 'messaging.destination.name': destination }),
    ...(id !== undefined && { 'messaging.message.id': id }),
  };
  const active = context.active();
  const from = spanContextOf(api, about.trace);
  const goesOn = operation === 'process' || (operation === 'send' && trace.getSpan(active) === undefined);
  const parent = goesOn && from !== undefined ? trace.setSpanContext(active, from) : active;
  const kinds = { send: SpanKind.PRODUCER, process: SpanKind.CONSUMER } as const;
  const options = {
    kind: operation === 'send' || operation === 'process' ? kinds[operation] : SpanKind.CLIENT,
    attributes,
    ...(from !== undefined && operation !== 'send' && { links: [{ context: from }] }),
    ...(startedAt !== undefined && { startTime: new Date(startedAt) }),
  };
  const name = destination === undefined ? operation : `${operation} ${destination}`;
  return { span: trace.getTracer('dreamos').startSpan(name, options, parent), parent };
}

function spanContextOf({ createTraceState }: Api, told: TraceContext | undefined): SpanContext | undefined {
  const parsed = told && parseTraceparent(told.traceparent);
  if (!parsed) return undefined;
  const { traceId, spanId, flags: traceFlags } = parsed;
  const state = told.tracestate === undefined ? {} : { traceState: createTraceState(told.tracestate) };
  return { traceId, spanId, traceFlags, isRemote: true, ...state };
}

/** `undefined`: of a provider that makes no spans. */
function traceTold({ isSpanContextValid }: Api, span: Span): TraceContext | undefined {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  if (!isSpanContextValid(span.spanContext())) return undefined;
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  const tracestate = traceState?.serialize();
  return tracestate ? { traceparent, tracestate } : { traceparent };
}
