import type { DumpEvent } from '../../port/dump/records.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder } from '../disk/folders.ts';
import type { Mailbox } from '../names/layout.ts';
import { eventLog, isDay } from '../names/slots.ts';
import { spoilt } from './documents.ts';

/** So much waits in memory until it is written. */
const mostCharacters = 4 * 1024 * 1024;

/** Writes events into the logs of their days, in the order in which they come. */
export class EventLogs {
  readonly #ctx: FileContext;
  readonly #keyOf: (mailbox: string, id: string) => string | undefined;
  readonly #waiting = new Map<string, string[]>();
  readonly #written = new Set<string>();
  #length = 0;

  constructor(ctx: FileContext, keyOf: (mailbox: string, id: string) => string | undefined) {
    this.#ctx = ctx;
    this.#keyOf = keyOf;
  }

  async take(mailbox: Mailbox, { event, day = event.at.slice(0, 10) }: DumpEvent): Promise<void> {
    // It becomes a file's name.
    if (!isDay(day)) throw spoilt(`the event ${event.event} of ${event.id} has no day`);
    const path = eventLog(mailbox, day);
    const key = event.event === 'published' ? this.#keyOf(mailbox.name, event.id) : undefined;
    const text = `${JSON.stringify({ ...event, ...(key !== undefined && { key }) })}\n`;
    const lines = this.#waiting.get(path);
    if (lines) lines.push(text);
    else {
      await ensureFolder(this.#ctx, mailbox.events);
      this.#waiting.set(path, [text]);
    }
    this.#length += text.length;
    if (this.#length > mostCharacters) await this.#write();
  }

  async finish(): Promise<void> {
    await this.#write();
    for (const path of this.#written) await this.#ctx.disk.syncFile(path);
  }

  async #write(): Promise<void> {
    for (const [path, lines] of this.#waiting) {
      await this.#ctx.disk.append(path, lines.join(''));
      this.#written.add(path);
    }
    this.#waiting.clear();
    this.#length = 0;
  }
}
