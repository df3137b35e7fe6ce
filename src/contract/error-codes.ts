/** Every code once: its kind, what happened, and what to do. `dreamos explain` is made from it. */
import type { ErrorCode, ErrorKind } from '../model/errors.ts';

export interface Explanation {
  readonly kind: ErrorKind;
  /** One sentence, the first words of which fit on a line beside the code. */
  readonly happened: string;
  /** A command, or a sentence with one. */
  readonly next: string;
}

export const errorCodes: Readonly<Record<ErrorCode, Explanation>> = {
  AGENT_NOT_FOUND: {
    kind: 'not-found',
    happened: 'There is no agent or group of this name; names are not made by sending to them.',
    next: 'dreamos agent list; to make it: dreamos agent register <name>',
  },
  AGENT_PAUSED: {
    kind: 'nothing',
    happened: 'The mailbox is paused: it takes mail, and nothing is claimed from it.',
    next: 'Since when and by whom: dreamos status <agent>; to deliver from it again: dreamos resume <agent>',
  },
  AGENT_RETIRED: {
    kind: 'conflict',
    happened: 'The agent has retired and takes no new mail; what it has can still be read.',
    next: 'Send it to somebody else (dreamos agent list), or take the agent back: dreamos agent register <name>',
  },
  ALREADY_EXISTS: {
    kind: 'conflict',
    happened: 'Something of this name is there already, and is not written over.',
    next: 'Take another name or folder, or use what is there.',
  },
  ALREADY_SETTLED: {
    kind: 'conflict',
    happened: 'The message was acked, cancelled or dead before; nothing was done to it now.',
    next: 'Nothing, if that was you. Who did it: dreamos trace <id>',
  },
  BODY_EMPTY: {
    kind: 'invalid',
    happened: 'The message has no body and no data, which is most often a mistake in a script.',
    next: 'Give a body; if an empty one is meant: dreamos send <agent> --allow-empty',
  },
  BODY_NOT_TEXT: {
    kind: 'invalid',
    happened: 'The body is not UTF-8 text.',
    next: 'Send a path or a link instead of a binary file, or encode it: base64 <file> | dreamos send <agent>',
  },
  CANNOT_LISTEN: {
    kind: 'conflict',
    happened: 'Something else is where the server was to listen, another program at that port, or a file at that path.',
    next: 'Name another place for it: dreamos serve --help',
  },
  CARD_INVALID: {
    kind: 'invalid',
    happened: 'What was said of an agent cannot stand in its card; nothing was changed.',
    next: 'What a card may say: dreamos agent register --help; its whole form: dreamos schema agent',
  },
  COMMAND_NOT_STARTED: {
    kind: 'usage',
    happened: 'The command of a worker, or one that rings, cannot be started; no message was lost or used up.',
    next: 'Name one that can, behind "--": dreamos work <agent> -- ./handle',
  },
  CONFIG_INVALID: {
    kind: 'invalid',
    happened: 'A setting, or a policy, says what it cannot, in a file or in the environment.',
    next: 'dreamos config get; what each may be: dreamos help settings; what a policy may say: dreamos help security',
  },
  CORRUPT: {
    kind: 'invalid',
    happened: 'A file of the root cannot be read as what it should be; it is kept, byte for byte.',
    next: 'dreamos doctor',
  },
  CRON_INVALID: {
    kind: 'invalid',
    happened: 'The line of a schedule is no cron line, or never comes.',
    next: 'dreamos schedule add --help',
  },
  CURSOR_INVALID: {
    kind: 'invalid',
    happened: 'What --since got is no cursor of this root, or is of events that are gone.',
    next: 'dreamos watch --since start; dreamos help cursors',
  },
  DEAD_LETTERED: {
    kind: 'conflict',
    happened: 'The message is in the dead-letter queue, and nobody will take it from there.',
    next: 'dreamos dlq list <agent>; to try it again: dreamos dlq retry <id>',
  },
  DEDUPE_MISMATCH: {
    kind: 'conflict',
    happened: 'The dedupe key was used for another message; this one was not sent.',
    next: 'Take a key that is made of the content, or send without --dedupe-key.',
  },
  DISK_FAILED: {
    kind: 'disk',
    happened: 'The system refused to read or write a file; nothing is half done, unless it says so.',
    next: 'Look for room and rights (df -h, ls -l), then the same again; afterwards: dreamos doctor',
  },
  ENGINE_LOST: {
    kind: 'unreachable',
    happened:
      'The engine of this root answers, but the root is not in it: emptied, another database, or a fresh server.',
    next: 'Start it again with its own data, or name the right one: dreamos help engines',
  },
  ENGINE_UNREACHABLE: {
    kind: 'unreachable',
    happened: 'The engine that keeps the mail of this root (Redis, Valkey) did not answer in time.',
    next: 'Start it, or look where it is; what was being done may be repeated: dreamos help engines',
  },
  EXPORT_REFUSED: {
    kind: 'conflict',
    happened: 'The file is not a database that export has made of this root, or others work on it; it is as it was.',
    next: 'Name a file that is not there: dreamos export --sqlite mail.db',
  },
  FORBIDDEN: {
    kind: 'denied',
    happened: 'The policy of this root does not let this agent do that here, or a server lets only others.',
    next: 'Which rule says so: dreamos policy check <command> <agent> --as <agent>',
  },
  FORMAT_TOO_NEW: {
    kind: 'invalid',
    happened: 'The root was made by a newer dreamos than this one.',
    next: 'npm install -g dreamos@latest',
  },
  FORMAT_UNKNOWN: {
    kind: 'invalid',
    happened: 'The format.json of the folder does not say that it is a root that is known here.',
    next: 'Look where the root is: --root <dir> or DREAMOS_ROOT; dreamos help format',
  },
  HOST_FILE_REFUSED: {
    kind: 'invalid',
    happened: "A tool's own file cannot be changed safely (comments, a byte order mark, read-only); it is as it was.",
    next: 'Put in by hand what was printed, or mend the file and look again: dreamos setup claude --dry-run',
  },
  KEY_CHANGED: {
    kind: 'denied',
    happened: 'The agent has another key than the one that you know it by, and nobody has signed the change.',
    next: 'Ask its owner; if it is right: dreamos trust accept <agent>',
  },
  LEASE_LOST: {
    kind: 'conflict',
    happened: 'The claim is over, or was never yours: its lease ended, the message was given back, or another has it.',
    next: 'Read it again before you do more: dreamos read <agent>; for longer work: dreamos renew <receipt> --lease 30m',
  },
  LIMITED: {
    kind: 'conflict',
    happened: 'The agent has sent as many messages as its sendRate allows in a minute; this one was not sent.',
    next: 'Wait until it may: dreamos send <agent> <body> --wait 1m; how much it may: dreamos resources show <agent>',
  },
  MAILBOX_FULL: {
    kind: 'conflict',
    happened: 'The mailbox holds as much as its maxMessages or maxBytes allow; nothing was sent.',
    next: 'Wait for room: dreamos send <agent> <body> --wait 30s; what fills it: dreamos list <agent>',
  },
  MAILBOX_NOT_EMPTY: {
    kind: 'conflict',
    happened: 'The mailbox holds unfinished mail, so its agent is not deleted.',
    next: 'See what it is: dreamos list <agent>; to archive it as cancelled: dreamos agent delete <agent> --archive',
  },
  MESSAGE_INVALID: {
    kind: 'invalid',
    happened: 'A field of the message breaks a rule, or what was given is not JSON.',
    next: 'dreamos send --help; of lines of --batch: dreamos schema draft',
  },
  MESSAGE_NOT_FOUND: {
    kind: 'not-found',
    happened: 'No message has this id, or its archive was pruned.',
    next: 'dreamos list <agent> --state all; dreamos search <text>',
  },
  MESSAGE_TOO_LARGE: {
    kind: 'invalid',
    happened: 'The message is longer than its recipient takes (maxMessageBytes).',
    next: 'Write it to a file and send its path; the limit: dreamos config get maxMessageBytes',
  },
  NAME_INVALID: {
    kind: 'invalid',
    happened: 'A name has characters, or a length, that names do not have.',
    next: 'Letters, digits, ".", "_" and "-", at most 64: dreamos help addressing',
  },
  NOTHING_THERE: {
    kind: 'nothing',
    happened: 'Nothing came, at once or in the time that was given; this is an answer, no failure.',
    next: 'dreamos read <agent> --wait 30s; what there is: dreamos status',
  },
  NO_SEAL_KEY: {
    kind: 'invalid',
    happened: 'Somebody who would have to open the sealed message has no key for it; nothing was sent.',
    next: 'To make one, as the user who reads its mail: dreamos identity create <agent>',
  },
  OUTPUT_CLOSED: {
    kind: 'disk',
    happened: 'The reader of the output has gone before it had all.',
    next: 'Read to the end (without | head); what was claimed comes again when its lease ends.',
  },
  PANE_NOT_FOUND: {
    kind: 'not-found',
    happened: 'There is no such pane in tmux, or tmux has ended.',
    next: 'Which there are: tmux list-panes -a',
  },
  PATH_INVALID: {
    kind: 'invalid',
    happened: 'What was named is no path or pattern of files that could be reserved.',
    next: 'dreamos reserve --help',
  },
  PEER_UNREACHABLE: {
    kind: 'unreachable',
    happened: 'The other root, or what carries mail to it, cannot be reached; what waits for it stays here.',
    next: 'Once it can be reached, the same again; how bridges are set up and tried: dreamos help bridges',
  },
  PROBLEMS_FOUND: {
    kind: 'invalid',
    happened: 'doctor or audit verify has found problems that are still there, or the test of an alert has failed.',
    next: 'dreamos doctor --fix; what the audit can prove, of which nothing is repaired: dreamos help security',
  },
  RECEIPT_INVALID: {
    kind: 'invalid',
    happened: 'What was given is neither a receipt nor an id: it was cut, or is something else.',
    next: 'Copy it whole; what an agent holds: dreamos list <agent> --state inflight',
  },
  RESERVATION_LOST: {
    kind: 'conflict',
    happened: 'The reservation is over, or was never yours; somebody else may have had the files since.',
    next: 'Look at the files anew, then: dreamos reserve <path>; who has what: dreamos reserve list',
  },
  RESERVED: {
    kind: 'conflict',
    happened: 'Somebody else has reserved a file that this is about; nothing was reserved.',
    next: 'Wait for it: dreamos reserve <path> --wait 10m; who has it: dreamos reserve check <path>',
  },
  ROOT_INSIDE_ROOT: {
    kind: 'conflict',
    happened: 'A root below another one would split the mail; none was made.',
    next: 'Use the one that is there: --root <dir>',
  },
  ROOT_MOVED: {
    kind: 'conflict',
    happened: 'The root was moved while this process had it open, or is being moved; nothing was changed where it was.',
    next: 'Run it again; where a move was cut off: dreamos move --resume; to take it back: dreamos move --abort',
  },
  ROOT_NOT_FOUND: {
    kind: 'not-found',
    happened: 'There is no root (runtime/agent_comms) here, above here, or where --root says.',
    next: 'Make one: dreamos init; or say where it is: --root <dir> or DREAMOS_ROOT',
  },
  ROOT_NOT_YOURS: {
    kind: 'disk',
    happened: 'The root belongs to another user, whose mail is not yours.',
    next: 'Make one of your own: dreamos init; or act as its owner (sudo -u)',
  },
  SCHEDULE_NOT_FOUND: {
    kind: 'not-found',
    happened: 'There is no schedule of this name.',
    next: 'dreamos schedule list',
  },
  SEAL_UNOPENED: {
    kind: 'denied',
    happened: 'The sealed words do not open by the keys that are here, or are those of another message.',
    next: 'For whom they are: dreamos show <id>; as one of those: dreamos show <id> --unseal --as <agent>',
  },
  SECRET_FOUND: {
    kind: 'denied',
    happened: 'The message looks as if it held a secret, and this root refuses such mail; nothing was sent.',
    next: 'Send where the secret lies, not the secret; what looks for them: dreamos help security',
  },
  SEND_UNCERTAIN: {
    kind: 'disk',
    happened: 'The message is written, but the disk did not confirm it: it may or may not be sent.',
    next: 'Look before you repeat: dreamos show <id>; a repeat under one --dedupe-key is harmless.',
  },
  SERVER_BUSY: {
    kind: 'unreachable',
    happened: 'The server has as many connections, or as much to read, as it takes at once; nothing was done.',
    next: 'Ask again in a second, or end what waits and is not needed; what it takes at once: dreamos help server',
  },
  SERVER_DIFFERS: {
    kind: 'unreachable',
    happened: 'What listens where DREAMOS_SERVER says is of another version of dreamos, or none of its servers.',
    next: 'End it and begin it anew with this version: dreamos serve',
  },
  SERVER_RUNNING: {
    kind: 'conflict',
    happened: 'A server runs for this root, or listens at that socket, already; no second one was started.',
    next: 'Where it listens: dreamos serve status; to end it: dreamos serve stop',
  },
  SERVER_UNREACHABLE: {
    kind: 'unreachable',
    happened: 'No server listens where DREAMOS_SERVER says, or it went away before it had answered.',
    next: 'Begin one: dreamos serve; to work on the root itself: unset DREAMOS_SERVER',
  },
  SETUP_INCOMPLETE: {
    kind: 'nothing',
    happened: 'What setup writes is not all there, or cannot work, as setup --check has found.',
    next: 'What each line says; most often, for example: dreamos setup claude',
  },
  SIGNATURE_INVALID: {
    kind: 'denied',
    happened: 'The signature does not fit the message, or its key is revoked, or is not the one that you trust.',
    next: 'Which of them it is: dreamos show <id>; whom you trust: dreamos trust list; his keys: dreamos identity show <agent>',
  },
  SIGNATURE_MISSING: {
    kind: 'denied',
    happened: 'This root requires signed messages, and this one is not.',
    next: 'Its sender needs an identity: dreamos identity create <agent>',
  },
  SOURCE_NOT_FOUND: {
    kind: 'not-found',
    happened: 'The file or folder that was named is not there.',
    next: 'Look where it is (ls); a relative path begins at the current folder.',
  },
  STATE_CHANGED: {
    kind: 'conflict',
    happened: 'The message, or what was to be changed, is not in the state that this needs.',
    next: 'dreamos show <id>',
  },
  SUBSCRIPTION_NOT_FOUND: {
    kind: 'not-found',
    happened: 'The agent is not subscribed to this pattern.',
    next: 'dreamos agent show <agent>',
  },
  TASK_CYCLE: {
    kind: 'invalid',
    happened: 'These tasks wait for each other, so none of them could ever begin; nothing was made.',
    next: 'Take one of the dependencies out that the message names; what is there: dreamos task list --tree',
  },
  TASK_NOT_FOR_YOU: {
    kind: 'conflict',
    happened: 'The task asks for what this agent cannot do, or another agent has it; nothing was changed.',
    next: 'Who could do it, and why not: dreamos task assign <id> --explain',
  },
  TASK_STATE: {
    kind: 'conflict',
    happened: 'This move of a task is not possible from the state that it is in; nothing was changed.',
    next: 'dreamos task show <id>; the states and their moves: dreamos help tasks',
  },
  TIMEZONE_INVALID: {
    kind: 'invalid',
    happened: 'This is no time zone that is known here.',
    next: 'An IANA name, such as Europe/Berlin or UTC: dreamos schedule add --help',
  },
  TOKEN_NOT_FOUND: {
    kind: 'not-found',
    happened: 'The agent has no token, or none of this id.',
    next: 'dreamos token list',
  },
  TOPIC_INVALID: {
    kind: 'invalid',
    happened: 'A topic or pattern is not made of words with dots between them.',
    next: 'build.done; as a pattern build.* or build.>: dreamos help addressing',
  },
  TOPIC_NOT_FOUND: {
    kind: 'not-found',
    happened: 'Nothing was ever published under this topic, or its log was removed.',
    next: 'dreamos topics list',
  },
  UNAUTHENTICATED: {
    kind: 'denied',
    happened:
      'Who you are has to be proved here, and there is no private key of this agent, or no token, to do it with; or the engine of this root takes no such user and password.',
    next: 'dreamos identity create <agent>; or name the file of its key: DREAMOS_IDENTITY; by HTTP: dreamos token create <agent>; of an engine: dreamos help engines',
  },
  UNEXPECTED: {
    kind: 'bug',
    happened: 'Something that dreamos does not expect: a bug.',
    next: 'DREAMOS_DEBUG=1 in front of the same command shows where.',
  },
  USAGE: {
    kind: 'usage',
    happened: 'The command line, or what was handed to a function, cannot be meant so.',
    next: 'dreamos <command> --help',
  },
  VERSION_NOT_FOUND: {
    kind: 'not-found',
    happened: 'No such version of the settings, of this card, or of the policy is kept.',
    next: 'Which there are: dreamos config history; of the policy: dreamos policy history',
  },
  WAKE_UNSAFE: {
    kind: 'conflict',
    happened:
      'There is mail, and nobody was rung, or it is not certain: typing could have answered a question or met a draft.',
    next: 'Look at the pane; the mail is unread: dreamos peek <agent>; what must hold: dreamos wake --help',
  },
};
