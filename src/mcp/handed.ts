/**
 * Claims that answers hand over. Whether an answer arrives nobody says, so for a while after it was written its claim is still
 * here: it is given back when its caller has cancelled the call or has gone, and else it is the caller's.
 */
import type { RequestId } from '@modelcontextprotocol/server';
import type { Session } from '../core/root/root.ts';
import { ack, nack } from '../core/take/settle.ts';
import { DreamosError } from '../model/errors.ts';

/** What is in a pipe whose reader dies is lost. A caller that lives on has read it by then; milliseconds. */
const graceMs = 1000;

type Work = (work: (session: Session) => Promise<unknown>) => Promise<void>;

export interface Handed {
  /** @param settle what is done when it has arrived */
  note(id: RequestId, receipt: string, settle?: 'ack'): void;
  /** The answer to this request is written. */
  wrote(id: RequestId): void;
  /** Nobody waits for the answer to this request. */
  giveBack(id: RequestId): void;
  /** The caller has gone. @returns when all is given back */
  end(): Promise<void>;
}

/** @param work does something in a session of its own; it tells what fails */
export function createHanded(work: Work): Handed {
  const open = new Map<RequestId, { receipt: string; settle: 'ack' | undefined; timer?: NodeJS.Timeout }>();
  const working = new Set<Promise<void>>();
  const start = (what: (session: Session) => Promise<unknown>): void => {
    const one = work(what).finally(() => working.delete(one));
    working.add(one);
  };
  const giveBack = (id: RequestId): void => {
    const claim = open.get(id);
    if (!claim) return;
    open.delete(id);
    clearTimeout(claim.timer);
    const how = { free: true, delayMs: 0, reason: 'who called for it has gone' };
    start((session) => unlessSettled(nack(session, claim.receipt, how)));
  };
  return {
    note: (id, receipt, settle) => open.set(id, { receipt, settle }),
    wrote: (id) => {
      const claim = open.get(id);
      if (!claim) return;
      claim.timer = setTimeout(() => {
        open.delete(id);
        if (claim.settle === 'ack') start((session) => unlessSettled(ack(session, claim.receipt)));
      }, graceMs);
    },
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
