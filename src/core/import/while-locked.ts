import type { Store } from '../../storage/port/store.ts';

/**
 * Holds the import lock from the first item that is asked for until the generator ends or is left early, which a
 * callback alone cannot span.
 */
export async function* whileLocked<T>(store: Store, work: () => AsyncGenerator<T>): AsyncGenerator<T> {
  const { promise: finished, resolve: finish } = withResolvers();
  const { promise: taken, resolve: take } = withResolvers();
  const lock = store.documents.withLock('import', () => {
    take();
    return finished;
  });
  // Also when it is refused: then `taken` never comes.
  await Promise.race([taken, lock]);
  try {
    yield* work();
  } finally {
    finish();
    await lock;
  }
}

// Promise.withResolvers is not in Node 20.
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
