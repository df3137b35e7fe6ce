/** What of claims a listener has to know. */
import type { ServerResponse } from 'node:http';
import type { Session } from '../../core/root/root.ts';
import type { Call } from './route.ts';

/** Of one answer. */
interface HandOver extends Pick<Call, 'hands'> {
  /** Before the answer is written: whether he has gone is known behind it. */
  look(): Promise<void>;
}

/** Of all answers. */
export interface HandOvers {
  /** @param session of who gets it */
  of(session: Session, outgoing: ServerResponse): HandOver;
  /** No connection is left. @returns when all is settled */
  end(): Promise<void>;
}
