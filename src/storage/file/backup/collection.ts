import { idTime } from '../../../model/id.ts';
import { sha256, startSha256 } from '../../../model/basics/sha256.ts';
import type { FileContext } from '../disk/context.ts';
import type { TarFile } from '../disk/foreign/tar-gz.ts';
import { backedUpBody, pathInBackup } from '../names/backup-name.ts';
import { type EntryName, originOf } from '../names/entry-name.ts';
import { inOnePart, type Source, toldEach } from './source.ts';
import type { IndexLine, Seen, SeenIn } from './sighting.ts';

/** A message in a place. */
export interface Met {
  readonly mailbox: string;
  readonly id: string;
  readonly state: SeenIn;
  readonly name: string;
}

/** What the next look is for: how much was new, and what was gone before its bytes could be read. */
export interface Missed {
  found: number;
  readonly slipped: Set<string>;
}

export type Add = (file: TarFile) => Promise<void>;

/** What a backup holds so far: bytes are written at once, each once; lines of the index wait for its end. */
export class Collection {
  readonly begunAt: number;
  /** How long each event log was at the beginning, as far as it may tell of the time since (told.ts). */
  readonly logged: ReadonlyMap<string, number>;
  readonly #ctx: FileContext;
  readonly #add: Add;
  readonly #lines: string[] = [];
  readonly #files = new Set<string>();
  readonly #bodies = new Set<string>();
  /** By mailbox and id: the body. */
  readonly #seen = new Map<string, Map<string, string>>();
  /** By mailbox and id, the state and the name in which it was met last. */
  readonly #last = new Map<string, string>();
  /** What belongs into it, wherever it is met. */
  readonly #ids = new Set<string>();
  /** By mailbox and id: what could not be read where it lay. */
  readonly #aside = new Set<string>();
  /** By the mailbox that had it first, and id: what was met in another one. */
  readonly #handedOver = new Set<string>();
  /** How many messages lie in packs. */
  packed = 0;

  constructor(ctx: FileContext, add: Add, begunAt: number, logged: ReadonlyMap<string, number>) {
    this.#ctx = ctx;
    this.#add = add;
    this.begunAt = begunAt;
    this.logged = logged;
  }

  /** Of messages, each once a mailbox. */
  get messages(): number {
    return [...this.#seen.values()].reduce((sum, ids) => sum + ids.size, this.packed);
  }

  /** In which mailboxes and logs something was met. */
  get mailboxes(): string[] {
    return [...this.#seen.keys()];
  }

  /** The body of a message that was met in this mailbox. */
  bodyOf(mailbox: string, id: string): string | undefined {
    return this.#seen.get(mailbox)?.get(id);
  }

  /** Whether a message that a later look meets first in a mailbox belongs into the backup. */
  belongs(id: string): boolean {
    return this.#ids.has(id) || this.isFromBefore(idTime(id));
  }

  /** Whether it was made before the beginning: what is of the future was made when the clock was ahead. */
  isFromBefore(madeAt: number): boolean {
    return madeAt < this.begunAt || madeAt > this.#ctx.clock.now();
  }

  /** @returns whether it is new in this mailbox */
  async see(
    at: Met,
    what: { readonly bytes: Uint8Array; readonly reason?: string | undefined } | { readonly body: string },
  ): Promise<boolean> {
    const { mailbox, id, state, name } = at;
    const body = 'body' in what ? what.body : await this.body(id, what.bytes);
    const ids = this.#seen.get(mailbox) ?? new Map<string, string>();
    this.#seen.set(mailbox, ids);
    const isNew = !ids.has(id);
    if (isNew) ids.set(id, body);
    this.#ids.add(id);
    if (this.isWhereItWas(at)) return isNew;
    this.#last.set(`${mailbox}\0${id}`, `${state}\0${name}`);
    const reason = 'reason' in what ? what.reason : undefined;
    const seen: Seen = { kind: 'seen', mailbox, state, name, body, ...(reason !== undefined && { reason }) };
    this.line(seen);
    return isNew;
  }

  /** Whether it was met in this state and under this name, and nowhere else since. */
  isWhereItWas({ mailbox, id, state, name }: Met): boolean {
    return this.#last.get(`${mailbox}\0${id}`) === `${state}\0${name}`;
  }

  /** What cannot be read is no message. @returns whether it was not put aside before */
  putsAside(mailbox: string, id: string): boolean {
    return this.#aside.size < this.#aside.add(`${mailbox}\0${id}`).size;
  }

  /** It was told of before the beginning, whatever the time in its id. */
  isOlder(id: string): void {
    this.#ids.add(id);
  }

  /** It is in another mailbox than that which had it first, whoever tells of it. */
  isElsewhere({ id, origin }: EntryName): void {
    if (origin !== undefined) this.#handedOver.add(`${origin}\0${id}`);
  }

  isUnmet(mailbox: string, id: string): boolean {
    if (this.bodyOf(mailbox, id) !== undefined || this.#aside.has(`${mailbox}\0${id}`)) return false;
    return !this.#handedOver.has(`${originOf(mailbox)}\0${id}`);
  }

  async body(id: string, bytes: Uint8Array): Promise<string> {
    const name = backedUpBody(id, sha256(bytes));
    if (!this.#bodies.has(name)) {
      this.#bodies.add(name);
      await this.#add({ name, bytes });
    }
    return name;
  }

  hasFile(path: string): boolean {
    return this.#files.has(path);
  }

  /** A file as it is; the first one of its name counts. @param id the message that it becomes, if it is known */
  async file(path: string, source: Source | Buffer, mtimeMs: number, id?: string): Promise<void> {
    if (this.#files.has(path)) return;
    this.#files.add(path);
    const name = pathInBackup(this.#ctx.layout, path);
    const { size, parts } = Buffer.isBuffer(source) ? inOnePart(source) : source;
    const hashing = startSha256();
    await this.#add({ name, size, parts: toldEach(parts, hashing.update) });
    this.line({ kind: 'file', path: name, mtimeMs, sha256: hashing.hex(), ...(id !== undefined && { id }) });
  }

  line(line: IndexLine): void {
    this.#lines.push(JSON.stringify(line));
  }

  index(end: IndexLine): Buffer {
    this.line(end);
    return Buffer.from(`${this.#lines.join('\n')}\n`);
  }
}
