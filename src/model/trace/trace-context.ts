/** Where a message stands in a trace, as W3C Trace Context writes it. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

// The version that is told apart from others (ff is none), and ids that are not all zeros.
const pattern = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})$/;
const stateCharacters = 512;

/** The ids and flags of a traceparent; `undefined`: it is none, and is to be passed over. */
export function parseTraceparent(
  text: string,
): { readonly traceId: string; readonly spanId: string; readonly flags: number } | undefined {
  const [, traceId = '', spanId = '', flags = ''] = pattern.exec(text) ?? [];
  return traceId === '' ? undefined : { traceId, spanId, flags: Number.parseInt(flags, 16) };
}

/**
 * What of it can be passed on: nothing without a traceparent that is one, as the rule of W3C is, and no tracestate that is too
 * long or not of ASCII.
 */
export function traceOf(said: {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}): TraceContext | undefined {
  const { traceparent, tracestate = '' } = said;
  if (traceparent === undefined || !pattern.test(traceparent)) return undefined;
  const isState = tracestate.length <= stateCharacters && /^[\t\x20-\x7e]+$/.test(tracestate);
  return isState ? { traceparent, tracestate } : { traceparent };
}

/** TRACEPARENT and TRACESTATE, which whoever is part of a trace has in its environment. */
export function traceIn(env: NodeJS.ProcessEnv): Partial<TraceContext> {
  const { TRACEPARENT: traceparent, TRACESTATE: tracestate } = env;
  return traceparent ? { traceparent, ...(tracestate && { tracestate }) } : {};
}

/** A draft in this trace instead of its own. */
export function inTrace<D extends Partial<TraceContext>>(draft: D, trace: TraceContext | undefined): D {
  if (trace === undefined) return draft;
  const { traceparent: _, tracestate: __, ...rest } = draft;
  return { ...rest, ...trace } as D;
}
