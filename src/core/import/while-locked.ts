import type { Lock } from '../../storage/port/documents.ts';
import type { Store } from '../../storage/port/store.ts';

/**
 * Holds the import lock from the first item that is asked for until the generator ends or is left early, which a
 * callback alone cannot span.
 */
export async function* whileLocked<T>(store: Store, work: (lock: Lock) => AsyncGenerator<T>): AsyncGenerator<T> {
  const { promise: finished, resolve: finish } = withResolvers();
  const { promise: taken, resolve: take } = withResolvers<Lock>();
  const ended = store.documents.withLock('import', (lock) => {
    take(lock);
    return finished;
  });
  // Also when it is refused: then `taken` never comes.
  const lock = await Promise.race([taken, ended]);
  try {
    yield* work(lock as Lock);
  } finally {
    finish();
    await ended;
  }
}

// Promise.withResolvers is not in Node 20.
function withResolvers<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
