import { usage } from '../../model/refusals.ts';
import type { Call } from './route.ts';

/** A draft with `Idempotency-Key` as its dedupe key. @throws USAGE: it says another one itself */
export function draftOf<D extends { readonly dedupeKey?: unknown }>(call: Call, draft: D): D {
  if (call.key === undefined) return draft;
  const said = draft.dedupeKey ?? call.key;
  if (said !== call.key) throw usage('`dedupeKey` and Idempotency-Key say two keys.', 'Leave out one of them.');
  return { ...draft, dedupeKey: call.key };
}
