import type { ExportDatabase } from './database.ts';
import type { Delivery } from './delivery.ts';

/** The rows of one mailbox that are in memory at a time. */
const mostRows = 100_000;

/** The deliveries of a mailbox while they change: each is read and written once, as long as they fit. */
export class Deliveries {
  readonly #database: ExportDatabase;
  readonly #mailbox: string;
  readonly #rows = new Map<string, { readonly row: Delivery; changed: boolean }>();
  /** Some may be in the database, and not here. */
  #more: boolean;

  constructor(database: ExportDatabase, mailbox: string, more: boolean) {
    this.#database = database;
    this.#mailbox = mailbox;
    this.#more = more;
  }

  /** Of what is changed next. */
  load(ids: readonly string[]): void {
    if (!this.#more) return;
    const missing = ids.filter((id) => !this.#rows.has(id));
    for (const row of this.#database.deliveries(this.#mailbox, missing))
      this.#rows.set(String(row.message), { row, changed: false });
  }

  /** @param change says whether it has changed anything */
  change(id: string, change: (row: Delivery) => boolean): Delivery {
    let kept = this.#rows.get(id);
    if (!kept) this.#rows.set(id, (kept = { row: { message: id, mailbox: this.#mailbox }, changed: true }));
    if (change(kept.row)) kept.changed = true;
    return kept.row;
  }

  /** When there are many. */
  spill(): void {
    if (this.#rows.size <= mostRows) return;
    this.flush();
    this.#more = true;
    this.#rows.clear();
  }

  flush(): void {
    for (const kept of this.#rows.values()) {
      if (kept.changed) this.#database.put('deliveries', kept.row);
      kept.changed = false;
    }
  }
}
