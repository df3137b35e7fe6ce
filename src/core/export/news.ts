/**
 * What is new of one mailbox or topic, put into the database. First the event logs from where they were read to, then a look at
 * what lies in it: what moves in between tells so behind the mark that is kept, and is met by the next export. A mailbox
 * whose logs say nothing new is not looked into, unless a delay or a lease is over of whose end nothing was told. In the
 * archive only what came since the last look is looked at.
 */
import { isoTime } from '../../model/clock.ts';
import { idTime } from '../../model/id.ts';
import type { LoggedEvent } from '../../model/metrics/tally.ts';
import { states } from '../../model/state.ts';
import type { LogMark } from '../../storage/port/journal.ts';
import type { Entry } from '../../storage/port/look.ts';
import { readOrWarn, whyOrWarn } from '../look/read-entry.ts';
import type { Session } from '../root/root.ts';
import { stateOf } from '../tasks/place/find.ts';
import { taskView, type TaskLooks } from '../tasks/view.ts';
import type { ExportDatabase } from './database.ts';
import { Deliveries } from './deliveries.ts';
import { applyEntry, applyEvent, archives, endsNever, isAboutDelivery } from './delivery.ts';
import { eventRow, messageRow, stubRow, taskRow } from './rows.ts';

export interface News {
  readonly session: Session;
  readonly database: ExportDatabase;
  readonly looks: TaskLooks;
  /** Only messages that were sent, and events that happened, from then on, as an ISO time; `''`: all. */
  readonly since: string;
  readonly signal?: AbortSignal | undefined;
  /** Called with each part of the entries that were looked at. */
  readonly onLooked: (entries: number) => void;
}

/** By day. */
type Marks = Readonly<Record<string, LogMark>>;

// Later than any time that can be asked for.
const unfinished = '~';
// A clock that is put right by no more than this hides nothing.
const slackMs = 60_000;
const atOnce = 500;

/** Whether a mailbox has anything that the database does not. */
export async function hasNews({ session, database, since }: News, mailbox: string): Promise<boolean> {
  const place = database.placeOf(mailbox);
  if (!place || place.since > since) return true;
  // Who died in the middle of a change has told nothing of it.
  if (database.overdue(mailbox, isoTime(session.store.now())).length > 0) return true;
  const marks = JSON.parse(place.marks) as Marks;
  return [...(await session.store.journal.logs(mailbox))].some(([day, { bytes }]) => marks[day]?.bytes !== bytes);
}

export async function addNews(news: News, mailbox: string): Promise<void> {
  const { session, database, signal } = news;
  const known = database.placeOf(mailbox);
  // What is asked for from earlier on than before is read anew; what of it is there already stays as it is.
  const place = known && known.since <= news.since ? known : undefined;
  const since = place?.since ?? news.since;
  const lookedAt = session.store.now();
  // If the disk fails in the middle of it, the others are exported, and this one is read anew the next time.
  database.setPlace(mailbox, { since: unfinished, lookedAt: isoTime(lookedAt), marks: '{}' });
  const mail = new MailboxNews({ ...news, since }, mailbox, known !== undefined);
  const marks: Record<string, LogMark> = {};
  const before = place ? (JSON.parse(place.marks) as Marks) : {};
  for (const day of (await session.store.journal.logs(mailbox)).keys()) {
    marks[day] = before[day] ?? { bytes: 0 };
    let goesOn = before[day] !== undefined;
    for await (const { events, mark, anew } of session.store.journal.readLog(mailbox, day, before[day])) {
      if (signal?.aborted) return;
      if (anew) goesOn = false;
      mail.addEvents(events, goesOn);
      marks[day] = mark;
    }
  }
  await mail.look(place && Date.parse(place.lookedAt));
  mail.end();
  database.setPlace(mailbox, { since, lookedAt: isoTime(lookedAt), marks: JSON.stringify(marks) });
}

class MailboxNews {
  readonly #news: News;
  readonly #mailbox: string;
  /** Some of it may be in the database. */
  readonly #known: boolean;
  readonly #deliveries: Deliveries;
  readonly #eventsBefore: number;
  /** What was to have ended by itself, and was not met yet. */
  readonly #overdue: Set<string>;
  /** Arrivals of messages that were not met yet. */
  readonly #arrivals = new Map<string, LoggedEvent>();
  /** The earliest moment at which something may have come into the archive that was not looked at. */
  #archivedAt = Infinity;

  constructor(news: News, mailbox: string, known: boolean) {
    this.#news = news;
    this.#mailbox = mailbox;
    this.#known = known;
    this.#deliveries = new Deliveries(news.database, mailbox, known);
    this.#eventsBefore = news.database.eventsSoFar();
    this.#overdue = new Set(news.database.overdue(mailbox, isoTime(news.session.store.now())));
  }

  /** @param areNew they lie behind what was read before: two that are alike have both happened */
  addEvents(events: readonly LoggedEvent[], areNew: boolean): void {
    const { database, since } = this.#news;
    const wanted = events.filter(({ at }) => at >= since);
    this.#deliveries.load(wanted.filter((event) => this.#isOfWanted(event)).map(({ id }) => id));
    for (const event of wanted) {
      const row = eventRow(this.#mailbox, event);
      // Told again, it changes nothing: the row that it is about may not have been written.
      if (areNew || !this.#known || !database.hasEvent(row, this.#eventsBefore)) database.put('events', row);
      if (!this.#isOfWanted(event)) continue;
      this.#deliveries.change(event.id, (delivery) => applyEvent(delivery, event));
      if (event['subject'] !== undefined) this.#arrivals.set(event.id, event);
      this.#archivedAt = Math.min(this.#archivedAt, archives(event));
    }
    this.#deliveries.spill();
  }

  #isOfWanted(event: LoggedEvent): boolean {
    return isAboutDelivery(event) && this.#isWanted(event.id);
  }

  /** By when it was sent. */
  #isWanted(id: string): boolean {
    const { since } = this.#news;
    return since === '' || isoTime(idTime(id)) >= since;
  }

  /** @param lookedAt the last time; `undefined`: never */
  async look(lookedAt: number | undefined): Promise<void> {
    const { session, signal } = this.#news;
    const archivedSince = lookedAt === undefined ? -Infinity : Math.min(lookedAt, this.#archivedAt) - slackMs;
    for (const state of states) {
      const entries =
        state === 'archived' && archivedSince > 0
          ? session.store.look.listArchived(this.#mailbox, { since: archivedSince })
          : session.store.look.list(this.#mailbox, state);
      let some: Entry[] = [];
      for await (const entry of entries) {
        if (signal?.aborted) return;
        if (this.#isWanted(entry.id)) some.push(entry);
        if (some.length < atOnce) continue;
        await this.#addEntries(some);
        some = [];
      }
      await this.#addEntries(some);
    }
  }

  async #addEntries(entries: readonly Entry[]): Promise<void> {
    const { session, database, onLooked } = this.#news;
    const ids = entries.map(({ id }) => id);
    this.#deliveries.load(ids);
    const known = database.messages(ids);
    const archived = entries.filter(({ task, state }) => task && state === 'archived');
    const ended = database.endedTasks(archived.map(({ id }) => id));
    for (const entry of entries) {
      const { id, state } = entry;
      this.#overdue.delete(id);
      const row = this.#deliveries.change(id, (delivery) => applyEntry(delivery, entry));
      // Who died before he told of it has left why.
      const why = state === 'dead' && (row.reason ?? null) === null ? await whyOrWarn(session, entry) : undefined;
      if (why) this.#deliveries.change(id, (delivery) => ((delivery.reason = why.reason), true));
      const isTask = entry.task === true && !ended.has(id);
      const isWhole = known.get(id)?.isWhole === true;
      const message = isWhole && !isTask ? undefined : await readOrWarn(session, entry);
      if (isWhole || message) this.#arrivals.delete(id);
      if (!message) continue;
      if (!isWhole) {
        const n = database.putMessage(messageRow(message), message.tags, known.get(id)?.n);
        known.set(id, { n, isWhole: true });
      }
      if (isTask) {
        const task = { entry, message, state: stateOf(entry, session.store.now()) };
        database.put('tasks', taskRow(await taskView(session, task, this.#news.looks)));
      }
    }
    this.#deliveries.spill();
    onLooked(entries.length);
  }

  end(): void {
    const { database } = this.#news;
    // Looked for once: nothing more will be told of what is nowhere.
    this.#deliveries.load([...this.#overdue]);
    for (const id of this.#overdue) this.#deliveries.change(id, endsNever);
    this.#deliveries.flush();
    const known = database.messages([...this.#arrivals.keys()]);
    for (const [id, arrival] of this.#arrivals) if (!known.has(id)) database.putMessage(stubRow(arrival), []);
  }
}
