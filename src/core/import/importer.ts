import type { ImportResult } from '../../contract/keep.ts';
import { DreamosError } from '../../model/errors.ts';
import type { Lock } from '../../storage/port/documents.ts';
import { importLost } from '../../storage/port/refusals.ts';
import { type AgentCard, sameAgent } from '../../model/agent.ts';
import { sayableTime } from '../../model/clock.ts';
import { dataJson, type Message } from '../../model/message.ts';
import { type SourceEntry, type SourceTree } from '../../storage/file/disk/foreign/source-tree.ts';
import { registerAgent } from '../agents/agents.ts';
import { type Session } from '../root/root.ts';
import { NameBook } from './name-book.ts';
import { communityOf } from './old/mail-place.ts';
import type { OldMessage } from './old/message.ts';
import { validName } from './old/names.ts';
import { isFinishedPlace } from './old/words.ts';
import { inNoFolder, mayBeHeaded, type Piece, readOldFile } from './read-file.ts';
import { contentOfId, idOfTwin, toMessage } from './to-message.ts';
import { defaultSettings } from '../../model/settings.ts';
import { rootSettings } from '../root/config-file.ts';

/** A larger file is not read as mail. */
const maxMailBytes = 64 * 1024 * 1024;
/** A larger file is not copied either: it would have to fit into memory. */
const maxKeptBytes = 256 * 1024 * 1024;

export interface ImporterOptions {
  readonly lenient: boolean;
  readonly maps: ReadonlyMap<string, string>;
  readonly deliver?: boolean;
  readonly dryRun?: boolean;
  readonly treeName: string;
  /** The agent in whose folder a file lies, as the folder is called. */
  readonly folderOf: (path: string) => string | undefined;
  readonly cards: readonly AgentCard[];
  /** What is there already, by the content in its id. */
  readonly imported: ReadonlyMap<string, Imported>;
  /** `imported` is all that is there for as long as it is held. */
  readonly lock?: Lock | undefined;
}

export interface Imported {
  readonly id: string;
  readonly mailbox: string;
}

type SourceFile = SourceEntry & { kind: 'file' };
type MessagePiece = Piece & { kind: 'message' };

interface Waiting {
  readonly mailbox: string;
  readonly message: Message;
  readonly result: ImportResult;
}

/** Places what the files of one tree hold into mailboxes. */
export class Importer {
  readonly #root: Session;
  readonly #tree: SourceTree;
  readonly #options: ImporterOptions;
  readonly #names: NameBook;
  /** What this run has met, by the content in its id: the first file with it, and how often. */
  readonly #brought = new Map<string, { readonly file: string; times: number }>();
  readonly #registered = new Set<string>();
  /** To be delivered at the end: see `deliver`. */
  readonly #waiting: Waiting[] = [];
  #deliverLimit: number | undefined;
  #mendable = 0;
  #deposited = 0;

  constructor(session: Session, tree: SourceTree, options: ImporterOptions) {
    this.#root = session;
    this.#tree = tree;
    this.#options = options;
    const known = options.cards.map(({ name }) => name);
    this.#names = new NameBook(options.maps, known);
  }

  async *file(file: SourceFile): AsyncGenerator<ImportResult> {
    // A README beside the mailboxes is nobody's mail. JSON may name its recipient itself, and so may the header of Markdown.
    const owned = this.#options.folderOf(file.path) !== undefined;
    if (!owned && !/\.(?:json|md|markdown)$/i.test(file.path)) {
      yield { file: file.path, result: 'skipped', why: inNoFolder };
      return;
    }
    const read = await this.#tree.read(file.path, maxKeptBytes);
    if (read.ok && !owned && !/\.json$/i.test(file.path) && !mayBeHeaded(read.bytes)) {
      yield { file: file.path, result: 'skipped', why: inNoFolder };
    } else if (!read.ok) {
      const why = `${read.why}; no copy was kept, so keep the original`;
      yield { file: file.path, result: 'unreadable', why };
    } else if (read.bytes.length > maxMailBytes) {
      const why = `it has ${read.bytes.length} bytes, more than the ${maxMailBytes} of a mail file`;
      yield await this.#keep(file, file.path, read.bytes, why);
    } else {
      const { lenient } = this.#options;
      const pieces = readOldFile(`${this.#tree.path}/${file.path}`, read.bytes, { lenient, owned });
      for (const piece of pieces) yield* this.#piece(file, piece);
    }
  }

  /**
   * The unfinished ones, oldest first over all files: what becomes ready later is read later. Until here they wait in
   * memory; a run that is cut off leaves them to the next one.
   */
  async *deliver(): AsyncGenerator<ImportResult> {
    this.#waiting.sort((a, b) => Date.parse(a.message.createdAt) - Date.parse(b.message.createdAt));
    for (const { mailbox, message, result } of this.#waiting) {
      await this.#deposit(mailbox, message, 'ready', Date.parse(message.createdAt));
      yield result;
    }
  }

  /** What a person should know at the end, a sentence each: what else could be read, names that look like one agent's. */
  notes(): string[] {
    const mendable = `${this.#mendable} of the unreadable files can be mended and read: \`format\` dreamos-lenient`;
    return [...(this.#mendable > 0 ? [mendable] : []), ...this.#names.namesakes(), ...this.#names.lookalikes()];
  }

  async *#piece(file: SourceFile, piece: Piece): AsyncGenerator<ImportResult> {
    const name = piece.index === undefined ? file.path : `${file.path}#${piece.index}`;
    if (piece.kind === 'skipped') {
      yield { file: name, result: 'skipped', why: piece.why };
    } else if (piece.kind === 'unreadable') {
      if (piece.mendable) this.#mendable += 1;
      yield await this.#keep(file, name, piece.bytes, piece.why);
    } else {
      const { names, notes } = this.#names.recipients(piece.message.to);
      const { belongsTo, identity } = piece.message;
      if (belongsTo === 'folder' || identity !== undefined)
        this.#names.memberOf(this.#folderName(file.path), communityOf(file.path));
      for (const mailbox of this.#mailboxes(file.path, names, belongsTo)) {
        const result = await this.#place(file, name, piece, { mailbox, to: names, notes });
        if (result) yield result;
      }
    }
  }

  // A copy in the folder of one of several recipients is that one's; the others have their own.
  #mailboxes(path: string, to: readonly string[], belongsTo: OldMessage['belongsTo']): readonly string[] {
    const folder = this.#folderName(path);
    if (belongsTo === 'recipients' && to.length > 0) return to;
    const own = to.find((name) => sameAgent(name, folder));
    if (own !== undefined) return [own];
    return belongsTo === 'folder' || to.length === 0 ? [folder] : to;
  }

  /** @returns `undefined`: it waits to be delivered */
  async #place(
    file: SourceFile,
    name: string,
    piece: MessagePiece,
    where: { readonly mailbox: string; readonly to: readonly string[]; readonly notes: readonly string[] },
  ): Promise<ImportResult | undefined> {
    const old = piece.message;
    const mailbox = this.#names.mailbox(where.mailbox);
    const sender = this.#names.sender(old.from);
    const named = where.to.flatMap((each) => this.#names.mapped(each) ?? []);
    const to = named.length > 0 ? named : [mailbox];
    const place = {
      ...piece,
      ...identified(piece),
      from: sender.name,
      to,
      oldMailbox: where.mailbox,
      file: name,
      fileTimeMs: file.mtimeMs,
    };
    const made = toMessage(old, place);
    if (typeof made === 'string') return this.#keep(file, name, piece.bytes, made);

    const twin = this.#brought.get(contentOfId(made.id));
    if (twin && old.hasCopies)
      return { file: name, result: 'skipped', mailbox, id: made.id, why: `the same message as ${twin.file}` };
    const message = twin ? { ...made, id: idOfTwin(made.id, twin.times++) } : made;
    if (!twin) this.#brought.set(contentOfId(made.id), { file: name, times: 1 });
    const { id } = message;
    const there = this.#options.imported.get(contentOfId(id));
    if (there !== undefined) {
      return { file: name, result: 'skipped', mailbox: there.mailbox, id: there.id, why: 'already imported' };
    }

    const notes = [...old.notes, ...sender.notes, ...where.notes];
    if (twin) notes.push(`the same, byte for byte, as ${twin.file}`);
    if (old.at === undefined) {
      const far =
        sayableTime(file.mtimeMs) === Math.trunc(file.mtimeMs) ? '' : 'the nearest that a message can have to ';
      notes.push(`dated by ${far}the file's own time, ${message.createdAt}`);
    }
    if (where.to.length === 0 && this.#options.folderOf(file.path) === undefined) {
      notes.push("names no recipient and lies in no agent's folder, so the mailbox is called like the tree");
    }
    let ready = (this.#options.deliver ?? false) && !old.finished && !isFinishedPlace(file.path);
    const sizeBytes = ready ? Buffer.byteLength(message.body) + Buffer.byteLength(dataJson(message)) : 0;
    if (ready && sizeBytes > (await this.#maxDeliverBytes())) {
      notes.push(`archived although unfinished: ${sizeBytes} bytes are too large to deliver`);
      ready = false;
    }
    const state = ready ? 'ready' : 'archived';
    const why = notes.length > 0 ? { why: notes.join('; ') } : {};
    const result: ImportResult = { file: name, result: 'imported', mailbox, id, state, ...why };
    if (ready) {
      this.#waiting.push({ mailbox, message, result });
      return undefined;
    }
    await this.#deposit(mailbox, message, state, this.#root.clock.now());
    return result;
  }

  async #deposit(mailbox: string, message: Message, state: 'archived' | 'ready', at: number): Promise<void> {
    if (this.#options.dryRun) return;
    await this.#register(mailbox);
    const by = this.#root.acting;
    const { lock } = this.#options;
    try {
      await this.#root.store.mail.deposit(mailbox, message, state, { at, lock, ...(by !== undefined && { by }) });
    } catch (error) {
      throw error instanceof DreamosError && error.code === 'STATE_CHANGED' ? importLost(this.#deposited) : error;
    }
    this.#deposited += 1;
  }

  async #keep(file: SourceFile, name: string, bytes: Uint8Array, why: string): Promise<ImportResult> {
    const mailbox = this.#names.mailbox(this.#folderName(file.path));
    if (!this.#options.dryRun) {
      await this.#register(mailbox);
      if (this.#options.lock?.isHeld() === false) throw importLost(this.#deposited);
      await this.#root.store.mail.quarantine(mailbox, bytes, { name, why });
    }
    return { file: name, result: 'unreadable', mailbox, why };
  }

  // Only when missing: registering would bring a retired agent back.
  async #register(name: string): Promise<void> {
    if (this.#registered.has(name)) return;
    const card = await this.#root.store.documents.getAgent(name);
    if (card === undefined || card.deletedAt) await registerAgent(this.#root, { name });
    this.#registered.add(name);
  }

  #folderName(path: string): string {
    return validName(this.#options.folderOf(path) ?? this.#options.treeName) ?? 'imported';
  }

  async #maxDeliverBytes(): Promise<number> {
    this.#deliverLimit ??= (await rootSettings(this.#root)).maxMessageBytes ?? defaultSettings.maxMessageBytes;
    return this.#deliverLimit;
  }
}

function identified({ message: { identity } }: MessagePiece): { readonly bytes?: Uint8Array } {
  return identity === undefined ? {} : { bytes: Buffer.from(identity) };
}
