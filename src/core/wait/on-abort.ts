/** By signal: who waits for it. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls when the signal comes; not, if it has come. However many wait for one signal, it has one listener: with the eleventh
 * Node warns of a leak, and a send to everybody waits for each.
 * @returns what ends it
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  const calls = waiting.get(signal) ?? listenTo(signal);
  // Of its own, so that ending one of two that are alike ends that one.
  const own = (): void => call();
  calls.add(own);
  return () => {
    calls.delete(own);
  };
}

function listenTo(signal: AbortSignal): Set<() => void> {
  const calls = new Set<() => void>();
  waiting.set(signal, calls);
  signal.addEventListener('abort', () => calls.forEach((call) => call()), { once: true });
  return calls;
}
