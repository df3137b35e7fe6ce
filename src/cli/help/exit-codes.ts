export const text = `Exit codes

  0         done
  1         a bug: anything unexpected
  2         usage: an unknown option or command, a bad duration, an unknown priority, no body;
            work: its command cannot be started
  3         nothing there: read, work, listen, peek or watch --wait, request or send --until when nothing came in time
            (an empty list is 0)
  4         not found: agent, group, message, topic, subscription, root
  5         conflict: LEASE_LOST, ALREADY_SETTLED, DEDUPE_MISMATCH, ALREADY_EXISTS, STATE_CHANGED, AGENT_RETIRED,
            MAILBOX_FULL, DEAD_LETTERED: the state refuses it
  6         invalid data: a name, a body that is not UTF-8, empty or too large, broken JSON, a malformed receipt;
            doctor: problems remain
  7         the disk failed (ENOSPC, EIO, EACCES): nothing is half done, or the error says SEND_UNCERTAIN and the id;
            read: the reader of its output has gone, and the message stays unacked
  130, 143  interrupted by Ctrl-C, or by SIGTERM; work: after it has finished what ran

What the exit codes of a worker's command mean: dreamos help work.

Of several items (ack a b c, send --batch) every one is tried, each has its own result, and the exit code is the first
failure's. A reader that closes the output early (| head -1) is not an error.
`;
