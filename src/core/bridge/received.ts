/**
 * What has come from other roots, so that each message is taken once, however often it is brought: documents of some hundred ids
 * each, changed under the lock `receive`.
 *
 *   1 its document says that they are about to be stored (`open`)
 *   2 they are stored
 *   3 the next change of the document, at the latest at the end, says that they are
 *
 * Whoever is killed between 1 and 3 leaves ids of which the next one looks into the mailbox. What the document says to be stored is
 * not looked for. So an id is known for 90 days after it came, and beyond that as long as the message lies in its mailbox.
 */
import { dayMs } from '../../model/basics/limits.ts';
import { idTime } from '../../model/id.ts';
import type { Session } from '../root/root.ts';

const rememberedDays = 90;
const mostInOne = 256;
/** The clocks of two roots differ by less. */
const skewMs = dayMs;

interface Known {
  readonly hops: number;
  /** It was about to be stored, and may have been. */
  readonly isOpen: boolean;
  /** Of its bytes. Absent in what older versions wrote. */
  readonly digest: string | undefined;
}

export type ReceivedRow = readonly [id: string, mailbox: string, hops: number, digest?: string];
type Row = ReceivedRow;

interface Written {
  readonly v: 1;
  readonly ids: readonly Row[];
  /** So many of the last ones may not have been stored. */
  readonly open: number;
}

interface Page {
  readonly value: Written;
  readonly rows: ReadonlyMap<string, Known>;
  readonly version: string;
}

/** Pages that nobody writes on any more, as one: of each message that comes all those of the last day are asked. */
interface Before {
  readonly rows: Map<string, Known>;
  readonly names: Set<string>;
  newest: string;
  /** All behind this place among the names have been looked at since `refresh`. */
  reaches: number;
}

const noBefore = (): Before => ({ rows: new Map(), names: new Set(), newest: '', reaches: 0 });
/** So many may still be written on, and of all others those that say that they are not sure. */
const lastOnes = 2;

const keyOf = ([id, mailbox]: Row): string => `${id} ${mailbox}`;
const keysOf = (rows: readonly Row[]) => rows.map((row): [string, Row] => [keyOf(row), row]);

/** The document that is written on. */
interface Own {
  readonly name: string;
  /** As it was last written; `undefined`: never. */
  version: string | undefined;
  readonly stored: Map<string, Row>;
  /** They may have been stored. */
  readonly unsure: Map<string, Row>;
  /** It is to say more than it does. */
  isChanged: boolean;
}

/** All calls but `hops` are made under the lock. */
export class Received {
  readonly #session: Session;
  /** In their order. */
  #names: string[] = [];
  readonly #pages = new Map<string, Page>();
  /** Of these pages, which may say more by now. */
  readonly #old = new Set<string>();
  /** Those that are still written on, the last one first. */
  #recent = new Set<string>();
  #before = noBefore();
  #own: Own | undefined;
  #asked: Promise<unknown> = Promise.resolve();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Sees what others have written. */
  async refresh(): Promise<void> {
    const { documents } = this.#session.store;
    this.#names = (await documents.list('received')).sort();
    const there = new Set(this.#names);
    for (const name of this.#pages.keys()) if (!there.has(name)) this.#pages.delete(name);
    for (const name of this.#before.names) if (!there.has(name)) this.#before = noBefore();
    this.#before.reaches = this.#names.length - lastOnes;
    const isRecent = (name: string, i: number): boolean =>
      i >= this.#before.reaches || (this.#pages.get(name)?.value.open ?? 0) > 0;
    this.#recent = new Set(this.#names.filter(isRecent).reverse());
    for (const name of this.#recent) this.#old.add(name);
    const own = this.#own && (await documents.get(`received/${this.#own.name}`));
    // Somebody goes on with it, and has looked for what it did not say yet.
    if (this.#own && own?.version !== this.#own.version) this.#own = undefined;
  }

  /** After `refresh`. `undefined`: it has not come within 90 days. */
  async find(id: string, mailbox: string): Promise<Known | undefined> {
    const key = keyOf([id, mailbox, 0]);
    const own = this.#own?.stored.get(key) ?? this.#own?.unsure.get(key);
    if (own) return { hops: own[2], isOpen: this.#own?.unsure.has(key) ?? false, digest: own[3] };
    const before = this.#before;
    const since = Math.min(idTime(id), this.#session.clock.now()) - skewMs;
    while (before.reaches > 0 && !this.#endsBefore(before.reaches - 1, since)) await this.#lookBefore(before);
    let unsure: Known | undefined;
    for (const name of this.#recent) {
      // Of its own this one knows more than is written.
      const known = name === this.#own?.name ? undefined : (await this.#page(name))?.rows.get(key);
      if (known && !known.isOpen) return known;
      unsure ??= known;
    }
    // Where a killed one was not sure, another may have stored it since.
    return before.rows.get(key) ?? unsure;
  }

  /** What came before a message was made cannot be it: whether all of this page did. */
  #endsBefore(index: number, since: number): boolean {
    const next = this.#names[index + 1];
    return next !== undefined && idTime(next) < since;
  }

  /** One page further back. What a later one says holds. */
  async #lookBefore(before: Before): Promise<void> {
    before.reaches--;
    const name = this.#names[before.reaches];
    if (name === undefined || name === this.#own?.name || before.names.has(name) || this.#recent.has(name)) return;
    this.#old.add(name);
    const page = await this.#page(name);
    if (!page) return;
    if (page.value.open > 0) return void this.#recent.add(name);
    const isNewest = name > before.newest;
    for (const [key, known] of page.rows) if (isNewest || !before.rows.has(key)) before.rows.set(key, known);
    before.names.add(name);
    if (isNewest) before.newest = name;
    this.#pages.delete(name);
  }

  /** How many roots each of these has left that lie in a mailbox here; 0: it was sent here. */
  hops(ids: readonly string[], mailbox: string): Promise<ReadonlyMap<string, number>> {
    // Of two at a time one would find nothing in the page that the other one is reading.
    const asked = this.#asked.then(async () => {
      await this.refresh();
      const hops = new Map<string, number>();
      for (const id of ids) hops.set(id, (await this.find(id, mailbox))?.hops ?? 0);
      return hops;
    });
    this.#asked = asked.catch(() => undefined);
    return asked;
  }

  /** Whether it may have come and be forgotten. */
  isForgotten(id: string): boolean {
    return idTime(id) < this.#session.clock.now() - rememberedDays * dayMs;
  }

  /** Step 1; durable when it returns. @returns `false`: the lock was lost, and somebody else writes */
  async begin(rows: readonly Row[]): Promise<boolean> {
    const own = this.#own;
    const isFull = own !== undefined && own.stored.size + own.unsure.size >= mostInOne;
    // Of what is not the last one others know that nothing is added.
    const isPast = own?.version !== undefined && own.name !== this.#names.at(-1);
    if ((isFull || isPast) && !(await this.end())) return false;
    this.#own ??= await this.#first();
    const { stored, unsure } = this.#own;
    for (const row of rows) unsure.set(keyOf(row), row);
    for (const key of unsure.keys()) stored.delete(key);
    return this.#write(this.#own);
  }

  /** Step 2 is done. @param stored of those that `begin` was told @param refused those that are not there for sure */
  settled(stored: readonly Row[], refused: readonly Row[]): void {
    if (!this.#own) return;
    for (const row of [...stored, ...refused]) this.#own.unsure.delete(keyOf(row));
    for (const row of stored) this.#own.stored.set(keyOf(row), row);
    this.#own.isChanged = true;
  }

  /** Step 3, for who writes no more on this document. @returns as `begin` */
  async end(): Promise<boolean> {
    const own = this.#own;
    const isWritten = own === undefined || !own.isChanged || (await this.#write(own));
    this.#own = undefined;
    return isWritten;
  }

  async #write(own: Own): Promise<boolean> {
    const { documents } = this.#session.store;
    const value: Written = { v: 1, ids: [...own.stored.values(), ...own.unsure.values()], open: own.unsure.size };
    const isWritten = await documents.put(`received/${own.name}`, value, own.version);
    own.version = isWritten ? (await documents.get(`received/${own.name}`))?.version : undefined;
    own.isChanged = false;
    if (!isWritten) this.#own = undefined;
    return isWritten;
  }

  /** The last one goes on, if it has room; what is open in it is looked for. */
  async #first(): Promise<Own> {
    const { clock, ids } = this.#session;
    const name = this.#names.at(-1);
    const page = name === undefined ? undefined : await this.#page(name);
    if (name === undefined || !page || page.value.ids.length >= mostInOne) {
      await this.#forget();
      const made = ids.next(clock.now());
      return { name: made, version: undefined, stored: new Map(), unsure: new Map(), isChanged: false };
    }
    const rows: Row[] = [];
    for (const row of page.value.ids)
      if (!page.rows.get(keyOf(row))?.isOpen || (await isThere(this.#session, row[0], row[1]))) rows.push(row);
    return { name, version: page.version, stored: new Map(keysOf(rows)), unsure: new Map(), isChanged: false };
  }

  async #forget(): Promise<void> {
    const before = this.#session.clock.now() - rememberedDays * dayMs;
    for (const [i, name] of this.#names.entries()) {
      const next = this.#names[i + 1];
      if (next === undefined || idTime(next) >= before) return;
      await this.#session.store.documents.remove(`received/${name}`);
      this.#pages.delete(name);
    }
  }

  async #page(name: string): Promise<Page | undefined> {
    const known = this.#pages.get(name);
    if (known && !this.#old.has(name)) return known;
    const document = await this.#session.store.documents.get(`received/${name}`);
    this.#old.delete(name);
    // For each message that leaves this is asked, and its rows are the most of it.
    if (known && document?.version === known.version) return known;
    this.#pages.delete(name);
    if (!document) return undefined;
    const value = document.value as Written;
    const firstOpen = value.ids.length - value.open;
    const rows = new Map(
      value.ids.map((row, i) => [keyOf(row), { hops: row[2], isOpen: i >= firstOpen, digest: row[3] }]),
    );
    const page = { value, rows, version: document.version };
    this.#pages.set(name, page);
    return page;
  }
}

/** Whether a message lies in a mailbox, in whatever state. */
export async function isThere({ store }: Session, id: string, mailbox: string): Promise<boolean> {
  for (let look = 0; look < 3; look++) if ((await store.look.find(id, mailbox)).length > 0) return true;
  return false;
}
