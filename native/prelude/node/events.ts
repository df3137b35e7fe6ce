type Listener = (...given: never[]) => void;

interface Heard {
  readonly call: Listener;
  readonly once: boolean;
}

/** Node's, without its captured rejections, limits and symbols. */
export class EventEmitter {
  readonly #listeners = new Map<string | symbol, Heard[]>();

  on(event: string | symbol, listener: Listener): this {
    return this.#add(event, listener, false);
  }

  addListener(event: string | symbol, listener: Listener): this {
    return this.on(event, listener);
  }

  once(event: string | symbol, listener: Listener): this {
    return this.#add(event, listener, true);
  }

  #add(event: string | symbol, call: Listener, once: boolean): this {
    const known = this.#listeners.get(event);
    if (known) known.push({ call, once });
    else this.#listeners.set(event, [{ call, once }]);
    return this;
  }

  /** Of a listener that was added twice, the newer one. */
  off(event: string | symbol, listener: Listener): this {
    this.#remove(
      event,
      this.#listeners.get(event)?.findLast(({ call }) => call === listener),
    );
    return this;
  }

  #remove(event: string | symbol, one: Heard | undefined): void {
    const left = this.#listeners.get(event)?.filter((other) => other !== one) ?? [];
    if (left.length > 0) this.#listeners.set(event, left);
    else this.#listeners.delete(event);
  }

  removeListener(event: string | symbol, listener: Listener): this {
    return this.off(event, listener);
  }

  removeAllListeners(event?: string | symbol): this {
    if (event === undefined) this.#listeners.clear();
    else this.#listeners.delete(event);
    return this;
  }

  emit(event: string | symbol, ...given: unknown[]): boolean {
    const known = this.#listeners.get(event) ?? [];
    if (known.length === 0 && event === 'error') throw given[0];
    for (const one of [...known]) {
      if (one.once) this.#remove(event, one);
      one.call.apply(this, given as never[]);
    }
    return known.length > 0;
  }

  listenerCount(event: string | symbol): number {
    return this.#listeners.get(event)?.length ?? 0;
  }

  listeners(event: string | symbol): Listener[] {
    return (this.#listeners.get(event) ?? []).map(({ call }) => call);
  }

  eventNames(): (string | symbol)[] {
    return [...this.#listeners.keys()];
  }

  setMaxListeners(): this {
    return this;
  }
}

// What `require('node:events')` gives: the class itself.
export default Object.assign(EventEmitter, { EventEmitter });
