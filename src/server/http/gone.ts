import type { ServerResponse } from 'node:http';
import { onAbort } from '../../core/wait/on-abort.ts';

/**
 * Aborted when a client has gone without his whole answer, or one of the others is. AbortSignal.any would be 20 us of each request,
 * and keep something of it at a signal that lives as long as the server.
 */
export function goneOf(outgoing: ServerResponse, others: readonly (AbortSignal | undefined)[]): AbortSignal {
  const gone = new AbortController();
  const abort = (): void => gone.abort();
  const known = others.filter((other) => other !== undefined);
  if (outgoing.closed || known.some(({ aborted }) => aborted)) abort();
  const letGo = known.map((other) => onAbort(other, abort));
  outgoing.once('close', () => {
    for (const one of letGo) one();
    if (!outgoing.writableFinished) abort();
  });
  return gone.signal;
}
