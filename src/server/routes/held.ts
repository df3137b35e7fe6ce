import { sameAgent } from '../../model/agent.ts';
import { notFound, usage } from '../../model/refusals.ts';
import { listHeld } from '../../core/take/held.ts';
import type { Session } from '../../core/root/root.ts';

/**
 * The receipt of the only message that who acts holds, as a bare `ack` means it; where nobody acts, of the only one that is held at
 * all, if it was claimed in its mailbox's own name. @throws MESSAGE_NOT_FOUND, USAGE
 */
export async function heldBy(session: Session): Promise<string> {
  const { acting } = session;
  const held = await listHeld(session, { by: acting });
  const [only, ...more] = held;
  const who = acting ?? 'Nobody';
  if (only === undefined)
    throw notFound('MESSAGE_NOT_FOUND', `${who} holds ${acting === undefined ? 'a' : 'no'} message.`, 'dreamos status');
  if (more.length > 0)
    throw usage(
      `It is not known which message is meant: ${held.length} are held.`,
      'Name it as `message`, by receipt or id.',
    );
  if (acting !== undefined || (only.by !== undefined && sameAgent(only.by, only.entry.mailbox))) return only.receipt;
  throw usage('It is not known who you are.', 'Say it: Dreamos-Agent: <agent>; or name the message as `message`');
}
