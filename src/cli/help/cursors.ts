export const text = `Cursors: watching without a gap

Every event that watch --json prints carries a cursor: the place right behind that event. Keep the last one you handled:

  dreamos watch reviewer --json --since "$CURSOR"

goes on with the next event. No event is missed, and none comes twice while the event log lives (cursors reach two days
back; an older one begins again at the oldest events, with a warning). A cursor is opaque, and belongs to the same names.

  --since <cursor>   behind that event
  --since start      from the oldest event that the log still holds
  --since now        from now on; the same as without --since
  --since @<file>    behind the last complete line of what watch --json wrote into the file

Events come in the order in which they were written; "at" says when they happened. A reader that is quick may have written
"claimed" a moment before the sender has written "delivered"; trace puts them in order.

So this resumes by itself, however it ended:

  dreamos watch --json --since @seen.jsonl >> seen.jsonl

A file that is missing or empty means start, not now: nothing has been seen yet, so nothing may be skipped. A last line
that was cut short does not count; its event comes again.

For people (without --json) the cursor is on stderr at the end.

listen has cursors and --since in the same way, for the same patterns and as far back as the topics' logs reach; its
--since 10m begins with what was published ten minutes ago. A topic that a cursor does not know is new: it is heard from
its start. A listener misses what a publisher wrote that was killed before it could tell: subscribe, and nothing is missed.

--wait 10m ends when nothing came for ten minutes (exit 3 when nothing came at all), --count 1 after one event: a
doorbell for a shell.
`;
