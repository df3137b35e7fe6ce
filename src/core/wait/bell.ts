import { beatMs } from '../../model/clock.ts';
import { onAbort } from './on-abort.ts';

/** Joins what can end a rest: somebody rings, the time is over, the signal comes. */
export interface Bell {
  /** Also between two rests: then the next one ends at once. */
  ring(): void;
  /** Never rejects. @param ms milliseconds, at most 24 days of them @returns whether it was rung */
  rest(ms: number, signal?: AbortSignal): Promise<boolean>;
}

/** The longest rest of who waits for an event: its hint is lost when a process dies between its change and its event. */
export const lookAgainMs = beatMs;
// A longer timer would fire at once.
const longestTimerMs = 2 ** 31 - 1;

export function createBell(): Bell {
  let rung = false;
  let wake = (): void => undefined;
  return {
    ring: () => {
      rung = true;
      wake();
    },
    rest: async (ms, signal) => {
      if (!rung && !signal?.aborted) {
        await new Promise<void>((resolve) => {
          const end = (): void => {
            clearTimeout(timer);
            unlisten?.();
            wake = () => undefined;
            resolve();
          };
          const timer = setTimeout(end, Math.min(Math.ceil(ms), longestTimerMs));
          const unlisten = signal && onAbort(signal, end);
          wake = end;
        });
      }
      const was = rung;
      rung = false;
      return was;
    },
  };
}
