/** Something of the server that a view shows, and looks at again when it may have changed. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { begun, type Happened, onEvents } from './live.ts';
import { asProblem, isRefused, type Problem } from './problem.ts';

export interface Look<T> {
  /** Of the last look that succeeded; `undefined`: there was none yet. */
  readonly value: T | undefined;
  readonly problem: Problem | undefined;
  /** Looks again, now. */
  readonly again: () => void;
}

export interface LookHow {
  /** Whether an event may have changed it; absent: every one. `false`: none. */
  readonly when?: ((event: Happened) => boolean) | false;
  /** Looks again so often, whatever happens: what changes by time alone; milliseconds. */
  readonly everyMs?: number;
}

const leastGapMs = 400;

/**
 * @param key tells two questions apart: where it changes, what is shown of the old one goes
 * @param ask is asked again at most twice a second, and rests three times as long as it takes
 */
export function useLook<T>(key: string, ask: (signal: AbortSignal) => Promise<T>, how: LookHow = {}): Look<T> {
  const [state, setState] = useState<{ key: string; value?: T; problem?: Problem }>({ key });
  const latest = useRef({ ask, how });
  latest.current = { ask, how };
  const again = useRef(() => {});

  useEffect(() => {
    const ending = new AbortController();
    let [running, wanted, gapMs] = [false, false, leastGapMs];
    // Each refusal is a line of the audit: it is asked for again when the stream begins anew, or the person says so.
    let mayAsk = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async (): Promise<void> => {
      if (running) return void (wanted = true);
      [running, wanted] = [true, false];
      clearTimeout(timer);
      timer = undefined;
      const startedAt = performance.now();
      try {
        const value = await latest.current.ask(ending.signal);
        mayAsk = true;
        if (!ending.signal.aborted) setState({ key, value });
      } catch (error) {
        const problem = asProblem(error);
        mayAsk = !isRefused(problem);
        if (!ending.signal.aborted) setState((old) => ({ ...(old.key === key ? old : { key }), problem }));
      }
      running = false;
      gapMs = Math.max(leastGapMs, 3 * (performance.now() - startedAt));
      if (wanted && !ending.signal.aborted) soon();
    };
    // What is hidden rests: when it is seen again the stream begins anew, and with it this.
    const due = (): void => {
      timer = undefined;
      if (!document.hidden && mayAsk) void run();
    };
    const soon = (): void => void (timer ??= setTimeout(due, gapMs));
    again.current = () => void run();
    const endEvents = onEvents((events) => {
      const { when } = latest.current.how;
      if (when !== false && events.some((event) => when?.(event) ?? true)) soon();
    });
    let first = true;
    const endBegun = begun.subscribe(() => {
      mayAsk = true;
      if (!first) soon();
      first = false;
    });
    const { everyMs } = latest.current.how;
    const ticking = everyMs === undefined ? undefined : setInterval(soon, everyMs);
    void run();
    return () => {
      ending.abort();
      endEvents();
      endBegun();
      clearTimeout(timer);
      clearInterval(ticking);
    };
  }, [key]);

  const isOld = state.key !== key;
  return {
    value: isOld ? undefined : state.value,
    problem: isOld ? undefined : state.problem,
    again: () => again.current(),
  };
}
