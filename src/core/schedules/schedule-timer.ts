import { beatBy } from '../../model/clock.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Chore, Session } from '../root/root.ts';
import { isEngineAway } from '../root/trouble.ts';
import type { Fired } from './fire-due.ts';

// For schedules that were added meanwhile. Where there are none, this is all it costs: one stat.
const lookEveryMs = 15_000;
// All who wait have the same moment in mind. Spread out, most of them find that another one has sent it.
const spreadMs = 100;
// Whoever waits does it by the way: mail that comes meanwhile waits no longer than this, and the one send that is longer.
const biteMs = 50;

/** Sends what the schedules say while somebody waits. */
export function createScheduleTimer(session: Session): Chore {
  const { clock } = session;
  let lookAt = clock.uptime();
  /** Wall-clock, as occurrences are: when to send next, and when that was looked for. */
  let nextAt = Infinity;
  let firedAt = -Infinity;
  let seen: unknown;
  let told: string | undefined;
  let pass: AsyncGenerator<readonly Fired[], number, undefined> | undefined;
  let busy = false;

  const fire = async (): Promise<number> => {
    if (!pass) {
      const document = (await session.store.documents.get('schedules'))?.value;
      // The store hands out the same one as long as it is unchanged.
      // Where the clock was set back, what comes next comes sooner.
      const now = clock.now();
      if (document === seen && now >= firedAt && now < nextAt) return 0;
      seen = document;
      firedAt = now;
      nextAt = Infinity;
      if (document === undefined) return 0;
      pass = (await import('./fire-due.ts')).fireInBites(session, biteMs);
    }
    const bite = await pass.next();
    if (!bite.done) return bite.value.filter(({ id }) => id !== undefined).length;
    pass = undefined;
    nextAt = bite.value + session.ids.fraction() * spreadMs;
    return 0;
  };

  return {
    look: async () => {
      // Of many who wait in this process one is enough.
      if (busy || (!pass && clock.uptime() < lookAt && clock.now() < nextAt)) return 0;
      busy = true;
      lookAt = beatBy(clock, clock.uptime() + lookEveryMs);
      try {
        return await fire();
      } catch (error) {
        pass = undefined;
        seen = undefined;
        if (!(error instanceof DreamosError)) throw error;
        // Who waits comes back to it.
        if (isEngineAway(error)) throw error;
        // Whoever waits for mail gets his mail.
        if (told !== error.message) session.warn(`Schedules send nothing now: ${error.message}`);
        told = error.message;
        return 0;
      } finally {
        busy = false;
      }
    },
    restMs: () => (busy || pass ? biteMs : Math.max(1, Math.min(lookAt - clock.uptime(), nextAt - clock.now() + 1))),
  };
}
