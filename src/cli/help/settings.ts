export const text = `Settings

  key               environment                 default   what
  lease             DREAMOS_LEASE               15m       how long a claim is valid, at most 12h
  maxAttempts       DREAMOS_MAX_ATTEMPTS        5         claims before a message goes to the dead-letter queue
  backoffMin        DREAMOS_BACKOFF_MIN         1s        rest after a nack without --delay; doubles with each attempt
  backoffMax        DREAMOS_BACKOFF_MAX         5m        up to this, with jitter
  durability        DREAMOS_DURABILITY          full      full: synced before send is done; relaxed: atomic only
  maxMessageBytes   DREAMOS_MAX_MESSAGE_BYTES   1048576   body and data together
  warnUnreadAfter   DREAMOS_WARN_UNREAD_AFTER   1h        send warns when a mailbox was not read for this long
  topicRetention    DREAMOS_TOPIC_RETENTION     7d        topics prune deletes what was published before

A flag comes first, then the environment, the agent's card, config.json, the default.

  dreamos config set lease 30m                     for the whole root (config.json)
  dreamos config set lease ''                      the default again
  dreamos agent register slow --set lease=2h       for one agent (its card)
  dreamos agent register slow --set lease=         for that agent the root's again
  dreamos config get                               what holds, and where it comes from

DREAMOS_ROOT and DREAMOS_AGENT stand for --root and --as. Durations: 250ms, 30s, 5m, 2h, 7d.
`;
