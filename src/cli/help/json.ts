import { states } from '../../model/state.ts';
import { shapesText } from './tables.ts';

export const text = `--json

stdout is JSON Lines: one object per item, and fields are only ever added. dreamos schema <name> prints the JSON Schema.
What may be missing has a ?; ...event stands for all fields of event, and entry for an object as it is there.

${shapesText()}

A used dedupe key: the first id and "duplicate":true. The mailboxes of publish are the subscribers'. In list, show, thread,
search and trace the mailbox of a topic's log is "#<topic>". Of what work has run, settled was settled by the command
itself, and of lost its lease was. delivered and scheduled also have "from","type","priority","subject","thread" and
"replyTo". archive export prints the same with and without --json.

States: ${states.join(', ')}.
Events: delivered, scheduled, claimed, renewed, acked, nacked, lease_expired, dead, retried, restored, cancelled, purged,
imported, corrupt; in a topic's log published and purged.

An error is one line on stderr: {"error":{"code","message","hint"}}, with send --batch also "line". A warning is
{"warning":{"message"}}.
`;
