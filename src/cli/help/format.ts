export const text = `The files of dreamos

A root is the folder runtime/agent_comms. Everything is in it, as plain files:

runtime/agent_comms/
  format.json                          {"format":"dreamos","version":1}
  config.json                          settings of the whole root (dreamos help settings)
  <document>.kept                      the version before, while a document (also a card) is being replaced
  schedules.json                       sends that come again and again (dreamos schedule --help)
  outbox/<id>/                         sends to several agents, and publishes: committed and not yet handed out
  dedupe/<2 hex>/<sha256>              keys of sends with --dedupe-key
  subscriptions.json                   {"<agent>":["build.*",...]}: the patterns that each agent is subscribed to
  topics/<topic>/                      a topic's log, made by the first publish:
    archive/<UTC day>/<entry>          what was published that day (dreamos topics prune)
    events/<UTC day>.jsonl             "published", with the entry's place below the topic's folder as "key"
    corrupt/                           what could not be read
  agent_mailboxes/<agent>/
    agent.json                         the agent's card
    tmp/                               files being written
    drop/                              messages that scripts hand in
    ready/p<0..3>/<lane>/<level1>/<bucket>/<entry>   p0 urgent, p1 high, p2 normal, p3 low;
                                       lane 0: comes back, lane 1: new
    delayed/<hour>/<10 s>/<entry>      not before a moment
    inflight/<hour>/<10 s>/<entry>     claimed, by the end of the lease
    requests/<until>-<request id>/     answers that a request waits for, while it waits
    archive/<UTC day>/<entry>          acked
    archive/<UTC day>.<count>.<first id>-<last id>.<random>.jsonl.gz         a packed day, or a part of one
    dlq/<entry> + <entry>.reason.json  dead letters, and why
    keys/<key>/<id>.<life>.<attempt>   which message holds an ordering key; made with the first one
    corrupt/                           what could not be read, byte for byte, with a note
    events/<UTC day>.jsonl             the event log: tail -f shows what happens
    last-read                          its mtime is the last read

A message never changes. Its state is the place and the name of its entry, and every change of state is one rename, so a
process may be killed at any moment. Names are made and read by dreamos only: do not move entries by hand. A file may hold
several messages (the entry's name then has the byte range), and a message to several agents is one file with several links.

A request (dreamos request) makes its own folder below requests/ of its sender's mailbox before it is sent. As long as the
folder is there, a message whose "replyTo" is the request's id goes into it, and nobody but the request reads it. When the
request ends, or its time is over, what is left moves to ready/ and the folder is removed; what comes later is ordinary mail.

Handing in a message without the command

  Write the file into tmp/ of the receiver's mailbox, then rename it to drop/<any>.json. At least "from" and "body";
  every other field of a draft may be given (dreamos help scripting), also of a message, and what is missing is filled in
  (id and time from the file; a ttl or a delay counts from that time). With a "dedupeKey" it is delivered once, however
  often it is handed in or sent under it, and only to this mailbox. "allowEmpty" and "durability" change nothing here.

  box=runtime/agent_comms/agent_mailboxes/reviewer
  umask 077
  printf '%s' '{"from":"planner","body":"the build is green"}' > "$box/tmp/$$.json"
  mv "$box/tmp/$$.json" "$box/drop/$$.json"

  The rename is what hands it in: a file written straight into drop/ could be seen half written. The next reader or a
  running watch adopts it with one rename, as "delivered", or as "scheduled" until its time. What is not a message, or has
  a field that nobody knows, goes to corrupt/ with a note, and nothing behind it waits. The settings' limits do not hold
  here: a file may have up to 72 MiB, nested at most 1000 levels deep. To survive a power cut, sync the file and the folder
  before you rely on it (sync "$box/tmp/$$.json" before the mv, sync "$box/drop" after it).

A packed day (archive pack, maintain) is gzip with a JSON line for each message: the name that its entry had, when it was
acked, and its bytes as they were. A pack never changes; what is restored from it is marked in a folder beside it (.gone).
The logs of topics are not packed; topicRetention says how long they are kept.

  zcat archive/2026-11-*.jsonl.gz | jq -r '[.ackedAt, .message.from, .message.subject] | @tsv'

A message, as it is in a file (dreamos schema message):

  {"v":1,"id":"01JD3Y6Q0V8M5T2B7K9XWZ4RCE","from":"planner","to":["reviewer"],"subject":"","body":"the build is green",
   "type":"message","priority":"normal","thread":null,"replyTo":null,"tags":[],"data":null,
   "createdAt":"2026-11-20T09:00:00.000Z","expiresAt":null,"dedupeKey":null,"digest":"sha256:..."}

What was published to a topic has "to":[] and, for example, "topic":"build.done".

A message that was sent with an ordering key has "orderingKey":"..." as well; the name of its entry then has a field
o<first 16 hex digits of the key's sha256>. From its claim until it is settled for good, keys/<those digits>/ holds one file
that names it, and no other message of this key is claimed in this mailbox. The file is removed first, then the folder.

The digest is the last field: sha256 over all bytes before ,"digest". A message whose bytes changed is never delivered.
Files are private to the user (0600, folders 0700). The file system needs hard links and atomic rename: a local disk, not
NFS or SMB.
`;
