import type { WatchedEvent } from '../../model/event.ts';
import { resolveAgent } from '../agents/agents.ts';
import { createBell } from '../wait/bell.ts';
import { createDueTimer } from '../wait/due.ts';
import type { Session } from '../root/root.ts';

export interface WatchOptions {
  /** All, those registered later included, if not given. */
  readonly mailboxes?: readonly string[];
  /** The cursor of the last event that was seen; `start`: all that the logs still hold; else from now on. */
  readonly since?: string;
  readonly signal?: AbortSignal;
  /** The longest time without an event; milliseconds. */
  readonly waitMs?: number;
  /** Ends after so many events. */
  readonly count?: number;
  /** For example: a cursor that no longer fits its log. Else they go to the root's `warn`. */
  readonly onWarning?: (warning: string) => void;
}

export async function* watch(
  session: Session,
  options: WatchOptions = {},
): AsyncGenerator<WatchedEvent, void, undefined> {
  const { signal, waitMs = Infinity, count = Infinity, onWarning = (warning) => session.warn(warning) } = options;
  const mailboxes = options.mailboxes && (await exactNames(session, options.mailboxes));
  // Before anything else can happen: what the first look moves is already new.
  let cursor = await firstCursor(session, mailboxes, options.since);
  // Asked once before listening, so that nonsense is refused without ado.
  await session.store.journal.readEvents(mailboxes, cursor);
  const bell = createBell();
  const wake = await session.store.journal.watch(mailboxes, () => bell.ring());
  if (wake.degraded !== undefined) onWarning(`Looking once a second: ${wake.degraded}`);
  try {
    const due = createDueTimer(session, mailboxes);
    let told = 0;
    let lastAt = session.clock.uptime();
    let rung = false;
    while (!signal?.aborted && told < count) {
      const batch = await session.store.journal.readEvents(mailboxes, cursor);
      for (const warning of batch.warnings) onWarning(warning);
      for (const event of batch.events) {
        if (signal?.aborted) return;
        yield event;
        lastAt = session.clock.uptime();
        if (++told >= count) return;
      }
      cursor = batch.cursor;
      if (batch.events.length > 0) {
        due.soon(afterEventsMs);
        rung = false;
        continue;
      }
      // A hint without an event: most likely a script has handed something in.
      if (rung) due.soon(0);
      rung = false;
      if ((await due.look()) > 0) continue;
      const leftMs = lastAt + waitMs - session.clock.uptime();
      if (leftMs <= 0) return;
      rung = await bell.rest(Math.min(leftMs, due.restMs()), signal);
    }
  } finally {
    await wake.close();
  }
}

// Every event may bring a new due moment, and hide the hint of a handed-in file; a busy log must not mean a look for each.
const afterEventsMs = 200;

async function exactNames(session: Session, names: readonly string[]): Promise<string[]> {
  const exact = new Set<string>();
  for (const name of names) exact.add((await resolveAgent(session, name)).name);
  return [...exact];
}

async function firstCursor(
  session: Session,
  mailboxes: readonly string[] | undefined,
  since: string | undefined,
): Promise<string> {
  return since === undefined || since === 'start' ? session.store.journal.cursor(mailboxes, since ?? 'now') : since;
}
