import { DreamosError } from '../../model/errors.ts';
import type { Message } from '../../model/message.ts';
import type { Session } from '../root/root.ts';
import type { Entry } from '../../storage/port/look.ts';

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
