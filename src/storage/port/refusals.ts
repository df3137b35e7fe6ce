/** What every storage refuses in the same words. */
import { cut } from '../../model/basics/text.ts';
import { DreamosError, type ErrorCode, type ErrorKind } from '../../model/errors.ts';
import type { Located } from './documents.ts';
import type { Entry } from './look.ts';

/** A send that a mailbox does not take: it says which. */
export class Refused extends DreamosError {
  readonly mailbox: string;

  constructor(mailbox: string, kind: ErrorKind, code: ErrorCode, message: string, hint: string) {
    super(kind, code, message, { hint });
    this.mailbox = mailbox;
  }
}

/** What keeps the mail lets nobody in by this user and password; to try it again is no use. */
export class StorageDenied extends DreamosError {
  constructor(message: string, hint: string) {
    super('denied', 'UNAUTHENTICATED', message, { hint });
  }
}

/** A mailbox that has no room: core waits for it. */
export class MailboxFull extends Refused {
  constructor(mailbox: string, message: string, hint: string) {
    super(mailbox, 'conflict', 'MAILBOX_FULL', message, hint);
  }
}

/** There is no such mailbox, or not any more: it may have another name by now. */
export class MailboxGone extends DreamosError {
  readonly mailbox: string;

  constructor(mailbox: string) {
    super('not-found', 'AGENT_NOT_FOUND', `There is no mailbox of ${mailbox} (any more).`, {
      hint: 'See who there is: dreamos agent list',
    });
    this.mailbox = mailbox;
  }
}

/** Who had this name has another by now. */
export class AgentRenamed extends DreamosError {
  readonly former: string;
  readonly now: string;

  constructor(former: string, now: string) {
    super('not-found', 'AGENT_NOT_FOUND', `There is no agent "${former}" any more: it is called ${now} now.`, {
      hint: `Use that name: dreamos agent show ${now}; to make another ${former}: dreamos agent register ${former}`,
    });
    this.former = former;
    this.now = now;
  }
}

/** @param count about so many messages or bytes are there now */
export function mailboxFull(
  mailbox: string,
  setting: 'maxMessages' | 'maxBytes',
  limit: number,
  count: number,
): MailboxFull {
  const unit = setting === 'maxMessages' ? 'message' : 'byte';
  return new MailboxFull(
    mailbox,
    `${mailbox} is full, so nothing was sent: what waits there undelivered or unfinished is about ${count} ${count === 1 ? unit : `${unit}s`}, and its ${setting} is ${limit}.`,
    `See who reads it: dreamos status ${mailbox}; to wait for room: send, reply or publish with \`waitMs\``,
  );
}

export function leaseLost(id: string): DreamosError {
  return new DreamosError(
    'conflict',
    'LEASE_LOST',
    `This receipt of ${id} does not hold (any more): the message was taken back when its lease ran out, or was claimed anew since, or there never was such a claim.`,
    { hint: `What you did for it may be done again by somebody else. Where it is: dreamos show ${id}` },
  );
}

export function alreadySettled(id: string): DreamosError {
  return new DreamosError('conflict', 'ALREADY_SETTLED', `This receipt of ${id} was used before.`, {
    hint: `See what became of it: dreamos show ${id}`,
  });
}

export function receiptInvalid(text: string): DreamosError {
  return new DreamosError('invalid', 'RECEIPT_INVALID', `${JSON.stringify(cut(text, 80))} is not a receipt.`, {
    hint: 'Use the receipt that dreamos read printed, whole, or a message id. Where something is held: dreamos status',
  });
}

export function stateChanged({ id, mailbox, state }: Entry): DreamosError {
  return new DreamosError('conflict', 'STATE_CHANGED', `${id} in ${mailbox} is not ${state} any more.`, {
    hint: `See where it is now: dreamos show ${id}`,
  });
}

/** A message is in one state in a mailbox, so it is not handed over to where it is. */
export function alreadyThere(id: string, mailbox: string): DreamosError {
  const message = `${mailbox} has ${id} already, so it is not handed over to it.`;
  return new DreamosError('conflict', 'ALREADY_EXISTS', message, { hint: `dreamos show ${id}` });
}

/** Of what is delayed: nobody but its request takes it, which does not wait for a time. */
export function answerAwaited({ id, mailbox }: Pick<Entry, 'id' | 'mailbox'>): DreamosError {
  const message = `${id} in ${mailbox} is the answer that a request waits for, so it is delivered to that alone.`;
  return new DreamosError('conflict', 'STATE_CHANGED', message, { hint: `dreamos show ${id}` });
}

/** What was there when it began is not all that is there by now. @param already so many of its messages */
export function importLost(already = 0): DreamosError {
  const message = `This import was paused for so long that another could take over, so it ends; it has imported ${already} until here.`;
  return new DreamosError('conflict', 'STATE_CHANGED', message, {
    hint: 'Run it again: what is there already is not imported twice.',
  });
}

export function restoreLost(id: string, mailbox: string): DreamosError {
  const message = `${id} is not restored: this process was paused for so long that another may work in the archive of ${mailbox}.`;
  return new DreamosError('conflict', 'STATE_CHANGED', message, { hint: `dreamos archive restore ${mailbox} ${id}` });
}

export function packLost(mailbox: string): DreamosError {
  const message = `The archive of ${mailbox} is not packed to its end: this process was paused for so long that another may work in it.`;
  return new DreamosError('conflict', 'STATE_CHANGED', message, {
    hint: `Nothing is lost. Run it again: dreamos archive pack ${mailbox}`,
  });
}

/** @param alike only the recipients differ: who is in a group may have changed since */
export function dedupeMismatch(
  first: { readonly id: string; readonly from: string; readonly dedupeKey: string | null },
  alike: boolean,
): DreamosError {
  const what = alike ? 'the same message to other recipients' : 'another message';
  return new DreamosError(
    'conflict',
    'DEDUPE_MISMATCH',
    `The dedupe key "${first.dedupeKey}" was used before by ${first.from} for ${what}, ${first.id}.`,
    { hint: `Use another key, or look at the first one: dreamos show ${first.id}` },
  );
}

/** Of a document that somebody has edited by hand. @param hint what mends it, if it is not the hand */
export function documentInvalid({ document, at }: Located, why: string, hint?: string): DreamosError {
  const message = `${document} cannot be used: ${at === undefined ? '' : `${at}: `}${why}.`;
  return new DreamosError('invalid', 'CONFIG_INVALID', message, {
    hint: hint ?? `Mend it there; or begin anew, without what it says: mv ${document} ${document}.broken`,
  });
}

/** As a warning: a setting that somebody has written by hand and that says nothing. */
export function misspelt({ document, at }: Located, { name, meant }: { name: string; meant: string }): string {
  return `${document}${at === undefined ? '' : `, ${at}`}: there is no setting ${JSON.stringify(name)}. Did you mean "${meant}"?`;
}

export function cursorInvalid(text: string): DreamosError {
  return new DreamosError(
    'invalid',
    'CURSOR_INVALID',
    `${JSON.stringify(cut(text, 60))} is not a cursor of \`dreamos watch\` or \`listen\`.`,
    { hint: 'Use the `cursor` of an earlier event, `start`, or no `since` at all.' },
  );
}

/** Its place says nothing here. */
export function cursorOfAnother(text: string): DreamosError {
  return new DreamosError('invalid', 'CURSOR_INVALID', `${JSON.stringify(text)} is a cursor of another root.`, {
    hint: 'Use it where it was told, or here `start`, or no `since` at all',
  });
}

/** A move between files and an engine takes events along, and not where each of them stood. @param there whose cursor it is */
export function cursorOfAnotherStorage(text: string, there: 'files' | 'an engine'): DreamosError {
  const here = there === 'files' ? 'an engine' : 'files';
  return new DreamosError(
    'invalid',
    'CURSOR_INVALID',
    `${JSON.stringify(cut(text, 60))} is a cursor of a root in ${there}, and this one is in ${here}: a move there ends cursors.`,
    { hint: 'With `since` start all is told again, by the ids and times that it had; without it what is new' },
  );
}

/** A warning: of these mailboxes events may be missing between a cursor and the next that are told. */
export function prunedBehind([name = '', ...more]: readonly string[]): string {
  const whose = more.length === 0 ? name : `${name} and of ${more.length} more`;
  return `Events of ${whose} that come behind the cursor may have been pruned; going on with those that are left.`;
}

/** Of several things that are done together each has its own answer. */
export function orRefusal<T>(work: () => T): T | DreamosError {
  try {
    return work();
  } catch (error) {
    if (error instanceof DreamosError) return error;
    throw error;
  }
}
