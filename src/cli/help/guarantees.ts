import { text as evidence } from './evidence.ts';
import { syncsText } from './tables.ts';

export const text = `What dreamos guarantees, and what it does not

At-least-once. When send has printed the id, the message survives the death of every process and a power cut (with
durability full, the default). It is then delivered until it is acked, or it is in the dead-letter queue with a reason.
A message can come twice: make the work safe to repeat, and look at "attempt" and "id".

Nothing is lost silently. What cannot be read goes to corrupt/, byte for byte, and is reported.

A consumer that dies gives its messages back when the lease ends. Deadlines are wall-clock: a clock step may end a lease
early, which is a redelivery, never a loss. An ack after the deadline still succeeds while nobody has taken the message
back; after that it is refused with LEASE_LOST.

Looking never consumes: peek, watch, status, list, show, trace, thread and search claim and finish nothing.

Success means what it says: an unknown recipient, a full mailbox, an unknown id or a lost lease is an error with its own
exit code.

A publish reaches the topic's log and everybody who is subscribed at that moment, or nobody; from then on each
subscriber's copy is mail like any other. Who listens only looks: what comes while nobody listens is not kept for them.

Of several consumers on one mailbox, each delivery goes to exactly one.

Order: by priority; then messages that come back before new ones; then oldest first. First-in-first-out holds for one
sender, one priority and a single consumer, while nothing comes back and the clock does not step. What two processes of
one sender send within 5 ms of each other may change places.

Ordering keys: messages of one --ordering-key are delivered one at a time in each mailbox, in that order, however many
consumers there are. A message holds its key from its first claim until it is acked, cancelled or dead, also while it rests
after a nack; a delayed one that was never claimed holds nothing. Priority comes first within a key, too. A consumer that
dies delays its key for its lease; one that dies in the very moment of an ack delays it for some seconds. After a power
cut the next message of a key may go out before one that was in flight comes back. peek and list also show what waits for
its turn.

Each time of a schedule is sent once, however many processes wait; of times that nobody waited for, only the latest. Twice
only if the one that sent it died in the middle, nobody looked for two days, and no later time came.

What is synced before a command says done:
${syncsText()}

On btrfs a power cut can undo one half of a rename, so that a message lies in its old place, too: what was claimed or
acked in the last seconds comes again.

Planted links, fifos, devices and junk are put aside or refused, and never followed. A process of the same user that swaps
files while a command runs is out of scope: it could as well edit the mail.

Not guaranteed: exactly-once delivery; order between senders; anything on NFS, SMB or a folder shared by two machines;
secrecy from other programs of the same user.

The evidence:

${evidence}
`;
