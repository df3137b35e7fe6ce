import { DreamosError } from '../model/errors.ts';
import type { Message } from '../model/message.ts';
import type { Entry } from '../storage/store.ts';
import type { Root } from './root.ts';

/** For listings, which one message that cannot be read must not end. @returns `null`: it cannot be read; `undefined`: it has moved on */
export async function readOrWarn(root: Root, entry: Entry): Promise<Message | null | undefined> {
  try {
    return await root.store.read(entry);
  } catch (error) {
    if (!(error instanceof DreamosError) || error.code !== 'CORRUPT') throw error;
    root.warn(`Message ${entry.id} in ${entry.mailbox} is passed over. ${error.message}`);
    return null;
  }
}
