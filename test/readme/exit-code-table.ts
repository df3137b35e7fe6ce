import { exitCodes } from '../../src/cli/errors.ts';
import { columns } from '../../src/cli/help/columns.ts';
import type { ErrorKind } from '../../src/model/errors.ts';

/** What each class of errors means; the codes are the program's own. */
const meanings: Record<ErrorKind, string> = {
  bug: 'a bug: anything unexpected',
  usage:
    'usage: an unknown option or command, a bad duration, an unknown priority, no body; work: its command cannot be started',
  nothing:
    'nothing there: read, work, listen, peek or watch --wait, request or send --until when nothing came in time, or the mailbox is paused; alerts check when none fires (an empty list is 0)',
  'not-found': 'not found: agent, group, message, topic, subscription, root',
  conflict:
    'conflict: LEASE_LOST, ALREADY_SETTLED, DEDUPE_MISMATCH, ALREADY_EXISTS, STATE_CHANGED, AGENT_RETIRED, LIMITED, MAILBOX_FULL, MAILBOX_NOT_EMPTY, DEAD_LETTERED: the state refuses it',
  invalid:
    'invalid data: a name, a body that is not UTF-8, empty or too large, broken JSON, a malformed receipt; doctor, audit verify: problems remain; policy test: one fails; alerts test --act: it has failed',
  disk: 'the disk failed (ENOSPC, EIO, EACCES): nothing is half done, or the error says SEND_UNCERTAIN and the id, or that it is done and could only not be printed; read: the reader of its output has gone, and the message stays unacked',
  unreachable:
    'no server to work through: none listens where DREAMOS_SERVER says, it is of another version, or it went away, and the error says whether something may have been done; ENGINE_UNREACHABLE, ENGINE_LOST: the engine of the root is away, or has not got it',
  denied:
    'denied: FORBIDDEN, UNAUTHENTICATED, SIGNATURE_INVALID, SIGNATURE_MISSING, KEY_CHANGED, SEAL_UNOPENED, SECRET_FOUND: somebody has said that this must not be; policy check: the answer is no',
};

/** As aligned text and not as a table: it is read in terminals, and by scripts. */
export function exitCodeTable(): string {
  const kinds = (Object.keys(exitCodes) as ErrorKind[]).sort((a, b) => exitCodes[a] - exitCodes[b]);
  const rows: [code: string, meaning: string][] = [
    ['0', 'done'],
    ...kinds.map((kind): [string, string] => [String(exitCodes[kind]), meanings[kind]]),
    ['130, 143', 'interrupted by Ctrl-C, or by SIGTERM; work: after it has finished what ran'],
    ['129, 131', 'the same by SIGHUP (a closed terminal), or by SIGQUIT'],
  ];
  return `\`\`\`text\n${columns(rows, 8)}\n\`\`\``;
}
