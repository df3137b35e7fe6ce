/** How many streams one agent has at once: each follows files, which are the server's and so of all. */
import type { ServerResponse } from 'node:http';
import type { Session } from '../../core/root/root.ts';
import { Refusal } from '../route/refusal.ts';

const mostStreams = 16;

/** @returns counts one that has begun until its connection ends; of who may open the root's own socket none @throws LIMITED */
export function createMostStreams(): (session: Session, outgoing: ServerResponse) => void {
  const open = new Map<string, number>();
  return ({ acting, proved }, outgoing) => {
    if (!proved || acting === undefined) return;
    const agent = acting.toLowerCase();
    const count = open.get(agent) ?? 0;
    if (count >= mostStreams) {
      const message = `${acting} has ${mostStreams} streams, and one agent has no more at once.`;
      throw new Refusal(429, ['conflict', 'LIMITED'], message, 'End one of them first');
    }
    open.set(agent, count + 1);
    outgoing.once('close', () => {
      const left = (open.get(agent) ?? 1) - 1;
      if (left > 0) open.set(agent, left);
      else open.delete(agent);
    });
  };
}
