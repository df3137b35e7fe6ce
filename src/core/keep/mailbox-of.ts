import { sameAgent } from '../../model/agent.ts';
import { usage } from '../../model/refusals.ts';
import { findNow } from '../look/find.ts';
import { meantId } from '../look/meant.ts';
import { messageNotFound, notInState } from '../root/refusals.ts';
import type { Session } from '../root/root.ts';

/**
 * In which mailbox a message died or was finished that was named without one; the acting agent's comes before others'.
 * @param command what it is named for: `dlq retry`
 * @throws MESSAGE_NOT_FOUND, STATE_CHANGED; USAGE: it did in several
 */
export async function mailboxOf(
  session: Session,
  end: string,
  state: 'dead' | 'archived',
  command: string,
): Promise<string> {
  const { acting = '' } = session;
  const own = acting === '' ? undefined : await session.store.documents.getAgent(acting);
  const places = own ? [{ mailbox: own.name, states: [state] }] : [];
  const id = await meantId(session, end, ...places, { states: [state] }, {});
  const entries = await findNow(session, id);
  const there = entries.filter((entry) => entry.state === state).map(({ mailbox }) => mailbox);
  const [only, ...more] = there.some((mailbox) => sameAgent(mailbox, acting)) ? [acting] : there;
  if (only === undefined) throw entries[0] ? notInState(entries[0], state) : messageNotFound(id);
  if (more.length === 0) return only;
  throw usage(
    `${id} ${state === 'dead' ? 'died' : 'was finished'} in more than one mailbox: ${there.join(', ')}.`,
    `Name one: dreamos ${command} ${only} ${id}`,
  );
}
