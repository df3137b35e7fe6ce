/** One hand-over that is under way, or was when its process died. */
export interface Handing {
  readonly p: number;
  readonly from: string;
  readonly to: string;
  readonly wasSure: boolean;
  readonly isNew: boolean;
  /** Others of the same message were under way meanwhile, so that its answer alone says little. */
  overlaps: boolean;
}

/** In which mailboxes the copies of a message are, as far as those were told who hand it over: never two in one. */
export class Whereabouts {
  readonly may: Set<string>;
  /** Also before: whoever is slow may come back with a claim that has ended. */
  readonly ever: Set<string>;
  readonly sure: Set<string>;
  /** How many copies there are. */
  readonly count: number;
  readonly #under: Set<Handing> = new Set();

  constructor(mailboxes: readonly string[]) {
    this.may = new Set(mailboxes);
    this.ever = new Set(mailboxes);
    this.sure = new Set(mailboxes);
    this.count = mailboxes.length;
  }

  get isMoving(): boolean {
    return this.#under.size > 0;
  }

  begin(p: number, from: string, to: string): Handing {
    const overlaps = this.isMoving;
    const handing = { p, from, to, wasSure: this.sure.delete(from), isNew: !this.may.has(to), overlaps };
    for (const other of this.#under) other.overlaps = true;
    this.#under.add(handing);
    this.may.add(to);
    this.ever.add(to);
    return handing;
  }

  done(handing: Handing): void {
    this.#under.delete(handing);
    if (handing.overlaps) return;
    if (this.count === 1) this.may.clear();
    this.may.delete(handing.from);
    this.may.add(handing.to);
    this.sure.add(handing.to);
  }

  refused(handing: Handing): void {
    this.#under.delete(handing);
    if (handing.overlaps) return;
    if (handing.isNew) this.may.delete(handing.to);
    if (handing.wasSure) this.sure.add(handing.from);
  }

  /** @param p by default everybody */
  died(p?: number): void {
    for (const handing of this.#under) if (p === undefined || handing.p === p) this.#under.delete(handing);
  }
}
