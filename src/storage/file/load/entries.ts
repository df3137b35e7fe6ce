import { DreamosError } from '../../../model/errors.ts';
import { type Message, priorities, unseal } from '../../../model/message.ts';
import { dueByOf } from '../../../model/metrics/late.ts';
import { isLog } from '../../../model/topic.ts';
import type { MailEvent } from '../../../model/event.ts';
import { bytesOf } from '../../port/dump/loading.ts';
import { type DumpEntry } from '../../port/dump/records.ts';
import { writeReason } from '../claim/reason.ts';
import type { FileContext } from '../disk/context.ts';
import { ensureFolder } from '../disk/folders.ts';
import { reasonOf } from '../names/beside.ts';
import {
  type EntryName,
  formatEntryName,
  longestEntryName,
  orderOf,
  replaceOf,
  timeTagOf,
  unset,
} from '../names/entry-name.ts';
import { bucketName, laneOf, type Mailbox } from '../names/layout.ts';
import { folderOf, pathBelow, pathIn } from '../names/path.ts';
import { archiveFolder, inboxesIn, inboxFolder, slotOf } from '../names/slots.ts';
import { bucketEntries } from '../places/buckets.ts';
import { acquireOrderingKey } from '../places/key-heads.ts';
import { spoilt } from './documents.ts';

/** The newest bucket of a lane, while it is filled. */
interface Filling {
  parent: string;
  bucket: string;
  inParent: number;
  inBucket: number;
  /** How many buckets there were. */
  nth: number;
  last: string;
}

export class EntryPlaces {
  readonly #ctx: FileContext;
  readonly #at: number;
  readonly #lanes = new Map<string, Filling>();
  /** Of what lies in topics' logs, by log and id: the entries' keys. */
  readonly #published = new Map<string, string>();

  constructor(ctx: FileContext) {
    this.#ctx = ctx;
    this.#at = ctx.clock.now();
  }

  /** Of what was published. */
  keyOf(mailbox: string, id: string): string | undefined {
    return this.#published.get(`${mailbox}\0${id}`);
  }

  async place(mailbox: Mailbox, entry: DumpEntry): Promise<void> {
    const ctx = this.#ctx;
    const bytes = bytesOf(entry.body);
    const name = nameFor(entry, messageIn(entry, bytes));
    const text = formatEntryName(name);
    if (text.length > longestEntryName)
      throw spoilt(`what it says of ${entry.id} in ${mailbox.name} is too long for a name`);
    const path = pathIn(await this.#folderFor(mailbox, entry, name, text), text);
    await ensureFolder(ctx, folderOf(path));
    await ctx.disk.create(path, Buffer.concat([bytes, lineEnd]), { sync: true });
    if (isLog(mailbox.name)) this.#published.set(`${mailbox.name}\0${entry.id}`, pathBelow(mailbox.dir, path));
    const { order, id, attempt } = name;
    if (entry.holdsKey && order) await acquireOrderingKey(ctx, mailbox, order.key, { id, life: order.life, attempt });
    if (entry.dead) {
      const { reason, attempts, history, notice } = entry.dead;
      const told = history as unknown as MailEvent[];
      await writeReason(ctx, reasonOf(path), { reason, attempts, deadAt: entry.at, history: told, notice });
    }
  }

  async #folderFor(mailbox: Mailbox, entry: DumpEntry, name: EntryName, text: string): Promise<string> {
    switch (entry.state) {
      case 'ready':
        return this.#bucketIn(laneOf(mailbox, name.rank, entry.comesBack ? 0 : 1), text);
      case 'delayed':
        return entry.inbox === undefined ? slotOf(mailbox.delayed, name.time) : this.#inboxOf(mailbox, entry.inbox);
      case 'inflight':
        return slotOf(mailbox.inflight, name.time);
      case 'archived':
        return archiveFolder(mailbox, name.time);
      case 'dead':
      default:
        return mailbox.dlq;
    }
  }

  async #inboxOf(mailbox: Mailbox, request: string): Promise<string> {
    const open = inboxesIn((await this.#ctx.disk.list(mailbox.requests)) ?? []);
    const inbox = open.find((one) => one.request === request);
    if (!inbox) throw spoilt(`the inbox of ${request} in ${mailbox.name} is missing`);
    return inboxFolder(mailbox, inbox.until, request);
  }

  /** In the order in which they come: what would stand before the one before it begins another bucket. */
  #bucketIn(lane: string, text: string): string {
    let filling = this.#lanes.get(lane);
    if (!filling) {
      filling = { parent: '', bucket: '', inParent: bucketEntries, inBucket: bucketEntries, nth: 0, last: '' };
      this.#lanes.set(lane, filling);
    }
    if (filling.inBucket >= bucketEntries || text < filling.last) {
      if (filling.inParent >= bucketEntries) {
        filling.parent = pathIn(lane, this.#newBucket(filling));
        filling.inParent = 0;
      }
      filling.bucket = pathIn(filling.parent, this.#newBucket(filling));
      filling.inParent++;
      filling.inBucket = 0;
    }
    filling.inBucket++;
    filling.last = text;
    return filling.bucket;
  }

  #newBucket(filling: Filling): string {
    return bucketName(this.#at + ++filling.nth, this.#ctx.ids.token());
  }
}

const lineEnd = Buffer.from('\n');

function messageIn({ id, mailbox }: DumpEntry, bytes: Buffer): Message {
  let why = '';
  try {
    const message = unseal(bytes);
    if (message.id === id) return message;
    why = `it is ${message.id}`;
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    why = error.message;
  }
  throw spoilt(`${id} in ${mailbox} cannot be read: ${why}`);
}

/** @param message for what an entry's name says of it */
function nameFor(entry: DumpEntry, message: Message): EntryName {
  const { state, token, maxAttempts, since, settled, expiresAt, withdrawn, origin, tags, life = 0 } = entry;
  const order = entry.unordered ? undefined : orderOf(message);
  if (state === 'inflight' && token === undefined)
    throw spoilt(`${entry.id} in ${entry.mailbox} is claimed without a token`);
  return {
    ...unset,
    ...{ tag: timeTagOf[state], time: entry.at, id: entry.id, rank: priorities.indexOf(entry.priority) },
    attempt: entry.attempt,
    ...(state === 'inflight' && { token, maxAttempts }),
    ...((state === 'inflight' || state === 'delayed') && { since }),
    settled: settled?.at(-1),
    expiresAt,
    dueBy: dueByOf(message),
    withdrawn,
    order: order && { ...order, life },
    replace: replaceOf(message),
    notify: message.notify,
    task: message.task === undefined ? undefined : true,
    origin,
    unknown: tags,
  };
}
