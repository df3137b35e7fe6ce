import { now } from '../data/now.ts';
import { ago, count, moment, span } from '../base/words.ts';

/** `3h ago`; the moment itself on hover. */
export function When({ at }: { at: string }) {
  return (
    <time dateTime={at} title={moment(at, { millis: true })}>
      {ago(at, now.value)}
    </time>
  );
}

/** `3h 12m`, or a dash. @param ms `null`: there is none */
export function Span({ ms }: { ms: number | null | undefined }) {
  return ms === null || ms === undefined ? <None /> : <span class="number">{span(ms)}</span>;
}

/** Nothing is there; a zero that somebody has counted is a `0`. */
export function None() {
  return (
    <span class="none" aria-label="none">
      –
    </span>
  );
}

/** Somebody has counted, and there are none: the eye passes over it. */
export function Zero() {
  return <span class="none">0</span>;
}

export function Number({ n }: { n: number }) {
  return n === 0 ? <Zero /> : <>{count(n)}</>;
}
