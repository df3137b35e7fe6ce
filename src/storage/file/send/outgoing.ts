import type { Outgoing, Sent } from '../../port/mail.ts';
import { type LogEntry, arrival } from '../events/event-log.ts';
import type { Durability } from '../../../model/settings.ts';

/** What is said of a message on its way. */
export function mailboxOf(outgoing: Outgoing): string {
  return outgoing.mailboxes[0] ?? '';
}

export function eventOf({ message, dueAt }: Outgoing): LogEntry {
  return arrival(dueAt === undefined ? 'delivered' : 'scheduled', message.id, message);
}

export function sentOf({ message, mailboxes, dueAt }: Outgoing, durability: Durability): Sent {
  return { id: message.id, mailboxes, state: dueAt === undefined ? 'ready' : 'delayed', durability };
}
