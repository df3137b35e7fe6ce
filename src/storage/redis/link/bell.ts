/**
 * The doorbell: a second connection, on which the scripts tell what happened where. What was missed while it was broken nobody
 * knows, so that everybody is rung when it is there again.
 */
import { setTimeout } from 'node:timers/promises';
import { Broken, type Connection, isReply } from './connection.ts';
import type { Link } from './link.ts';
import { Unreachable } from './errors.ts';

/** @param what a mailbox or log, `=<document>`, `!<lock>`; `undefined`: anything may have happened */
export type Listener = (what: string | undefined) => void;

const beatMs = 15_000;
const shortestRestMs = 100;
const longestRestMs = 2000;

export class Bell {
  readonly #link: Link;
  readonly #listeners = new Set<Listener>();
  #connection: Connection | undefined;
  #starting: Promise<void> | undefined;
  /** Raised when nobody listens any more: what was begun before then makes no connection for who listens since. */
  #generation = 0;
  #isClosed = false;

  constructor(link: Link) {
    this.#link = link;
  }

  /** What happens from when it returns on is heard. @throws Unreachable */
  async listen(listener: Listener): Promise<() => void> {
    this.#listeners.add(listener);
    try {
      this.#starting ??= this.#start(this.#link.options.patienceMs);
      await this.#starting;
    } catch (error) {
      this.#starting = undefined;
      this.#listeners.delete(listener);
      if (isReply(error)) throw this.#link.meant(error.message);
      throw error instanceof Broken ? new Unreachable(this.#link.where, error.message, false) : error;
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  }

  async #start(waitMs: number): Promise<void> {
    const generation = this.#generation;
    const connection = await this.#link.connect(waitMs);
    try {
      await connection.subscribe(
        `${this.#link.prefix}bell`,
        (message) => this.#ring(message),
        () => void this.#comeBack(connection),
        waitMs,
      );
      if (!connection.isOpen) throw new Broken('the connection was closed');
    } catch (error) {
      connection.end();
      throw error;
    }
    if (this.#isClosed || this.#generation !== generation) return connection.end();
    this.#connection = connection;
    // A server that stands still, or a network that lost us, ends no connection.
    const beat = setInterval(() => {
      if (connection.isOpen) connection.command('PING', [], beatMs).catch(() => undefined);
      else clearInterval(beat);
    }, beatMs);
    beat.unref();
  }

  async #comeBack(from: Connection): Promise<void> {
    if (this.#connection !== from) return;
    this.#connection = undefined;
    if (this.#isClosed || this.#listeners.size === 0) return;
    const generation = this.#generation;
    const isWanted = (): boolean => !this.#isClosed && this.#generation === generation;
    // Whoever rests looks now, and says that it is away.
    this.#ring(undefined);
    for (let rest = shortestRestMs; isWanted(); rest = Math.min(rest * 2, longestRestMs)) {
      try {
        await this.#start(longestRestMs);
        if (isWanted()) this.#ring(undefined);
        return;
      } catch {
        await setTimeout(rest * (0.75 + this.#link.options.ids.fraction() / 2));
      }
    }
  }

  #ring(what: string | undefined): void {
    if (what === undefined || what.startsWith('=')) this.#link.known.doubt();
    for (const listener of [...this.#listeners]) listener(what);
  }

  #stop(): void {
    this.#generation++;
    this.#starting = undefined;
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.end();
  }

  close(): void {
    this.#isClosed = true;
    this.#stop();
  }
}
