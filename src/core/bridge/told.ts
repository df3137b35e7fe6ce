import { type Answer, CarrierDown, type Refusal } from '../../carriers/port.ts';
import type { BridgeTold } from '../../contract/reach.ts';
import type { Claim } from '../take/keep-lease.ts';

/** What a bridge tells of what it does. */
export type Told = BridgeTold;

export function carriedAs({ message: { id }, mailbox }: Claim, peer: string, answer: Answer | CarrierDown): Told {
  const about = { id, mailbox, peer };
  if (answer instanceof CarrierDown) return { event: 'given_back', ...about, reason: answer.message };
  if (answer.is === 'stored') return { event: 'forwarded', ...about, ...(answer.again && { again: answer.again }) };
  const { code, reason } = answer;
  return { event: answer.is === 'refused' ? 'refused' : 'given_back', ...about, code, reason };
}

/** As the reason of a dead letter. */
export const refusedBy = (peer: string, { code, reason }: Refusal): string => `${peer} refused it: ${code}: ${reason}`;

export const notNow = (peer: string, { code, reason }: Refusal): string =>
  `${peer} cannot take it now: ${code}: ${reason}`;
