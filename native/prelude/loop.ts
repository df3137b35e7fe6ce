import * as host from 'dreamos:host';

/** A timer as setTimeout() and setInterval() give it. */
export class Timer {
  #counts = true;
  readonly work: () => void;
  at: number;
  /** Milliseconds; `undefined`: it comes once. */
  readonly every: number | undefined;

  constructor(work: () => void, ms: number, repeats: boolean) {
    // As Node: what is no number, below 1 or beyond 2^31 - 1 is 1.
    const delay = ms >= 1 && ms <= 2_147_483_647 ? Math.trunc(ms) : 1;
    this.work = work;
    this.at = host.uptime() + delay;
    this.every = repeats ? delay : undefined;
  }

  /** It no longer keeps the process from ending. */
  unref(): this {
    this.#counts = false;
    return this;
  }

  ref(): this {
    this.#counts = true;
    return this;
  }

  hasRef(): boolean {
    return this.#counts;
  }

  /** Begins to wait anew. */
  refresh(): this {
    this.at = host.uptime() + (this.every ?? 1);
    return this;
  }
}

/** Of one file descriptor: what is to be done as soon as it can be read, or written. */
export interface Watched {
  readonly fd: number;
  ready(): void;
}

const timers = new Set<Timer>();
const immediates = new Set<{ readonly work: () => void }>();
/** At most one of each descriptor, and of readers one: stdin. */
export const readers = new Set<Watched>();
export const writers = new Set<Watched>();

let looksNext = false;

/** What a signal does, by its number. */
export const heard = new Map<number, () => void>();

export function addTimer(timer: Timer): Timer {
  timers.add(timer);
  return timer;
}

export function removeTimer(timer: Timer | undefined): void {
  if (timer) timers.delete(timer);
}

export function addImmediate(work: () => void): { readonly work: () => void } {
  const immediate = { work };
  immediates.add(immediate);
  return immediate;
}

export function removeImmediate(immediate: { readonly work: () => void } | undefined): void {
  if (immediate) immediates.delete(immediate);
}

/**
 * One step of the event loop: a signal, else an immediate, else a timer that is due, else a wait. One, because promises go on
 * between two of them, as they do in Node.
 * @returns `false`: nothing is left that anything could come of
 */
export function step(): boolean {
  for (const [number, tell] of heard) {
    if (!host.takeSignal(number)) continue;
    tell();
    return true;
  }
  const [immediate] = immediates;
  // Between two of them Node looks for what has come.
  looksNext = immediate !== undefined && readers.size > 0 && !looksNext;
  if (looksNext) {
    wait(0);
    return true;
  }
  if (immediate) {
    immediates.delete(immediate);
    immediate.work();
    return true;
  }
  const next = nextTimer();
  const now = host.uptime();
  if (next && next.at <= now) {
    if (next.every === undefined) timers.delete(next);
    else next.at = now + next.every;
    next.work();
    return true;
  }
  if (readers.size === 0 && writers.size === 0 && ![...timers].some((timer) => timer.hasRef())) return false;
  wait(next ? Math.ceil(next.at - now) : -1);
  return true;
}

function nextTimer(): Timer | undefined {
  let next: Timer | undefined;
  for (const timer of timers) if (!next || timer.at < next.at) next = timer;
  return next;
}

/** @param ms -1: for ever */
function wait(ms: number): void {
  const [reader] = readers;
  const [writer, other] = writers;
  const ready = host.wait(reader?.fd ?? -1, writer?.fd ?? -1, other?.fd ?? -1, ms);
  // A signal ends it; it is told by the next step.
  if (ready <= 0) return;
  if (ready & 1) reader?.ready();
  if (ready & 2) writer?.ready();
  if (ready & 4) other?.ready();
}
