/**
 * Claims that answers hand over. Whether an answer arrives nobody says, so for a while after it was written its claim is still
 * here: it is given back when its caller has cancelled the call or has gone, and else it is the caller's.
 */
import { DreamosError } from '../../model/errors.ts';
import type { Session } from '../root/root.ts';
import { ack, nack } from './settle.ts';

/** What is in a pipe or a socket whose reader dies is lost. A caller that lives on has read it by then; milliseconds. */
const graceMs = 1000;

type Work = (work: (session: Session) => Promise<unknown>) => Promise<void>;

/** @typeParam Id tells calls apart */
export interface Handed<Id> {
  /** @param settle what is done when it has arrived */
  note(id: Id, receipt: string, settle?: 'ack'): void;
  /** The answer to this call is written. */
  wrote(id: Id): void;
  /** The answer has been read. */
  arrived(id: Id): void;
  /** Nobody will say whether it was read: it is left to its lease. */
  leave(id: Id): void;
  /** Nobody waits for the answer to this call. */
  giveBack(id: Id): void;
  /** The caller has gone. @returns when all is given back */
  end(): Promise<void>;
}

/** @param work does something in a session of its own; it tells what fails */
export function createHanded<Id>(work: Work): Handed<Id> {
  interface Claim {
    readonly receipt: string;
    readonly settle: 'ack' | undefined;
    timer?: NodeJS.Timeout;
  }
  const open = new Map<Id, Claim>();
  const working = new Set<Promise<void>>();
  const start = (what: (session: Session) => Promise<unknown>): void => {
    const one = work(what).finally(() => working.delete(one));
    working.add(one);
  };
  const take = (id: Id): Claim | undefined => {
    const claim = open.get(id);
    open.delete(id);
    clearTimeout(claim?.timer);
    return claim;
  };
  const arrived = (id: Id): void => {
    const claim = take(id);
    if (claim?.settle === 'ack') start((session) => unlessSettled(ack(session, claim.receipt)));
  };
  const giveBack = (id: Id): void => {
    const claim = take(id);
    if (!claim) return;
    const how = { free: true, delayMs: 0, reason: 'who called for it has gone' };
    start((session) => unlessSettled(nack(session, claim.receipt, how)));
  };
  return {
    note: (id, receipt, settle) => open.set(id, { receipt, settle }),
    wrote: (id) => {
      const claim = open.get(id);
      if (claim) claim.timer = setTimeout(() => arrived(id), graceMs);
    },
    arrived,
    leave: take,
    giveBack,
    end: async () => {
      for (const id of open.keys()) giveBack(id);
      await Promise.all(working);
    },
  };
}

/** Its holder may have been faster. */
async function unlessSettled(settling: Promise<unknown>): Promise<void> {
  try {
    await settling;
  } catch (error) {
    if (!(error instanceof DreamosError) || error.kind !== 'conflict') throw error;
  }
}
