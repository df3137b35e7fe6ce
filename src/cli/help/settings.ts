import { settingsText } from './tables.ts';

export const text = `Settings

${settingsText()}

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
