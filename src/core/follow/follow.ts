/**
 * The one loop that follows event logs: it reads on from a cursor, tells, and when there is nothing new it rests until the
 * store hints that something happened, or its time is over. Waiting for mail is another loop (wait.ts): it has no cursor.
 */
import { beatBy } from '../../model/clock.ts';
import { checkWait } from '../../model/duration.ts';
import type { WatchedEvent } from '../../model/event.ts';
import type { EventBatch, Scope, Wake } from '../../storage/port/journal.ts';
import type { Store } from '../../storage/port/store.ts';
import type { Session } from '../root/root.ts';
import { createBell, lookAgainMs } from '../wait/bell.ts';
import { persist } from '../wait/persist.ts';
import { stillThere } from '../wait/still-there.ts';

/**
 * A look at all logs makes up for a hint that was lost. It takes 0.4 s of CPU for 5,000 logs, so it rests for so many times as
 * long as it takes, but not for longer than a minute.
 */
const everywhereShare = 20;
const longestEverywhereMs = 60_000;

export interface FollowOptions {
  /** The cursor of the last event or message seen; `start`: all that the logs still hold; else from now on. */
  readonly since?: string;
  readonly signal?: AbortSignal;
  /** The longest time without an event or message; milliseconds. */
  readonly waitMs?: number;
  /** Ends after so many of them. */
  readonly count?: number;
  /** Called once, with the cursor of where it begins: what happens from then on is told. */
  readonly onBegun?: (cursor: string) => void;
  /** For example: a cursor that no longer fits its log. Else they go to the root's `warn`. */
  readonly onWarning?: (warning: string) => void;
}

/** Why it looks: time has passed, somebody hinted, or it is known that there is more. */
type Why = 'time' | 'hint' | 'more';

interface Seen {
  readonly why: Why;
  /** Where it looked; `undefined`: everywhere. */
  readonly among: ReadonlySet<string> | undefined;
  /** How many events it found. */
  readonly found: number;
}

/** How long at most, in milliseconds; or not at all: there may be news there. */
type Rest = { readonly ms: number } | { readonly moved: ReadonlySet<string> };

/** What was read, in one call. */
type Batch<E> = Omit<EventBatch, 'events'> & { readonly events: readonly E[] };

/** The logs that are followed, and what is made of them. */
export interface Followed<T, E = WatchedEvent> {
  cursor(at: 'now' | 'start'): Promise<string>;
  /** @param among where something happened; else anywhere */
  read(cursor: string, why: Why, among?: ReadonlySet<string>): Promise<Batch<E>>;
  watch(hint: (where?: ReadonlySet<string>) => void): Promise<Wake>;
  /** `undefined`: it is passed over. */
  tell(event: E): Promise<T | undefined>;
  /** After a look that has left nothing to be read. */
  rest(seen: Seen): Promise<Rest>;
  /** What is tried again, besides an engine that is away. */
  isAway?(error: unknown): boolean;
}

export async function* follow<T, E = WatchedEvent>(
  session: Session,
  followed: Followed<T, E>,
  options: FollowOptions,
): AsyncGenerator<T, void, undefined> {
  const { since, signal, waitMs = Infinity, count = Infinity, onWarning = (text) => session.warn(text) } = options;
  let { onBegun } = options;
  const { clock } = session;
  checkWait(waitMs);
  // Before anything else can happen: what the first look moves is already new.
  let cursor = since === undefined || since === 'start' ? await followed.cursor(since ?? 'now') : since;
  const bell = createBell();
  const hints = createHints();
  const checkRoot = stillThere(session);
  let wake: Wake | undefined;
  try {
    let told = 0;
    const said = new Set<string>();
    let lastAt = clock.uptime();
    let why: Why = 'more';
    // Where to look; else everywhere.
    let among: ReadonlySet<string> | undefined;
    let everywhereAt = clock.uptime();
    const also = followed.isAway && { also: followed.isAway };
    // What is told moves on, event by event, so each is tried again by itself.
    const surely = <R>(work: () => Promise<R>): Promise<R | undefined> =>
      persist(session, { leftMs: () => lastAt + waitMs - clock.uptime(), ...also, signal }, work);
    while (!signal?.aborted && told < count) {
      await checkRoot();
      const lookedAt = clock.uptime();
      if (lookedAt >= everywhereAt) among = undefined;
      const where = among;
      const batch = await surely(() => followed.read(cursor, why, where));
      if (batch === undefined) return;
      const { events, more, warnings, cursor: behind } = batch;
      // Not before: that it can be gone on from is known by now.
      onBegun?.(cursor);
      onBegun = undefined;
      if (among === undefined) {
        const tookMs = clock.uptime() - lookedAt;
        const restMs = wake?.sure ? longestEverywhereMs : Math.max(lookAgainMs, everywhereShare * tookMs);
        everywhereAt = beatBy(clock, clock.uptime() + Math.min(longestEverywhereMs, restMs));
      }
      for (const warning of warnings) {
        // What cannot be read now cannot be read the next time.
        if (!said.has(warning)) onWarning(warning);
        said.add(warning);
      }
      for (const event of events) {
        if (signal?.aborted || told >= count) break;
        const one = await surely(() => followed.tell(event));
        if (one === undefined) continue;
        yield one;
        lastAt = clock.uptime();
        told++;
      }
      cursor = behind;
      if (signal?.aborted || told >= count) return;
      if (more.size > 0) {
        why = 'more';
        among = both(more, hints.take());
        continue;
      }
      // Listens when it has caught up, and looks once more: the first of many events need not wait for thousands of watches.
      if (!wake) {
        wake = await surely(() =>
          followed.watch((place) => {
            hints.add(place);
            bell.ring();
          }),
        );
        if (wake === undefined) return;
        if (wake.degraded !== undefined) onWarning(`Looking once a second: ${wake.degraded}`);
        lastAt = clock.uptime();
        why = 'time';
        among = undefined;
        continue;
      }
      const seen = { why, among, found: events.length };
      const rest = await surely(() => followed.rest(seen));
      if (rest === undefined) return;
      if ('moved' in rest) {
        why = 'more';
        among = both(rest.moved, hints.take());
        continue;
      }
      const leftMs = lastAt + waitMs - clock.uptime();
      if (leftMs <= 0) return;
      const restMs = Math.min(leftMs, rest.ms, everywhereAt - clock.uptime());
      why = (await bell.rest(restMs, signal)) ? 'hint' : 'time';
      // The last look leaves nothing out.
      const isLast = clock.uptime() >= lastAt + waitMs;
      among = isLast ? undefined : hints.take();
    }
  } finally {
    await wake?.close();
  }
}

/** As the journal reads; where it is known that nothing has happened, it is not asked. */
export async function readOn(
  { journal }: Store,
  of: Scope,
  cursor: string,
  among: ReadonlySet<string> | undefined,
): Promise<EventBatch> {
  if (among?.size === 0) return { events: [], cursor, more: among, warnings: [] };
  return journal.readEvents(of, cursor, among);
}

function both(some: ReadonlySet<string>, others: ReadonlySet<string> | undefined): ReadonlySet<string> | undefined {
  return others && new Set([...some, ...others]);
}

/** Where hints say that something happened, until it is looked at. */
function createHints(): {
  add(where: ReadonlySet<string> | undefined): void;
  /** `undefined`: anywhere */
  take(): ReadonlySet<string> | undefined;
} {
  let anywhere = false;
  let places = new Set<string>();
  return {
    add(where) {
      if (where === undefined) anywhere = true;
      else for (const place of where) places.add(place);
    },
    take() {
      const taken = anywhere ? undefined : places;
      anywhere = false;
      places = new Set();
      return taken;
    },
  };
}
