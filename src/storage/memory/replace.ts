import { sameAgent } from '../../model/agent.ts';
import type { Message } from '../../model/message.ts';
import type { Replaced } from '../port/mail.ts';
import { changed, type Held, inState, type Mail, messageOf } from './mail.ts';

/** What waits with a message's replace key, that message included. */
export function waitingWith(mail: Mail, mailbox: string, { from, replaceKey }: Message): Held[] {
  if ((replaceKey ?? null) === null) return [];
  return (['delayed', 'ready'] as const)
    .flatMap((state) => inState(mail, mailbox, state))
    .filter((held) => {
      const other = messageOf(held);
      return held.inbox === undefined && other.replaceKey === replaceKey && sameAgent(other.from, from);
    });
}

/** Of these the one with the latest id stays. */
export function replaceOlder(mail: Mail, mailbox: string, message: Message, now: number): Replaced[] {
  const waiting = waitingWith(mail, mailbox, message);
  const newest = waiting.reduce((latest, { id }) => (id > latest ? id : latest), message.id);
  const older = waiting.filter(({ id }) => id < newest);
  for (const held of older) {
    held.state = 'archived';
    held.holdsOrderingKey = false;
    held.ackedAt = now;
    held.withdrawn = true;
    changed(mail, held, now, 'replaced', { by: message.from, replacedBy: newest });
  }
  return older.map(({ id }) => ({ mailbox, id }));
}
