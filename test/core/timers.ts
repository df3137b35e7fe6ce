/** Which fake timers are left: where each was set, which the count of them does not say. */
export function recordTimers(): { left(): string[]; end(): void } {
  const real = { setTimeout, clearTimeout, setInterval, clearInterval };
  const setAt = new Map<unknown, string>();
  const setting =
    (set: typeof setTimeout | typeof setInterval) =>
    (run: () => void, ms?: number): NodeJS.Timeout => {
      const once = (): void => {
        if (set === real.setTimeout) setAt.delete(timer);
        run();
      };
      const timer = set(once, ms);
      setAt.set(timer, `${ms} ms${String(new Error().stack?.split('\n').slice(2, 8).join('\n'))}`);
      return timer;
    };
  const clearing =
    (clear: typeof clearTimeout) =>
    (timer?: NodeJS.Timeout): void => {
      setAt.delete(timer);
      clear(timer);
    };
  Object.assign(globalThis, {
    setTimeout: setting(real.setTimeout),
    setInterval: setting(real.setInterval),
    clearTimeout: clearing(real.clearTimeout),
    clearInterval: clearing(real.clearInterval),
  });
  return { left: () => [...setAt.values()], end: () => void Object.assign(globalThis, real) };
}
