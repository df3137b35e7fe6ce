import { EventEmitter } from './node/events.ts';

interface Once {
  readonly once?: boolean;
  /** Aborted, it takes the listener away. */
  readonly signal?: HostAbortSignal;
}

type Listener = (event: { readonly type: string }) => void;

/** Of the web's what is used here: one event, and listeners. */
export class HostAbortSignal {
  aborted = false;
  reason: unknown;
  readonly #events = new EventEmitter();

  static any(signals: readonly HostAbortSignal[]): HostAbortSignal {
    const controller = new HostAbortController();
    for (const signal of signals) {
      if (signal.aborted) controller.abort(signal.reason);
      else signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true });
    }
    return controller.signal;
  }

  addEventListener(event: string, listener: Listener, { once = false, signal }: Once = {}): void {
    if (signal?.aborted || this.#events.listeners(event).includes(listener)) return;
    if (once) this.#events.once(event, listener);
    else this.#events.on(event, listener);
    signal?.addEventListener('abort', () => this.removeEventListener(event, listener), { once: true });
  }

  removeEventListener(event: string, listener: Listener): void {
    this.#events.off(event, listener);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  /** For the controller alone. */
  end(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason =
      reason === undefined ? Object.assign(new Error('This operation was aborted'), { name: 'AbortError' }) : reason;
    this.#events.emit('abort', { type: 'abort' });
  }
}

export class HostAbortController {
  readonly signal = new HostAbortSignal();

  abort(reason?: unknown): void {
    this.signal.end(reason);
  }
}
