import * as host from 'dreamos:host';

let loaded: Record<string, unknown> | undefined;

/** Zod, and the texts of the topics of help. */
export function seldom(): Record<string, unknown> {
  return (loaded ??= host.load('seldom.js'));
}
