import { createHash } from 'node:crypto';
import { sayableTime } from '../../model/clock.ts';
import { idFrom, idTime } from '../../model/id.ts';
import { keyCharacters, subjectCharacters, typeCharacters } from '../../model/basics/limits.ts';
import { cut } from '../../model/basics/text.ts';
import { DreamosError } from '../../model/errors.ts';
import { explainIssues, messageSchema, type Message, seal, withRawData } from '../../model/message.ts';
import { exactJson, exactObject, loneEscapeIn } from '../../model/basics/raw-json.ts';
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
  readonly around?: unknown;
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
    thread: old.thread && cut(old.thread, keyCharacters),
    replyTo: old.replyTo && cut(old.replyTo, keyCharacters),
    tags: [...old.tags],
    data: exactObject({
      imported: exactObject({ format, file: place.file, around: place.around }),
      original,
      text: place.text,
    }),
    createdAt: new Date(at).toISOString(),
    expiresAt: null,
    dedupeKey: null,
  };
  const checked = messageSchema.safeParse(message);
  if (!checked.success) return `it does not make a message: ${explainIssues(checked.error)}`;
  const made = withRawData(message);
  const half = loneEscapeIn(exactJson(made));
  if (half !== undefined) return `it has half a character in it: ${JSON.stringify(half)}, whose other half is missing`;
  return tooLarge(made) ?? made;
}

/** A message is its body and the whole original, so it can be far larger than its file. */
function tooLarge(message: Message): string | undefined {
  try {
    seal(message);
    return undefined;
  } catch (error) {
    if (error instanceof DreamosError) return error.message.replace(/\.$/, '');
    throw error;
  }
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
