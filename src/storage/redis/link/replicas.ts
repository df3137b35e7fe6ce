import type { Clock } from '../../../model/clock.ts';
import { type Connection, isReply } from './connection.ts';
import { Unreachable } from './errors.ts';

/** So long one WAIT takes at most. */
const roundMs = 500;

export interface ReplicasOptions {
  readonly where: string;
  /** Of a hash, into which something is written. */
  readonly key: string;
  readonly clock: Clock;
  /** So long what was done may take to be there; milliseconds. */
  readonly patienceMs: number;
  /** A server that answers nothing for so much longer counts as gone. */
  readonly slackMs: number;
}

/** How many replicas have to have what is durable, and whether they have it. */
export class Replicas {
  readonly #options: ReplicasOptions;
  #needed: number;
  readonly #rounds = new WeakMap<Connection, Rounds>();
  #written = 0;

  constructor(needed: number, options: ReplicasOptions) {
    this.#needed = needed;
    this.#options = options;
  }

  /** @param count as many at least */
  need(count: number): void {
    this.#needed = Math.max(this.#needed, count);
  }

  /** @param connection by which it was done @throws Unreachable: it was done, and is not there yet; Broken */
  async have(connection: Connection): Promise<void> {
    const { where, clock, patienceMs } = this.#options;
    const needed = this.#needed;
    if (needed === 0) return;
    const until = clock.uptime() + patienceMs;
    let rounds = this.#rounds.get(connection);
    if (!rounds) this.#rounds.set(connection, (rounds = new Rounds(() => this.#wait(connection))));
    for (;;) {
      const count = await rounds.count();
      if (count >= needed) return;
      if (clock.uptime() >= until) throw new Unreachable(where, `${count} of ${needed} replicas have it by now`, true);
    }
  }

  /**
   * WAIT means what its own connection has written. A call that is made again may have found all done, so this writes something:
   * who has that has all that came before it on the same server.
   */
  async #wait(connection: Connection): Promise<number> {
    const { where, key, patienceMs, slackMs } = this.#options;
    const longestMs = patienceMs + slackMs;
    const [, count] = await Promise.all([
      connection.command('HSET', [key, 'waited', ++this.#written], longestMs),
      connection.command('WAIT', [this.#needed, roundMs], longestMs + roundMs),
    ]).catch((error: unknown) => {
      // Whatever is refused here, the script was done.
      throw isReply(error) ? new Unreachable(where, error.message, true) : error;
    });
    return Number(count);
  }
}

/** A WAIT holds up all that its connection is asked behind it, so it is made for all: who comes while one is under way is answered by the next. */
class Rounds {
  readonly #wait: () => Promise<number>;
  #underWay: Promise<unknown> = Promise.resolve();
  #next: Promise<number> | undefined;

  constructor(wait: () => Promise<number>) {
    this.#wait = wait;
  }

  /** @returns how many have all that is done by now */
  count(): Promise<number> {
    this.#next ??= this.#underWay.then(() => {
      this.#next = undefined;
      const waiting = this.#wait();
      this.#underWay = waiting.catch(() => undefined);
      return waiting;
    });
    return this.#next;
  }
}
