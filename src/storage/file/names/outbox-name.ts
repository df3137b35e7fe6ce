import { type EntryName, formatEntryName, parseEntryName } from './entry-name.ts';
import { isMailboxName } from './layout.ts';

/** In an outbox folder: which mailbox a link is for, and what its name will be there. */
export function outboxLink(mailbox: string, name: EntryName): string {
  return `${mailbox}:${formatEntryName(name)}`;
}

/** Quick: of a name that may be no link. */
export function mailboxOfLink(text: string): string {
  return text.slice(0, Math.max(0, text.indexOf(':')));
}

export function parseOutboxLink(text: string): { mailbox: string; name: EntryName } | undefined {
  const colon = text.indexOf(':');
  const name = colon > 0 ? parseEntryName(text.slice(colon + 1)) : undefined;
  const mailbox = mailboxOfLink(text);
  return name && isMailboxName(mailbox) ? { mailbox, name } : undefined;
}

/** The body of an outbox folder. */
export const outboxBody = 'message.json';

/** Whether its links are no mail: it is not committed yet, or being taken away. */
export function isUncommitted(folder: string): boolean {
  return folder.endsWith('.new') || folder.endsWith('.gone');
}

export function parseOutboxFolder(name: string): { id: string; committed: boolean } | undefined {
  const match = /^([0-7][0-9A-HJKMNP-TV-Z]{25})(\.new|\.gone)?$/.exec(name);
  return match ? { id: match[1] ?? '', committed: match[2] === undefined } : undefined;
}
