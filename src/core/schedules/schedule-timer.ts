import { DreamosError } from '../../model/errors.ts';
import type { Chore, Session } from '../root/root.ts';

// For schedules that were added meanwhile. Where there are none, this is all it costs: one stat.
const lookEveryMs = 15_000;
// All who wait have the same moment in mind. Spread out, most of them find that another one has sent it.
const spreadMs = 100;

/** Sends what the schedules say while somebody waits. */
export function createScheduleTimer(session: Session): Chore {
  const { clock } = session;
  let lookAt = clock.uptime();
  /** Wall-clock, as occurrences are: when to send next, and when that was looked for. */
  let nextAt = Infinity;
  let firedAt = -Infinity;
  let seen: unknown;
  let told: string | undefined;

  const fire = async (): Promise<number> => {
    const document = (await session.store.documents.get('schedules'))?.value;
    // The store hands out the same one as long as it is unchanged.
    // Where the clock was set back, what comes next comes sooner.
    const now = clock.now();
    if (document === seen && now >= firedAt && now < nextAt) return 0;
    seen = document;
    firedAt = now;
    nextAt = Infinity;
    if (document === undefined) return 0;
    const { fireDue } = await import('./fire-due.ts');
    const due = await fireDue(session);
    if (due.nextAt !== undefined) nextAt = due.nextAt + session.ids.fraction() * spreadMs;
    return due.fired.filter(({ id }) => id !== undefined).length;
  };

  return {
    look: async () => {
      if (clock.uptime() < lookAt && clock.now() < nextAt) return 0;
      lookAt = clock.uptime() + lookEveryMs;
      try {
        return await fire();
      } catch (error) {
        if (!(error instanceof DreamosError)) throw error;
        // Whoever waits for mail gets his mail.
        if (told !== error.message) session.warn(`Schedules send nothing now: ${error.message}`);
        told = error.message;
        return 0;
      }
    },
    restMs: () => Math.max(1, Math.min(lookAt - clock.uptime(), nextAt - clock.now() + 1)),
  };
}
