/**
 * Spans of OpenTelemetry, where this process has registered a tracer provider. Where it has not, nothing is loaded and nothing
 * made: that is a look at one global.
 */
import type { TraceContext } from '../../model/trace/trace-context.ts';
import type { Session } from './root.ts';

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

/** Where the API of OpenTelemetry keeps what is registered, whichever copy of it that was. */
const api = Symbol.for('opentelemetry.js.api.1');

export function isTracing(): boolean {
  return (globalThis as { [api]?: { trace?: unknown } })[api]?.trace !== undefined;
}

/**
 * Runs work in a span, which has failed if the work does.
 * @param work gets where its messages stand in the trace; `undefined`: nothing is traced
 */
export function traced<T>(
  session: Session,
  about: () => Traced<T>,
  work: (trace?: TraceContext) => Promise<T>,
): Promise<T> {
  return isTracing() ? import('./spans.ts').then(({ inSpan }) => inSpan(session, about(), work)) : work();
}
