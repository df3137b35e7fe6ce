import type { Reservation, Reserved } from '../../contract/reach.ts';
import { minLeaseMs } from '../../model/basics/limits.ts';
import { halfCharacter, reference, usage } from '../../model/refusals.ts';
import { loneSurrogateIn } from '../../model/basics/text.ts';
import { checkWait, exactDuration } from '../../model/duration.ts';
import { isoTime } from '../../model/clock.ts';
import { createAddressBook } from '../agents/address-book.ts';
import { actorOf } from '../root/names.ts';
import type { Session } from '../root/root.ts';
import { createBell, lookAgainMs } from '../wait/bell.ts';
import { lookAtChores, restOfChores } from '../wait/chores.ts';
import { orGone, stillThere } from '../wait/still-there.ts';
import type { WaitOptions } from '../wait/wait.ts';
import { type Place, keyOf, placesOf } from './place.ts';
import { type Conflict, refused } from './refusals.ts';
import { changeReservations, isInForce, mostMs, othersOf } from './reservations.ts';
import { ofOwn, operation } from '../root/operation.ts';

/** How long a reservation lasts that does not say it. */
const usualMs = 3_600_000;

export interface ReserveOptions extends WaitOptions {
  /** Others may have it, too, if theirs is shared as well: who reads it and wants nobody to change it meanwhile. */
  readonly shared?: boolean;
  /** From now; milliseconds, at least 100 and at most 24 h; 1 h if not given. */
  readonly forMs?: number;
  /** For who is refused. */
  readonly reason?: string;
  /** Where relative paths begin; the current folder, if not given. */
  readonly cwd?: string | undefined;
}

/** Who asks, and for what, with everything checked. */
interface Asked extends Pick<ReserveOptions, 'reason'> {
  readonly agent: string;
  readonly places: readonly Place[];
  readonly shared: boolean;
  readonly forMs: number;
}

export const reserve = operation('reservations.reserve', reserveBody, ofOwn);

async function reserveBody(
  session: Session,
  paths: string | readonly string[],
  options: ReserveOptions = {},
): Promise<Reserved[] | undefined> {
  const { waitMs = 0, signal, cwd, shared = false, reason } = options;
  checkWait(waitMs);
  const forMs = checkedFor(options.forMs);
  const half = reason === undefined ? undefined : loneSurrogateIn(reason);
  if (half !== undefined) throw halfCharacter('reason', half);
  const places = await placesOf(session, [paths].flat(), cwd);
  if (places.length === 0) throw usage('Nothing is named that would be reserved.', reference);
  const { name: agent } = await createAddressBook(session).recipient(actorOf(session, 'reserves'));
  const asked = { agent, places, shared, forMs, ...(reason !== undefined && { reason }) };
  const once = await tryOnce(session, asked);
  if (Array.isArray(once)) return once;
  if (waitMs > 0) return untilFree(session, asked, { waitMs, ...(signal && { signal }) });
  throw refused(session, once.conflicts);
}

/** @returns milliseconds @throws USAGE */
export function checkedFor(forMs = usualMs): number {
  if (forMs >= minLeaseMs && forMs <= mostMs) return forMs;
  const message = `A reservation lasts from ${exactDuration(minLeaseMs)} to ${exactDuration(mostMs)}, not ${exactDuration(forMs)}.`;
  throw usage(message, 'Who needs it for longer renews it: dreamos reserve renew');
}

class Held extends Error {
  readonly conflicts: readonly Conflict[];
  constructor(conflicts: readonly Conflict[]) {
    super();
    this.conflicts = conflicts;
  }
}

/** All of it or nothing. */
async function tryOnce(session: Session, { agent, places, shared, forMs, reason }: Asked): Promise<Reserved[] | Held> {
  let reserved: Reserved[] = [];
  try {
    await changeReservations(session, (all, newToken) => {
      const othersIn = othersOf(session, all, { agent, shared });
      const conflicts = places.map((place) => ({ place, held: othersIn(place) })).filter(({ held }) => held.length > 0);
      // Thrown: then nothing is written, and nobody's lock is asked for.
      if (conflicts.length > 0) throw new Held(conflicts);
      const now = session.store.now();
      const mine = new Map(all.filter((one) => one.agent === agent).map((one) => [keyOf(one.path), one]));
      const made = places.map(({ path, key, file }) => {
        const before = mine.get(key);
        const known = before && isInForce(session, before) ? before : undefined;
        const until = Math.max(now + forMs, known ? Date.parse(known.until) : 0);
        const one: Reservation = {
          ...(known ?? { path, agent, since: isoTime(now), token: newToken() }),
          shared,
          ...(file !== undefined && { file }),
          ...(reason !== undefined && { reason }),
          until: isoTime(until),
        };
        return { one, created: known === undefined };
      });
      reserved = made.map(({ one, created }) => ({ ...one, created }));
      const keys = new Set(places.map(({ key }) => key));
      const others = all.filter((one) => one.agent !== agent || !keys.has(keyOf(one.path)));
      return [...others, ...made.map(({ one }) => one)];
    });
    return reserved;
  } catch (error) {
    if (error instanceof Held) return error;
    throw error;
  }
}

/** As wait.ts waits for mail: first listen, then look, then rest, until somebody changes one, or one ends. */
async function untilFree(
  session: Session,
  asked: Asked,
  { waitMs = 0, signal }: WaitOptions,
): Promise<Reserved[] | undefined> {
  const bell = createBell();
  const checkRoot = stillThere(session);
  const endsAt = session.clock.uptime() + waitMs;
  const wake = await session.store.documents.watch('reservations', () => bell.ring());
  try {
    if (wake.degraded !== undefined) session.warn(`What others release is looked for once a second: ${wake.degraded}`);
    for (;;) {
      if (signal?.aborted) return undefined;
      await checkRoot();
      // It may have been renamed or have retired meanwhile.
      await createAddressBook(session).recipient(asked.agent);
      const tried = await tryOnce(session, asked);
      if (Array.isArray(tried)) return tried;
      const leftMs = endsAt - session.clock.uptime();
      if (leftMs <= 0) throw refused(session, tried.conflicts);
      await lookAtChores(session);
      const ends = tried.conflicts.flatMap(({ held }) => held.map(({ until }) => Date.parse(until)));
      // One more, because a timer may fire a millisecond early.
      const nextMs = Math.max(1, Math.min(...ends) - session.store.now() + 1);
      await bell.rest(Math.min(leftMs, nextMs, lookAgainMs, restOfChores(session)), signal);
    }
  } catch (error) {
    throw await orGone(session, error);
  } finally {
    await wake.close();
  }
}
