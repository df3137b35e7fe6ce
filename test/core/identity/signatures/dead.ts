import { listDead } from '../../../../src/core/keep/dlq.ts';
import type { Session } from '../../../../src/core/root/root.ts';

/** By id. */
export async function deadReasonOf(session: Session, mailbox: string): Promise<Record<string, string>> {
  const reasons: Record<string, string> = {};
  for await (const { id, reason } of listDead(session, mailbox)) reasons[id] = reason;
  return reasons;
}
