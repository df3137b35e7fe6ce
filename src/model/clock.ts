/** Where time comes from; injected, so that tests own it. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. Leases, due times and names use it; it may step. */
  now(): number;
  /** Monotonic milliseconds from an arbitrary start, for measuring how long ago something was. */
  uptime(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  uptime: () => performance.now(),
};
