import { DreamosError } from '../../model/errors.ts';
import type { Refusal } from '../../storage/port/mail.ts';
import { AgentRenamed, Refused } from '../../storage/port/refusals.ts';
import type { Session } from '../root/root.ts';

/** What mailboxes have refused, for `status`. @param former count what was sent to a former name, and is not tried again */
export async function noteRefusals(session: Session, errors: readonly unknown[], former = false): Promise<void> {
  const refusals: Refusal[] = [];
  for (const error of errors) {
    if (!(error instanceof DreamosError)) continue;
    const { code, message: reason } = error;
    if (error instanceof Refused) refusals.push({ mailbox: error.mailbox, code, reason });
    else if (former && error instanceof AgentRenamed) refusals.push({ mailbox: error.now, code, reason });
  }
  if (refusals.length > 0) await session.store.mail.noteRefusals(refusals);
}
