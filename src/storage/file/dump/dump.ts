/**
 * A dump of a root that others may work on. As a backup (backup/backup.ts) it takes no lock, and looks at the mail again until
 * a look finds nothing new and event logs tell of nothing that was not met; but a message is given where it is met first, so
 * what was finished meanwhile may be unfinished in it, and never the other way round. Sends that are committed are handed out
 * before, and what scripts have handed in is adopted, so that all mail lies in mailboxes. Where nobody works on the root (a
 * move has frozen it), the dump is exactly what there is.
 */
import { DreamosError } from '../../../model/errors.ts';
import { idTime } from '../../../model/id.ts';
import { isLog } from '../../../model/topic.ts';
import type { DumpOptions, TakeRecord } from '../../port/dump/loading.ts';
import type { DumpRecord } from '../../port/dump/records.ts';
import { idsToldOf, logged, type Meeting } from '../backup/told.ts';
import type { FileContext } from '../disk/context.ts';
import { everyName } from '../documents/topics.ts';
import { type EntryName, originOf } from '../names/entry-name.ts';
import { adopt } from '../send/adopt.ts';
import { finishOutbox } from '../send/hand-out.ts';
import { documentRecords } from './documents.ts';
import { entryRecords, type Wanted } from './entries.ts';
import { eventRecords } from './events.ts';
import { auditRecords, cursorRecords, keyRecords, mailboxRecord, keptRecords, reachRecords } from './kept.ts';

const mostLooks = 25;
const progressEvery = 256;
const longestRestMs = 3000;

export async function dump(ctx: FileContext, take: TakeRecord, options: DumpOptions = {}): Promise<boolean> {
  const { signal, onProgress, whole = false } = options;
  await finishOutbox(ctx, Infinity);
  await adoptAll(ctx);
  const begunAt = ctx.clock.now();
  const met = new Met(ctx, begunAt, await logged(ctx, begunAt));
  const parts = [
    documentRecords(ctx, whole),
    mailRecords(ctx, met),
    keyRecords(ctx),
    reachRecords(ctx),
    auditRecords(ctx, whole),
  ];
  let messages = 0;
  for (const part of [...parts, cursorRecords(ctx), eventRecords(ctx, met.logged)]) {
    for await (const record of part) {
      if (signal?.aborted) return false;
      await take(record);
      if (record.kind === 'entry' && ++messages % progressEvery === 0) onProgress?.(messages);
    }
  }
  return true;
}

/** What a script has only just written may not be finished: that is waited for. */
async function adoptAll(ctx: FileContext): Promise<void> {
  let nextAt = 0;
  for (const name of (await everyName(ctx)).filter((one) => !isLog(one))) {
    for (let left: number | undefined = 1; left !== undefined;) {
      const adopted = await adopt(ctx, ctx.layout.mailbox(name));
      ({ left } = adopted);
      nextAt = Math.max(nextAt, adopted.nextAt ?? 0);
    }
  }
  const restMs = Math.min(nextAt - ctx.clock.now() + 1, longestRestMs);
  if (nextAt === 0 || restMs <= 0) return;
  await new Promise((resolve) => setTimeout(resolve, restMs));
  for (const name of await everyName(ctx)) if (!isLog(name)) await adopt(ctx, ctx.layout.mailbox(name));
}

async function* mailRecords(ctx: FileContext, met: Met): AsyncGenerator<DumpRecord, void, void> {
  const named = new Set<string>();
  for (let look = 0; ; look++) {
    let found = 0;
    for (const name of await everyName(ctx)) {
      const mailbox = ctx.layout.mailbox(name);
      if (!named.has(name)) {
        named.add(name);
        yield* mailboxRecord(ctx, mailbox);
        yield* keptRecords(ctx, mailbox);
      }
      met.isLater = look > 0;
      for await (const record of entryRecords(ctx, mailbox, met)) {
        found++;
        yield record;
      }
    }
    // Where the first has found nothing, something may have come back behind it all the same.
    const [told] = look > 0 && found === 0 ? await idsToldOf(ctx, met) : [''];
    if (told === undefined) return;
    if (look >= mostLooks) throw restless(told);
  }
}

/** What was met so far. */
class Met implements Meeting, Wanted {
  /** It is not the first look: of what it meets what is older than the beginning belongs into the dump. */
  isLater = false;
  readonly begunAt: number;
  readonly logged: ReadonlyMap<string, number>;
  readonly #ctx: FileContext;
  /** By the mailbox that had it first, and the id; and by the id alone. */
  readonly #met = new Set<string>();
  readonly #ids = new Set<string>();

  constructor(ctx: FileContext, begunAt: number, logs: ReadonlyMap<string, number>) {
    this.#ctx = ctx;
    this.begunAt = begunAt;
    this.logged = logs;
  }

  isNew(mailbox: string, name: EntryName): boolean {
    return !this.#met.has(this.#keyOf(mailbox, name)) && (!this.isLater || this.belongs(name.id));
  }

  meet(mailbox: string, name: EntryName): void {
    this.#met.add(this.#keyOf(mailbox, name));
    this.#ids.add(name.id);
  }

  isUnmet(mailbox: string, id: string): boolean {
    return !this.#met.has(this.#keyOf(mailbox, { id }));
  }

  belongs(id: string): boolean {
    const madeAt = idTime(id);
    return this.#ids.has(id) || madeAt < this.begunAt || madeAt > this.#ctx.clock.now();
  }

  isOlder(id: string): void {
    this.#ids.add(id);
  }

  #keyOf(mailbox: string, { id, origin }: Pick<EntryName, 'id' | 'origin'>): string {
    return `${originOf(mailbox, { origin })}\0${id}`;
  }
}

function restless(id: string): DreamosError {
  const what = id === '' ? 'A message' : id;
  return new DreamosError(
    'conflict',
    'STATE_CHANGED',
    `${what} was somewhere else at every look; the dump is not whole.`,
    {
      hint: id === '' ? 'Try again while less is going on.' : `See what moves it, then try again: dreamos show ${id}`,
    },
  );
}
