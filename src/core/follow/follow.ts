/**
 * The one loop that follows event logs: it reads on from a cursor, tells, and when there is nothing new it rests until the
 * store hints that something happened, or its time is over. Waiting for mail is another loop (wait.ts): it has no cursor.
 */
import { checkWait } from '../../model/duration.ts';
import type { WatchedEvent } from '../../model/event.ts';
import type { EventBatch, Wake } from '../../storage/port/journal.ts';
import type { Session } from '../root/root.ts';
import { createBell } from '../wait/bell.ts';

export interface FollowOptions {
  /** The cursor of the last event or message seen; `start`: all that the logs still hold; else from now on. */
  readonly since?: string;
  readonly signal?: AbortSignal;
  /** The longest time without an event or message; milliseconds. */
  readonly waitMs?: number;
  /** Ends after so many of them. */
  readonly count?: number;
  /** For example: a cursor that no longer fits its log. Else they go to the root's `warn`. */
  readonly onWarning?: (warning: string) => void;
}

/** Why it looks: time has passed, somebody hinted, or the last look found something. */
type Why = 'time' | 'hint' | 'more';

/** The logs that are followed, and what is made of them. */
export interface Followed<T> {
  cursor(at: 'now' | 'start'): Promise<string>;
  read(cursor: string, why: Why): Promise<EventBatch>;
  watch(hint: () => void): Promise<Wake>;
  /** `undefined`: it is passed over. */
  tell(event: WatchedEvent): Promise<T | undefined>;
  /** After each look. @param found how many events @returns how long to rest at most, milliseconds; 0: look again at once */
  restMs(found: number, why: Why): Promise<number>;
}

export async function* follow<T>(
  session: Session,
  followed: Followed<T>,
  options: FollowOptions,
): AsyncGenerator<T, void, undefined> {
  const { since, signal, waitMs = Infinity, count = Infinity, onWarning = (text) => session.warn(text) } = options;
  const { clock } = session;
  checkWait(waitMs);
  // Before anything else can happen: what the first look moves is already new.
  let cursor = since === undefined || since === 'start' ? await followed.cursor(since ?? 'now') : since;
  const bell = createBell();
  let wake: Wake | undefined;
  try {
    let told = 0;
    const said = new Set<string>();
    let lastAt = clock.uptime();
    let why: Why = 'more';
    while (!signal?.aborted && told < count) {
      const { events, warnings, cursor: behind } = await followed.read(cursor, why);
      for (const warning of warnings) {
        // What cannot be read now cannot be read the next time.
        if (!said.has(warning)) onWarning(warning);
        said.add(warning);
      }
      for (const event of events) {
        if (signal?.aborted || told >= count) break;
        const one = await followed.tell(event);
        if (one === undefined) continue;
        yield one;
        lastAt = clock.uptime();
        told++;
      }
      cursor = behind;
      // Listens when it has caught up, and looks once more: the first of many events need not wait for thousands of watches.
      if (!wake && events.length === 0) {
        wake = await followed.watch(() => bell.ring());
        if (wake.degraded !== undefined) onWarning(`Looking once a second: ${wake.degraded}`);
        lastAt = clock.uptime();
        why = 'time';
        continue;
      }
      const restMs = await followed.restMs(events.length, why);
      why = 'more';
      if (restMs === 0) continue;
      const leftMs = lastAt + waitMs - clock.uptime();
      if (leftMs <= 0) return;
      why = (await bell.rest(Math.min(leftMs, restMs), signal)) ? 'hint' : 'time';
    }
  } finally {
    await wake?.close();
  }
}
