export const text = `--json

stdout is JSON Lines: one object per item, and fields are only ever added. dreamos schema <name> prints the JSON Schema.

  send, reply         {"id","to","mailboxes","state","durability"}; a used dedupe key: the first id and "duplicate":true
                      reply --ack also: "acked", in the shape of ack
  send --dry-run      {"mailbox","reasons":["named","@group","@all"]} for each recipient
  publish             {"id","topic","mailboxes","subscribers","durability","duplicate"?}; mailboxes: the subscribers'
  subscribe, unsubscribe
                      {"agent","pattern","subscribed","changed"}
  listen              {"cursor","topic","at","message"}
  topics list, show   {"topic","messages","lastPublishedAt","subscribers":[{"agent","patterns"}]}; show also "recent"
  topics prune        {"topic","messages","bytes","dryRun"}
  read                {"receipt","mailbox","attempt","leaseUntil","message"}
  request             {"request","mailbox","message"}: the request's id, and the answer
  peek                {"mailbox","attempt","message"}
  work                {"id","receipt","mailbox","attempt","outcome","exitCode","signal","durationMs","reason"?,"reply"?};
                      outcome: acked, failed, returned, dead, settled (by the command itself), lost (its lease was)
  ack, nack, renew    {"id","mailbox","state","receipt","leaseUntil"?}
  list                {"id","mailbox","state","priority","attempt","message","receipt"?,"leaseUntil"?,"dueAt"?}
  show                {"message","entries":[{"id","mailbox","state","priority","attempt",...}]}
  thread              as show, one line a message
  search              as list
  trace               an event as watch prints it, without the cursor, and "sinceStartMs","sinceLastMs","heldMs"?
                      in these four the mailbox of a topic's log is "#<topic>"
  cancel, dlq retry, archive restore
                      {"id","mailbox","state","priority","attempt",...}
  watch               {"cursor","at","mailbox","event","id","by"?,"attempt"?,"reason"?,"free"?}; delivered and scheduled also
                      "from","type","priority","subject","thread","replyTo"
  status              {"mailbox","ready","inflight","delayed","dead","archived","corrupt","oldestReadyAgeMs","lastReadAt"}
  dlq list            {"id","mailbox","reason","attempts","deadAt","message"}; dlq show also "history"
  dlq purge           {"id","mailbox","purged":true}
  archive list, search, show
                      {"id","mailbox","ackedAt","message"}
  archive export      the same, with and without --json
  archive pack, archive prune, maintain
                      {"task","mailbox"?,"schedule"?,"topic"?,"day"?,"count","bytes"?,"packedBytes"?,"dryRun"?}; task: due,
                      expired, pack, prune, events, schedule, topic, dedupe
  schedule            {"name","cron","tz","from","message":{"to","body",...},"createdAt","lastAt","lastId"?,
                      "skipped"?:{"code","reason"}}; but for remove also "nextAt"; show also "upcoming"
  import              {"file","result":"imported|skipped|unreadable","mailbox"?,"id"?,"why"?}
  init                {"root","created","agents":[{"name","created"}]}
  agent               the card; register also "created", show also "subscriptions"
  config              {"key","value","source"}
  doctor              {"rule","level","message","mailbox"?,"fixed"?,"hint"?}

States: ready, delayed, inflight, archived, dead.
Events: delivered, scheduled, claimed, renewed, acked, nacked, lease_expired, dead, retried, restored, cancelled, purged,
imported, corrupt; in a topic's log published and purged.

An error is one line on stderr: {"error":{"code","message","hint"}}, with send --batch also "line". A warning is
{"warning":{"message"}}.
`;
