import type { ServerResponse } from 'node:http';
import type { Door } from './access.ts';

/**
 * Over TCP whoever has shown no token keeps no connection behind his answer: there are so many, and he would keep out all others.
 */
export function keepNone(door: Door, outgoing: ServerResponse): void {
  if (door.by === 'token') outgoing.setHeader('connection', 'close');
}
