/** Whether the claim that an answer hands over has arrived. */
import type { ServerResponse } from 'node:http';
import { onAbort } from '../../core/wait/on-abort.ts';

export interface Ends {
  /** Aborted when the server ends, */
  readonly ending: AbortSignal;
  /** and when it cuts what is still connected. */
  readonly cutting: AbortSignal;
}

export interface Arrival {
  /** Its client says that it has it. */
  have(): void;
  /** Aborted when its client has ended the connection. */
  readonly left: AbortSignal;
  /**
   * A client that is there says it at once; one that is busy, or stopped, is not gone as long as its connection is there.
   * @returns `unknown`: this server ends, and has waited long enough: the claim has its lease
   */
  heard(): Promise<'arrived' | 'left' | 'unknown'>;
}

/** So long a server that ends waits for it; milliseconds. */
const endingMs = 2000;

export function createArrival(outgoing: ServerResponse, { ending, cutting }: Ends): Arrival {
  const left = new AbortController();
  let tell: (how: 'arrived' | 'left' | 'unknown') => void = () => undefined;
  const told = new Promise<'arrived' | 'left' | 'unknown'>((resolve) => (tell = resolve));
  const close = (): void => {
    if (!cutting.aborted) left.abort();
    tell(cutting.aborted ? 'unknown' : 'left');
  };
  // Its end may have been told already.
  if (outgoing.destroyed) close();
  else outgoing.once('close', close);
  return {
    have: () => tell('arrived'),
    left: left.signal,
    heard: async () => {
      let timer: NodeJS.Timeout | undefined;
      const wait = (): void => void (timer ??= setTimeout(() => tell('unknown'), endingMs));
      const unlisten = onAbort(ending, wait);
      if (ending.aborted) wait();
      try {
        return await told;
      } finally {
        unlisten();
        clearTimeout(timer);
      }
    },
  };
}
