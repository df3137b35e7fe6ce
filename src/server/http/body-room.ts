/**
 * How many bytes of bodies there are at once, from before they are read until they are answered: they lie in memory, and a connection
 * costs its client nothing. Who finds no room waits without being read, so that his bytes stay with him.
 */
import type { ServerResponse } from 'node:http';
import type { Session } from '../../core/root/root.ts';
import { busy } from './places.ts';

const mebibyte = 1024 * 1024;

/** Of one agent that proves who he is, and of all; as much as one request may have fits into either. */
export const mostBodyBytes = { agent: 64 * mebibyte, all: 256 * mebibyte };
/** What settles a claim, or asks, is never held up by what is long. */
export const smallBytes = 64 * 1024;
/** Within what a client waits for its answer. */
const waitMs = 10_000;

export interface BodyRoom {
  /** Comes when so many bytes may be read; it has them until its answer is over. @throws SERVER_BUSY */
  take(session: Session, outgoing: ServerResponse, bytes: number): Promise<void>;
}

interface Waiting {
  readonly agent: string | undefined;
  readonly bytes: number;
  readonly go: () => void;
}

export function createBodyRoom(most: typeof mostBodyBytes = mostBodyBytes, longestMs = waitMs): BodyRoom {
  const held = new Map<string, number>();
  const waiting = new Set<Waiting>();
  let inAll = 0;

  function fits({ agent, bytes }: Waiting): boolean {
    const own = agent === undefined ? 0 : (held.get(agent) ?? 0);
    // One alone may always be read: a root may let a message have more than all that.
    return (own === 0 || own + bytes <= most.agent) && (inAll === 0 || inAll + bytes <= most.all);
  }

  function count(agent: string | undefined, bytes: number): void {
    inAll += bytes;
    if (agent === undefined) return;
    const own = (held.get(agent) ?? 0) + bytes;
    if (own > 0) held.set(agent, own);
    else held.delete(agent);
  }

  function enter({ agent, bytes }: Waiting, outgoing: ServerResponse): void {
    count(agent, bytes);
    outgoing.once('close', () => {
      count(agent, -bytes);
      for (const one of waiting) if (fits(one)) one.go();
    });
  }

  return {
    take: async ({ acting, proved }, outgoing, bytes) => {
      if (bytes <= smallBytes || outgoing.closed) return;
      const agent = proved && acting !== undefined ? acting.toLowerCase() : undefined;
      await new Promise<void>((resolve, reject) => {
        const one: Waiting = {
          agent,
          bytes,
          go: () => {
            over();
            enter(one, outgoing);
            resolve();
          },
        };
        const over = (): void => {
          clearTimeout(timer);
          waiting.delete(one);
          outgoing.off('close', late);
        };
        const late = (): void => {
          over();
          reject(busy('So many long requests are read just now that there is no room for this one.'));
        };
        const timer = setTimeout(late, longestMs);
        outgoing.once('close', late);
        waiting.add(one);
        if (fits(one)) one.go();
      });
    },
  };
}
