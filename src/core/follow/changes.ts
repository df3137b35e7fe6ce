import { restByBeat } from '../../model/clock.ts';
import type { WatchedEvent } from '../../model/event.ts';
import { createBell } from '../wait/bell.ts';
import type { Session } from '../root/root.ts';
import { joined } from '../wait/joined.ts';
import { watch } from './watch.ts';

/** A burst of events is one change. */
const coalesceMs = 100;

export interface ChangesOptions {
  /** By their exact names; all, if not given. */
  readonly mailboxes?: readonly string[] | undefined;
  readonly signal: AbortSignal;
  /** Comes without an event, too, after so long: for what changes by the clock alone. */
  readonly restMs?: number;
  /** Not more often than that. */
  readonly leastMs?: number;
}

/**
 * For who looks again at what is there: comes at once, and then whenever something has happened, with what it was. Nothing
 * falls between two looks. @throws what ends the watch
 */
export async function* changes(
  session: Session,
  { mailboxes, signal: until, restMs = Infinity, leastMs = 0 }: ChangesOptions,
): AsyncGenerator<readonly WatchedEvent[], void, undefined> {
  const { clock, store } = session;
  // Taken before the first look, so that nothing falls between the look and the watch.
  const since = await store.journal.cursor(mailboxes, 'now');
  const ended = new AbortController();
  const ends = joined(until, ended.signal);
  const { signal } = ends;
  let bell = createBell();
  let news: WatchedEvent[] = [];
  const watching = (async () => {
    for await (const event of watch(session, { ...(mailboxes && { mailboxes }), since, signal })) {
      news.push(event);
      bell.ring();
    }
  })();
  // Its failure is told by the await below; until then it only ends the loop.
  const stop = (): void => ended.abort();
  void watching.then(stop, stop);
  try {
    while (!signal.aborted) {
      // New ones: what came so far is seen by the look that follows.
      bell = createBell();
      const told = news;
      news = [];
      const at = clock.uptime();
      yield told;
      const isNews = await bell.rest(restByBeat(clock, restMs), signal);
      // A bell that nobody rings.
      if (isNews) await createBell().rest(Math.max(coalesceMs, at + leastMs - clock.uptime()), signal);
    }
  } finally {
    stop();
    ends.end();
  }
  await watching;
}
