/**
 * Send: the bytes go to tmp/ and are synced, then the name goes into ready/ (or delayed/), then that folder is synced.
 * The rename is the commit; success is answered after the last sync.
 *
 * | what is sent | written | synced (durability `full`) |
 * | --- | --- | --- |
 * | one message to one mailbox | its own file | the file, its folder; the folders above on their first use |
 * | several in one call | one JSON Lines file, one link a message | the file, each folder once |
 * | to several mailboxes, to a topic's log, or with a dedupe key | the outbox way (outbox.ts) | the body, its folder, outbox/ |
 */
import { dirname } from 'node:path';
import { DreamosError } from '../../../model/errors.ts';
import { type Message, sealLines } from '../../../model/message.ts';
import type { Durability } from '../../../model/settings.ts';
import { isLog } from '../../../model/topic.ts';
import type { Outgoing, SendHow, Sent } from '../../port/mail.ts';
import { MailboxFull } from '../../port/refusals.ts';
import { takeRoom } from './room.ts';
import type { FileContext } from '../disk/context.ts';
import { sendKeyed } from './dedupe.ts';
import { formatEntryName, type EntryName } from '../names/entry-name.ts';
import { arrival, logEvents, type LogEntry } from '../events/event-log.ts';
import {
  ensureFolder,
  forgetFolder,
  moveInto,
  removedAgain,
  syncAncestorsOnce,
  syncFolderOrAncestor,
  forgetSynced,
} from '../disk/folders.ts';
import { putInInbox } from '../places/inbox.ts';
import { slotOf, type Mailbox } from '../names/layout.ts';
import { commit, firstName, handOutOrLeave, prepare, uncertain } from './outbox.ts';
import { linkToReady, moveToReady } from '../places/filling.ts';

/** So many messages share one file at most: their parts keep it alive until the last one is gone. */
const maxPerFile = 1000;

export async function send(
  ctx: FileContext,
  outgoing: readonly Outgoing[],
  { durability, untilFull = false }: SendHow,
): Promise<(Sent | DreamosError)[]> {
  const results: (Sent | DreamosError)[] = [];
  // In the caller's order, run by run, because a sender's messages keep their order.
  for (let at = 0; at < outgoing.length;) {
    const run = packable(outgoing, at);
    for (const result of await sendRun(ctx, run, durability, untilFull)) {
      results.push(result);
      if (untilFull && result instanceof MailboxFull) return results;
    }
    at += run.length;
  }
  return results;
}

/** What has room of a run: all but those without, or those before the first one without. */
async function sendRun(
  ctx: FileContext,
  run: readonly Outgoing[],
  durability: Durability,
  untilFull: boolean,
): Promise<(Sent | DreamosError)[]> {
  const [first] = run;
  // Under a key it takes its room only if the key turns out to be new.
  if (run.length === 1 && first && (!first.limits || first.message.dedupeKey !== null))
    return [await orError(() => sendOne(ctx, first, durability))];
  if (run.every(({ limits }) => !limits)) return sendPacked(ctx, run, durability);
  const refused = new Map<number, MailboxFull>();
  const releases: (() => void)[] = [];
  const roomy: Outgoing[] = [];
  try {
    for (const [i, outgoing] of run.entries()) {
      const taken = outgoing.limits && (await takeRoom(ctx, outgoing));
      if (taken instanceof MailboxFull) refused.set(i, taken);
      else roomy.push(outgoing);
      if (typeof taken === 'function') releases.push(taken);
      if (untilFull && refused.size > 0) break;
    }
    const [only] = roomy;
    const sent =
      roomy.length > 1
        ? await sendPacked(ctx, roomy, durability)
        : only
          ? [await orError(() => sendOne(ctx, only, durability))]
          : [];
    const tried = roomy.length + refused.size;
    let next = 0;
    return run.slice(0, tried).map((_, i) => refused.get(i) ?? (sent[next++] as Sent | DreamosError));
  } finally {
    for (const release of releases) release();
  }
}

/** The longest run from `at` on that may share a file: one agent's mailbox each and no dedupe key. */
function packable(outgoing: readonly Outgoing[], at: number): Outgoing[] {
  let end = at;
  while (end < outgoing.length && end - at < maxPerFile && isPlain(outgoing[end])) end++;
  return outgoing.slice(at, Math.max(end, at + 1));
}

function isPlain(outgoing: Outgoing | undefined): boolean {
  if (outgoing?.mailboxes.length !== 1 || outgoing.message.dedupeKey !== null) return false;
  return !isLog(mailboxOf(outgoing));
}

async function orError(work: () => Promise<Sent>): Promise<Sent | DreamosError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DreamosError) return error;
    throw error;
  }
}

async function sendOne(ctx: FileContext, outgoing: Outgoing, durability: Durability): Promise<Sent> {
  const { message, mailboxes } = outgoing;
  if (message.dedupeKey !== null) return sendKeyed(ctx, outgoing);
  const [only] = mailboxes;
  if (only !== undefined && isPlain(outgoing)) {
    const mailbox = ctx.layout.mailbox(only);
    const file = `${mailbox.tmp}/${message.id}.json`;
    await create(ctx, mailbox, file, sealLines([message]).bytes, durability);
    const at = ctx.clock.now();
    const placed = await move(ctx, file, mailbox, firstName(ctx, outgoing, only), message);
    const failed = durability === 'full' ? (await syncPlaced(ctx, [placed])).get(message.id) : undefined;
    if (failed) throw failed;
    await logEvents(ctx, mailbox, [eventOf(outgoing)], at);
  } else {
    await prepare(ctx, outgoing, durability);
    await commit(ctx, message.id, durability, { recipients: mailboxes.length });
    await handOutOrLeave(ctx, message);
  }
  return sentOf(outgoing, durability);
}

async function sendPacked(
  ctx: FileContext,
  run: readonly Outgoing[],
  durability: Durability,
): Promise<(Sent | DreamosError)[]> {
  const { bytes, lengths } = sealLines(run.map(({ message }) => message));
  const home = ctx.layout.mailbox(mailboxOf(run[0] as Outgoing));
  const file = `${home.tmp}/${run[0]?.message.id ?? ''}.jsonl`;
  const failed = await errorOf(() => create(ctx, home, file, bytes, durability));
  if (failed) return run.map(() => failed);

  const placed = new Map<string, Placed>();
  const failures = new Map<string, DreamosError>();
  const at = ctx.clock.now();
  let offset = 0;
  for (const [i, outgoing] of run.entries()) {
    // Without its line end, so that a message's bytes are the same alone and in a batch.
    const range = { offset, length: lengths[i] ?? 0 };
    offset += range.length + 1;
    const { id } = outgoing.message;
    try {
      const mailbox = mailboxOf(outgoing);
      const name = { ...firstName(ctx, outgoing, mailbox), range };
      placed.set(id, await link(ctx, file, ctx.layout.mailbox(mailbox), name, outgoing.message));
    } catch (error) {
      if (!(error instanceof DreamosError)) throw error;
      failures.set(id, error);
    }
  }
  if (durability === 'full') {
    for (const members of grouped(placed.values(), ({ dir }) => dir).values()) {
      for (const [id, error] of await syncPlaced(ctx, members)) failures.set(id, error);
    }
  }
  const leftover = await errorOf(async () => {
    await ctx.disk.remove(file);
  });
  if (leftover) ctx.warn(`A file stays in tmp/ until \`dreamos doctor --fix\`: ${leftover.message}`);
  const delivered = run.filter(({ message }) => !failures.has(message.id));
  for (const [mailbox, members] of grouped(delivered, mailboxOf)) {
    await logEvents(ctx, ctx.layout.mailbox(mailbox), members.map(eventOf), at);
  }
  return run.map((outgoing) => failures.get(outgoing.message.id) ?? sentOf(outgoing, durability));
}

interface Placed {
  readonly id: string;
  readonly dir: string;
  readonly name: EntryName;
  /** The state's own folder, which is durable since the mailbox was made, or the inbox, durable since it was opened. */
  readonly top: string;
}

async function create(
  ctx: FileContext,
  mailbox: Mailbox,
  file: string,
  bytes: Buffer,
  durability: Durability,
): Promise<void> {
  const sync = durability === 'full';
  await ensureFolder(ctx, mailbox.tmp);
  if (await ctx.disk.create(file, bytes, { sync })) return;
  // Somebody has removed tmp/ since this process first saw it.
  forgetFolder(ctx, mailbox.tmp);
  await ensureFolder(ctx, mailbox.tmp);
  if (!(await ctx.disk.create(file, bytes, { sync }))) throw vanished(file);
}

async function move(
  ctx: FileContext,
  file: string,
  mailbox: Mailbox,
  name: EntryName,
  message: Message,
): Promise<Placed> {
  try {
    if (name.tag === 't') {
      const answer = await putInInbox(ctx, mailbox, message, name, (target) => ctx.disk.rename(file, target));
      if (answer) return placedIn(answer.dir, answer.dir, answer.name);
      const bucket = await moveToReady(ctx, file, mailbox, 1, name);
      if (bucket !== undefined) return placedIn(mailbox.ready, bucket, name);
    } else {
      const slot = slotOf(mailbox.delayed, name.time);
      if (await moveInto(ctx, file, slot, formatEntryName(name))) return placedIn(mailbox.delayed, slot, name);
    }
  } catch (error) {
    await ctx.disk.remove(file);
    throw error;
  }
  throw vanished(file);
}

async function link(
  ctx: FileContext,
  file: string,
  mailbox: Mailbox,
  name: EntryName,
  message: Message,
): Promise<Placed> {
  if (name.tag === 't') {
    const put = async (target: string) => (await ctx.disk.link(file, target)) !== 'missing';
    const answer = await putInInbox(ctx, mailbox, message, name, put);
    if (answer) return placedIn(answer.dir, answer.dir, answer.name);
    const bucket = await linkToReady(ctx, file, mailbox, name);
    if (bucket === undefined) throw vanished(file);
    return placedIn(mailbox.ready, bucket, name);
  }
  const slot = slotOf(mailbox.delayed, name.time);
  for (let round = 0; round < 100; round++) {
    await ensureFolder(ctx, slot);
    if ((await ctx.disk.link(file, `${slot}/${formatEntryName(name)}`)) !== 'missing') {
      return placedIn(mailbox.delayed, slot, name);
    }
    if (!(await ctx.disk.stat(file))) throw vanished(file);
    forgetFolder(ctx, slot);
  }
  throw removedAgain(slot);
}

function vanished(file: string): DreamosError {
  return new DreamosError('disk', 'DISK_FAILED', `${file} vanished while it was being sent; nothing was sent.`, {
    hint: 'Does something clean up tmp/ of this root? Send it again.',
  });
}

function placedIn(top: string, dir: string, name: EntryName): Placed {
  return { id: name.id, dir, name, top };
}

/**
 * Syncs a folder and, on its first use, those above it; all of `placed` lie in it. When that fails the messages are taken
 * back. One that somebody has claimed already can't be, nor any on a disk that takes no more changes: their outcome is
 * uncertain.
 */
async function syncPlaced(ctx: FileContext, placed: readonly Placed[]): Promise<Map<string, DreamosError>> {
  const failures = new Map<string, DreamosError>();
  const [first] = placed;
  if (!first) return failures;
  if (first.top.endsWith('delayed')) {
    // Slots and hours come back under the same name, so that they were synced once says nothing.
    forgetSynced(ctx, first.dir);
    forgetSynced(ctx, dirname(first.dir));
  }
  const error = await errorOf(async () => {
    await syncFolderOrAncestor(ctx, first.dir);
    await syncAncestorsOnce(ctx, first.dir, first.top);
  });
  if (!error) return failures;
  for (const { dir, name, id } of placed) {
    let gone = false;
    const stuck = await errorOf(async () => {
      gone = await ctx.disk.remove(`${dir}/${formatEntryName(name)}`);
    });
    failures.set(id, gone && !stuck ? error : uncertain(id, error));
  }
  return failures;
}

async function errorOf(work: () => Promise<void>): Promise<DreamosError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof DreamosError) return error;
    throw error;
  }
}

function mailboxOf(outgoing: Outgoing): string {
  return outgoing.mailboxes[0] ?? '';
}

function eventOf({ message, dueAt }: Outgoing): LogEntry {
  return arrival(dueAt === undefined ? 'delivered' : 'scheduled', message.id, message);
}

function sentOf({ message, mailboxes, dueAt }: Outgoing, durability: Durability): Sent {
  return { id: message.id, mailboxes, state: dueAt === undefined ? 'ready' : 'delayed', durability };
}

function grouped<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
