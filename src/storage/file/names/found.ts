import type { State } from '../../../model/state.ts';
import type { Entry } from '../../port/look.ts';
import { formatEntryName, parseEntryName, priorityOf, type EntryName } from './entry-name.ts';
import { type Lane, type Mailbox } from './layout.ts';
import { formatReceipt } from './receipt.ts';
import { nameOf, pathBelow, pathIn } from './path.ts';
import { slotOf } from './slots.ts';

/** A message's name where it was seen. */
export interface Found {
  readonly state: State;
  readonly path: string;
  readonly name: EntryName;
}

export function toEntry(mailbox: Mailbox, { state, path, name }: Found): Entry {
  return {
    key: pathBelow(mailbox.dir, path),
    mailbox: mailbox.name,
    id: name.id,
    state,
    priority: priorityOf(name),
    attempt: name.attempt,
    ...(name.task && { task: true }),
    ...(name.expiresAt !== undefined && { expiresAt: name.expiresAt }),
    ...(state === 'delayed' && { dueAt: name.time }),
    ...(state === 'inflight' && { receipt: formatReceipt(mailbox.name, name), leaseUntil: name.time }),
    ...(state === 'inflight' && name.maxAttempts !== undefined && { maxAttempts: name.maxAttempts }),
    ...(state === 'archived' && { ackedAt: name.time, ...(name.withdrawn && { withdrawn: true }) }),
    ...(state === 'dead' && { deadAt: name.time }),
  };
}

/** Where an entry lies; the reverse of toEntry. */
export function pathOf(mailbox: Mailbox, entry: Entry): { path: string; name: EntryName } | undefined {
  // A `published` event brings a key, and a line of a log may say anything.
  if (entry.key.split('/').includes('..')) return undefined;
  const name = parseEntryName(nameOf(entry.key));
  return name && { path: pathIn(mailbox.dir, entry.key), name };
}

/** The path of a claim, from its name alone. */
export function inflightPath(mailbox: Mailbox, name: EntryName): string {
  return `${slotOf(mailbox.inflight, name.time)}/${formatEntryName(name)}`;
}

/** The lane of what lies in ready/. */
export function laneIn(mailbox: Mailbox, path: string): Lane {
  return path.slice(mailbox.ready.length).split('/')[2] === '0' ? 0 : 1;
}
