/**
 * Spans of OpenTelemetry, where this process has registered a tracer provider. Where it has not, nothing is loaded and nothing
 * made: that is a look at one global.
 */
import type { TraceContext } from '../../model/trace/trace-context.ts';
import type { Session } from './root.ts';
import type { Traced } from './spans.ts';

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
