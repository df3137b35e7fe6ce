/**
 * What is known without asking. Every script answers with the server's time and with the name of the last call that changed a
 * card, the settings or the policy: as long as that is the same, so are they, and behind an answer nobody asks again at once.
 */
import type { Clock } from '../../../model/clock.ts';

/** So long behind an answer it is taken for what holds now, as a card is on files (file/documents/agents.ts). */
const freshMs = 5;
/** Who sends to thousands of agents would keep all of their cards. */
const mostKept = 1000;

/** What a script answered, and the last change when it ran. */
export interface Told {
  readonly reply: unknown;
  readonly changes: string;
}

export class Known {
  readonly #clock: Clock;
  readonly #kept = new Map<string, unknown>();
  /** Looks that are under way, and since when, by uptime. */
  readonly #asked = new Map<string, { readonly asking: Promise<unknown>; readonly at: number }>();
  #changes: string | undefined;
  #heardAt = -Infinity;
  /** The server's time less this machine's uptime; milliseconds. */
  #ahead: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `undefined`: nothing was answered yet. */
  get changes(): string | undefined {
    return this.#changes;
  }

  /** @param at the server's time when the script ran, in whole milliseconds @param sentAt by uptime */
  heard(changes: string, at: number, sentAt: number): void {
    const uptime = this.#clock.uptime();
    // It ran between the two, so that many answers tell the time more exactly than each of them does.
    const [least, most] = [at - uptime, at + 1 - sentAt];
    this.#ahead = Math.min(most, Math.max(least, this.#ahead ?? (least + most) / 2));
    if (changes !== this.#changes) this.#forget();
    this.#changes = changes;
    this.#heardAt = uptime;
  }

  /** By the server's clock, since it has answered; this machine's clock may be set meanwhile, and not its uptime. */
  now(): number {
    return Math.round((this.#ahead ?? 0) + this.#clock.uptime());
  }

  /** Something may have changed: it is looked at again. */
  doubt(): void {
    this.#heardAt = -Infinity;
    this.#asked.clear();
  }

  keep(what: string, value: unknown, { changes }: Told): void {
    if (changes !== this.#changes) return;
    if (this.#kept.size >= mostKept) this.#kept.clear();
    this.#kept.set(what, value);
  }

  /** @param check makes a call, of which it is heard whether something has changed, and keeps what it likes */
  async look<T>(
    what: string,
    ask: () => Promise<Told>,
    meant: (reply: unknown) => T,
    check: () => Promise<void>,
  ): Promise<T> {
    if (this.#kept.has(what) && this.#clock.uptime() - this.#heardAt >= freshMs) await this.#once('', check);
    if (this.#kept.has(what)) return this.#kept.get(what) as T;
    return this.#once(what, async () => {
      const told = await ask();
      const value = meant(told.reply);
      this.keep(what, value, told);
      return value;
    });
  }

  /**
   * Many who ask at the same time ask once; but not who has heard of a change since, nor who comes later than an answer is fresh: a
   * slow one tells what was before he asked.
   */
  async #once<T>(what: string, work: () => Promise<T>): Promise<T> {
    const at = this.#clock.uptime();
    const asked = this.#asked.get(what);
    if (asked && at - asked.at < freshMs) return asked.asking as Promise<T>;
    const asking = work();
    const own = { asking, at };
    this.#asked.set(what, own);
    try {
      return await asking;
    } finally {
      if (this.#asked.get(what) === own) this.#asked.delete(what);
    }
  }

  #forget(): void {
    this.#kept.clear();
    this.#asked.clear();
  }
}
