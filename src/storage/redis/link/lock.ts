import { setTimeout } from 'node:timers/promises';
import type { Lock } from '../../port/documents.ts';
import { Unreachable } from './errors.ts';
import type { Link } from './link.ts';

/** So long a lock outlives its holder's last word. */
const holdMs = 30_000;
const renewMs = 10_000;
/** It is no longer said to be held so long before it may be another's. */
const marginMs = 5000;
const shortestRestMs = 5;
const longestRestMs = 250;

/** One holder at a time. Who was paused for too long, or cannot reach the server, is told that it may be lost. */
export async function withLock<T>(link: Link, name: string, work: (lock: Lock) => Promise<T>): Promise<T> {
  const { clock } = link.options;
  const token = link.op();
  let heldSince = clock.uptime();
  for (let rest = shortestRestMs; Number(await link.runAs(token, 'lock', name, String(holdMs))) !== 1;) {
    await setTimeout(rest);
    rest = Math.min(rest * 2, longestRestMs);
    heldSince = clock.uptime();
  }
  let isLost = false;
  const renewal = setInterval(() => {
    const since = clock.uptime();
    link.run('holdLock', name, token, String(holdMs)).then(
      (held) => {
        if (Number(held) === 1) heldSince = since;
        else isLost = true;
      },
      // Then its time runs out.
      () => undefined,
    );
  }, renewMs);
  renewal.unref();
  try {
    return await work({ isHeld: () => !isLost && clock.uptime() - heldSince < holdMs - marginMs });
  } finally {
    clearInterval(renewal);
    // What was done under it is done; where the server is away, its time runs out.
    await link.run('unlock', name, token).catch((error: unknown) => {
      if (!(error instanceof Unreachable)) throw error;
    });
  }
}
