import { DreamosError } from '../../model/errors.ts';
import type { Message } from '../../model/message.ts';
import type { Session } from '../root/root.ts';
import { diskTrouble } from '../root/trouble.ts';
import type { DeadReason, Entry } from '../../storage/port/look.ts';

/** For listings, which one message that cannot be read must not end. @returns `null`: it cannot be read; `undefined`: it has moved on */
export async function readOrWarn(session: Session, entry: Entry): Promise<Message | null | undefined> {
  try {
    return await session.store.look.read(entry);
  } catch (error) {
    if (!(error instanceof DreamosError) || (error.code !== 'CORRUPT' && error.kind !== 'disk')) throw error;
    session.warn(`Message ${entry.id} in ${entry.mailbox} is passed over. ${error.message}`);
    return null;
  }
}

/** As readOrWarn, of why a message is dead. @returns `undefined`: it is not, or that cannot be read */
export async function whyOrWarn(session: Session, entry: Entry): Promise<DeadReason | undefined> {
  if (entry.state !== 'dead') return undefined;
  try {
    return await session.store.look.deadReason(entry);
  } catch (error) {
    session.warn(`Why ${entry.id} is dead in ${entry.mailbox} could not be read: ${diskTrouble(error).message}`);
    return undefined;
  }
}
