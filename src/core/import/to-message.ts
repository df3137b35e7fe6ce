import { createHash } from 'node:crypto';
import { sayableTime } from '../../model/clock.ts';
import { idFrom, idTime } from '../../model/id.ts';
import { hardMaxMessageBytes, subjectCharacters, typeCharacters } from '../../model/basics/limits.ts';
import { explainIssues, messageSchema, type Message } from '../../model/message.ts';
import type { OldMessage } from './old/message.ts';

export interface Placed {
  /** Valid agent names. */
  readonly from: string;
  readonly to: readonly string[];
  /** The mailbox by the name that the older tree has for it, before any `--map`. */
  readonly oldMailbox: string;
  /** Its own bytes in the older file. */
  readonly bytes: Uint8Array;
  readonly text?: string;
  readonly around?: Readonly<Record<string, unknown>>;
  readonly file: string;
  readonly fileTimeMs: number;
}

/**
 * An older message as one of dreamos. `data` holds the whole original: `{"imported": {format, file…}, "original": …}`.
 *
 * The id is made of the message's time and of a digest over the older mailbox's name and its own bytes. `contentOfId` is
 * that digest, by which an earlier import is recognised, also one of a copy of the tree whose files have other times, or
 * under another `--map`.
 * @returns a text: why it can't be one
 */
export function toMessage(old: OldMessage, place: Placed): Message | string {
  const { format, original } = old;
  const at = sayableTime(old.at ?? place.fileTimeMs);
  const message: Message = {
    v: 1,
    id: oldId(at, place.oldMailbox, place.bytes),
    from: place.from,
    to: [...place.to],
    subject: cut(old.subject.replace(/\s+/g, ' ').trim(), subjectCharacters),
    body: old.body,
    type: cut(old.type, typeCharacters),
    priority: old.priority,
    thread: old.thread,
    replyTo: old.replyTo,
    tags: [...old.tags],
    data: {
      imported: { format, file: place.file, ...(place.around && { around: place.around }) },
      original,
      ...(place.text !== undefined && { text: place.text }),
    },
    createdAt: new Date(at).toISOString(),
    expiresAt: null,
    dedupeKey: null,
  };
  const checked = messageSchema.safeParse(message);
  if (!checked.success) return `it does not make a message: ${explainIssues(checked.error)}`;
  // Escapes make at most six bytes of one, twice over: below this, measuring is a waste.
  // A message is its body and the whole original, so it can be far larger than its file.
  const sizeBytes = place.bytes.length > hardMaxMessageBytes / 16 ? Buffer.byteLength(JSON.stringify(message)) : 0;
  return sizeBytes > hardMaxMessageBytes
    ? `as a message it would have ${sizeBytes} bytes, more than ${hardMaxMessageBytes}`
    : message;
}

function oldId(atMs: number, mailbox: string, bytes: Uint8Array): string {
  return idFrom(atMs, createHash('sha256').update(mailbox).update('\0').update(bytes).digest());
}

/**
 * The id of a further message with the same bytes in the same mailbox: two were sent, and two are kept. Which of them
 * comes first does not matter, so that a second run finds both.
 * @param id of the first one @param nth 1 for the second
 */
export function idOfTwin(id: string, nth: number): string {
  return idFrom(idTime(id), createHash('sha256').update(contentOfId(id)).update(`\0${nth}`).digest());
}

/** The part of an imported message's id that does not depend on its time: 80 bits of the digest. */
export function contentOfId(id: string): string {
  return id.slice(10);
}

/** Cut to so many UTF-16 units, never in the middle of a character. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
