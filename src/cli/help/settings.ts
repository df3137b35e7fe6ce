export const text = `Settings

  key               environment                 default   what
  lease             DREAMOS_LEASE               15m       how long a claim is valid, at most 12h
  maxAttempts       DREAMOS_MAX_ATTEMPTS        5         claims before a message goes to the dead-letter queue
  backoffMin        DREAMOS_BACKOFF_MIN         1s        rest after a nack without --delay; doubles with each attempt
  backoffMax        DREAMOS_BACKOFF_MAX         5m        up to this, with jitter
  durability        DREAMOS_DURABILITY          full      full: synced before send is done; relaxed: atomic only
  maxMessageBytes   DREAMOS_MAX_MESSAGE_BYTES   1048576   body and data together
  warnUnreadAfter   DREAMOS_WARN_UNREAD_AFTER   1h        send warns when a mailbox was not read for this long
  topicRetention    DREAMOS_TOPIC_RETENTION     7d        maintain and topics prune delete what was published before
  maxMessages       DREAMOS_MAX_MESSAGES        none      what a mailbox may hold ready, delayed and inflight; over it, or
  maxBytes          DREAMOS_MAX_BYTES           none      over its bytes, send is refused (MAILBOX_FULL) or waits (--wait)
  ttl               DREAMOS_TTL                 none      time-to-live of mail that has none of its own (--ttl)
  packAfterDays     DREAMOS_PACK_AFTER_DAYS     7         maintain packs archive days that are older
  archiveDays       DREAMOS_ARCHIVE_DAYS        none      maintain deletes archive days that are older
  archiveBytes      DREAMOS_ARCHIVE_BYTES       none      maintain deletes the oldest archive days until no more is left
  eventDays         DREAMOS_EVENT_DAYS          none      the same for event logs (the newest two stay)
  eventBytes        DREAMOS_EVENT_BYTES         none      the same

A flag comes first, then the environment, the agent's card, config.json, the default.

  dreamos config set lease 30m                     for the whole root (config.json)
  dreamos config set lease ''                      the default again
  dreamos agent register slow --set lease=2h       for one agent (its card)
  dreamos agent register slow --set lease=         for that agent the root's again
  dreamos config get                               what holds, and where it comes from

none is no limit: so one agent can be without the limit that the root sets for all.

Counts for maxMessages and maxBytes are about exact: exact up to some hundred messages of a priority; deeper, whole folders
count as 256, and bytes as the mean of a sample. A process that sends a lot counts anew every 100 ms and adds its own; of
several each may go over the limit by what it sends in that time. Files in drop/ are adopted without limit and ttl.
An answer that a request waits for needs no room.

DREAMOS_ROOT and DREAMOS_AGENT stand for --root and --as. Durations: 250ms, 30s, 5m, 2h, 7d.
`;
