/** What several operations refuse, each said in one way. */
import { DreamosError } from '../../model/errors.ts';

export function messageNotFound(id: string, mailbox?: string): DreamosError {
  const where = mailbox === undefined ? 'in any mailbox' : `in ${mailbox}'s mailbox`;
  const hint = mailbox === undefined ? 'dreamos list <agent>' : `dreamos list ${mailbox}`;
  return new DreamosError('not-found', 'MESSAGE_NOT_FOUND', `There is no message ${id} ${where}.`, { hint });
}
