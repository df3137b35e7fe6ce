import { withoutPasswords } from './basics/text.ts';

/** What went wrong, in the classes that the exit codes speak of (`dreamos help exit-codes`). */
export type ErrorKind =
  'bug' | 'usage' | 'nothing' | 'not-found' | 'conflict' | 'invalid' | 'disk' | 'unreachable' | 'denied';

const kinds: Readonly<Record<ErrorKind, true>> = {
  ...{ bug: true, usage: true, nothing: true, 'not-found': true, conflict: true, invalid: true, disk: true },
  ...{ unreachable: true, denied: true },
};
export const errorKinds = Object.keys(kinds) as readonly ErrorKind[];

/** The public, stable name of an error. Codes are only ever added. */
export type ErrorCode =
  | 'AGENT_NOT_FOUND'
  | 'AGENT_PAUSED'
  | 'AGENT_RETIRED'
  | 'ALREADY_EXISTS'
  | 'ALREADY_SETTLED'
  | 'BODY_EMPTY'
  | 'BODY_NOT_TEXT'
  | 'CANNOT_LISTEN'
  | 'CARD_INVALID'
  | 'COMMAND_NOT_STARTED'
  | 'CONFIG_INVALID'
  | 'CORRUPT'
  | 'CRON_INVALID'
  | 'CURSOR_INVALID'
  | 'DEAD_LETTERED'
  | 'DEDUPE_MISMATCH'
  | 'DISK_FAILED'
  | 'ENGINE_LOST'
  | 'ENGINE_UNREACHABLE'
  | 'EXPORT_REFUSED'
  | 'FORBIDDEN'
  | 'FORMAT_TOO_NEW'
  | 'FORMAT_UNKNOWN'
  | 'HOST_FILE_REFUSED'
  | 'KEY_CHANGED'
  | 'LEASE_LOST'
  | 'LIMITED'
  | 'MAILBOX_FULL'
  | 'MAILBOX_NOT_EMPTY'
  | 'MESSAGE_INVALID'
  | 'MESSAGE_NOT_FOUND'
  | 'MESSAGE_TOO_LARGE'
  | 'NAME_INVALID'
  | 'NOTHING_THERE'
  | 'NO_SEAL_KEY'
  | 'OUTPUT_CLOSED'
  | 'PANE_NOT_FOUND'
  | 'PATH_INVALID'
  | 'PEER_UNREACHABLE'
  | 'PROBLEMS_FOUND'
  | 'RECEIPT_INVALID'
  | 'RESERVATION_LOST'
  | 'RESERVED'
  | 'ROOT_INSIDE_ROOT'
  | 'ROOT_MOVED'
  | 'ROOT_NOT_FOUND'
  | 'ROOT_NOT_YOURS'
  | 'SCHEDULE_NOT_FOUND'
  | 'SEAL_UNOPENED'
  | 'SECRET_FOUND'
  | 'SEND_UNCERTAIN'
  | 'SERVER_BUSY'
  | 'SERVER_DIFFERS'
  | 'SERVER_RUNNING'
  | 'SERVER_UNREACHABLE'
  | 'SETUP_INCOMPLETE'
  | 'SIGNATURE_INVALID'
  | 'SIGNATURE_MISSING'
  | 'SOURCE_NOT_FOUND'
  | 'STATE_CHANGED'
  | 'SUBSCRIPTION_NOT_FOUND'
  | 'TASK_CYCLE'
  | 'TASK_NOT_FOR_YOU'
  | 'TASK_STATE'
  | 'TIMEZONE_INVALID'
  | 'TOKEN_NOT_FOUND'
  | 'TOPIC_INVALID'
  | 'TOPIC_NOT_FOUND'
  | 'UNAUTHENTICATED'
  | 'UNEXPECTED'
  | 'USAGE'
  | 'VERSION_NOT_FOUND'
  | 'WAKE_UNSAFE';

/**
 * The one error class of dreamos: `kind` picks the exit code, `code` is for programs, `hint` is what to type next. Neither
 * message nor hint repeats the password of an address.
 */
export class DreamosError extends Error {
  readonly kind: ErrorKind;
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(
    kind: ErrorKind,
    code: ErrorCode,
    message: string,
    options: { hint?: string | undefined; cause?: unknown } = {},
  ) {
    super(withoutPasswords(withOneStop(message)), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'DreamosError';
    this.kind = kind;
    this.code = code;
    this.hint = options.hint === undefined ? undefined : withoutPasswords(options.hint);
  }
}

/** Many messages end with what another error has said, which has a full stop of its own. */
function withOneStop(message: string): string {
  return message.endsWith('..') && !message.endsWith('...') ? message.slice(0, -1) : message;
}
