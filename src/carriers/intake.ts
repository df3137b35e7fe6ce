import type { Parcel } from './port.ts';

/** What has come and is not stored yet. What lies ready is stored in one call, and so shares its syncs. */
export interface Intake<T> {
  /** It is stored after the next `begin`. */
  add(one: T): void;
  begin(): void;
  /** Ends at once, if there is room for more. */
  room(): Promise<void>;
  /** What is being stored is; after the signal nothing else is. Never rejects. */
  idle(): Promise<void>;
}

export interface IntakeOptions<T> {
  /** Stores some and answers them, one call at a time. */
  readonly store: (some: readonly T[]) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
  /** What is being stored is finished, and nothing else begun. */
  readonly signal: AbortSignal;
}

// A store's syncs are most of what it takes: of more at a time each costs less.
const mostTogether = 1000;
export const bytesTogether = 4 * 1024 * 1024;
/** A stream is read in every other turn at most. */
const quietTurns = 2;
/** So much is read ahead. */
const aheadBytes = 2 * bytesTogether;

export function createIntake<T extends { readonly parcel: Parcel }>({
  store,
  onFailure,
  signal,
}: IntakeOptions<T>): Intake<T> {
  const queue: T[] = [];
  let queued = 0;
  let storing: Promise<void> | undefined;
  const next = (): T[] => {
    let bytes = 0;
    const isTaken = ({ parcel }: T): boolean => (bytes += parcel.bytes.length) <= bytesTogether;
    let count = 1;
    isTaken(queue[0] as T);
    while (count < queue.length && count < mostTogether && isTaken(queue[count] as T)) count++;
    return queue.splice(0, count);
  };
  /** A store lets the event loop turn a few times only, so that of much that lies ready little has been read by then. */
  const comesNoMore = async (): Promise<void> => {
    for (let quiet = 0, seen = queue.length; quiet < quietTurns; quiet++) {
      if (queue.length >= mostTogether || queued >= bytesTogether) return;
      await new Promise((resolve) => void setImmediate(resolve));
      if (queue.length > seen) quiet = -1;
      seen = queue.length;
    }
  };
  const storeAll = async (): Promise<void> => {
    while (queue.length > 0 && !signal.aborted) {
      await comesNoMore();
      if (signal.aborted) return;
      const some = next();
      for (const { parcel } of some) queued -= parcel.bytes.length;
      await store(some);
    }
  };
  const begin = (): void => {
    // A signal that comes while it takes the first ones is to find it.
    storing ??= Promise.resolve()
      .then(storeAll)
      .then(
        () => {
          storing = undefined;
          // What has come since the last look at the queue.
          if (queue.length > 0 && !signal.aborted) begin();
        },
        (error: unknown) => {
          storing = undefined;
          onFailure(error);
        },
      );
  };
  return {
    add: (one) => {
      queue.push(one);
      queued += one.parcel.bytes.length;
    },
    begin,
    room: async () => {
      if (queued > aheadBytes) await storing;
    },
    idle: async () => {
      while (storing) await storing;
    },
  };
}
