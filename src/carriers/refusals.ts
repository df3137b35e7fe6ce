import { agentNamePattern } from '../model/agent.ts';
import { isId } from '../model/id.ts';
import { objectIn } from './frames.ts';
import type { Parcel, Refusal, Returned } from './port.ts';

/** What a root tells by a broker of a parcel that it has refused. */
export function refusalText({ id, to }: Parcel, { code, reason }: Refusal): string {
  return JSON.stringify({ v: 1, id, to, code, reason });
}

/** `undefined`: it is none. */
export function refusalIn(text: string): Returned | undefined {
  const { id, to, code, reason } = objectIn(text) ?? {};
  if (typeof id !== 'string' || !isId(id) || typeof to !== 'string' || !agentNamePattern.test(to)) return undefined;
  return typeof code === 'string' && typeof reason === 'string' ? { id, to, code, reason } : undefined;
}
