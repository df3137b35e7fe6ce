/**
 * Idempotent sends. The key's file is a hard link to the body, made and synced before the commit; link() is the
 * compare-and-swap that lets one of several senders win. A repeat finds the file, finishes the first send if that was cut
 * off, and answers with its id.
 *
 * They are always synced, also where `relaxed` is asked for: a key that outlives its message in a power cut, or that
 * holds half of it, would call a lost message sent, or refuse its sender for two days.
 *
 * The key's place depends on the key alone. In folders by day two senders on both sides of midnight would both win.
 * Keys are remembered for two days and then swept, a few at a time, by later sends with keys.
 */
import { dayMs, mostFileBytes } from '../../../model/basics/limits.ts';
import { DreamosError } from '../../../model/errors.ts';
import { dataJson, unseal, type Message } from '../../../model/message.ts';
import type { Durability } from '../../../model/settings.ts';
import { sha256 } from '../../../model/basics/sha256.ts';
import type { Outgoing, Sent } from '../../port/mail.ts';
import { dedupeMismatch, MailboxFull } from '../../port/refusals.ts';
import { takeRoom } from './room.ts';
import type { FileContext } from '../disk/context.ts';
import type { ReadResult } from '../disk/disk.ts';
import { listState } from '../look/find.ts';
import { ensureFolder, syncAncestorsOnce } from '../disk/folders.ts';
import { isDedupeFolder } from '../names/layout.ts';
import { commit, discard, handOutOrLeave, prepare, putBack, removeDiscarded, uncertain } from './outbox.ts';
import { outboxBody } from '../names/outbox-name.ts';
import { folderOf, liesIn, pathIn } from '../names/path.ts';

const rememberedMs = 2 * dayMs;
const sweepEvery = 64;
const durability: Durability = 'full';

export async function sendUnderDedupeKey(ctx: FileContext, outgoing: Outgoing): Promise<Sent> {
  const { message } = outgoing;
  const dedupeFile = dedupeFileOf(ctx, message);
  // First, because nothing may be looked for through a link in its place.
  await ensureFolder(ctx, folderOf(dedupeFile));
  if (await ctx.disk.stat(dedupeFile)) return repeat(ctx, dedupeFile, outgoing);
  const release = outgoing.limits ? await takeRoom(ctx, outgoing) : undefined;
  if (release instanceof MailboxFull) throw release;
  try {
    return await sendFirst(ctx, dedupeFile, outgoing);
  } finally {
    release?.();
  }
}

async function sendFirst(ctx: FileContext, dedupeFile: string, outgoing: Outgoing): Promise<Sent> {
  const { message } = outgoing;
  await prepare(ctx, outgoing, durability);
  if ((await ctx.disk.link(pathIn(ctx.layout.uncommitted(message.id), outboxBody), dedupeFile)) !== 'made') {
    await discard(ctx, message.id);
    return repeat(ctx, dedupeFile, outgoing);
  }
  if (!(await commitUnder(ctx, dedupeFile, outgoing))) return sendUnderDedupeKey(ctx, outgoing);
  await handOutOrLeave(ctx, message);
  if (ctx.ids.fraction() * sweepEvery < 1) await sweep(ctx, folderOf(dedupeFile));
  return { id: message.id, mailboxes: outgoing.mailboxes, state: stateOf(outgoing), durability };
}

/** Where the key of a message is remembered: keys are scoped to their sender. */
export function dedupeFileOf(ctx: FileContext, message: Message): string {
  return ctx.layout.dedupeKey(sha256(`${message.from.toLowerCase()}\0${message.dedupeKey}`));
}

/** @returns `false`: this process was paused for so long that its key and its body were swept */
async function commitUnder(ctx: FileContext, dedupeFile: string, outgoing: Outgoing): Promise<boolean> {
  const { id } = outgoing.message;
  try {
    await syncDedupeFile(ctx, dedupeFile);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    if (!(await discard(ctx, id, dedupeFile))) throw uncertain(id, error);
    throw error;
  }
  if (await commit(ctx, id, durability, { recipients: outgoing.mailboxes.length, dedupeFile })) return true;
  // A repeat has committed it while this process was paused; it is sent as long as the key says so.
  return (await ctx.disk.stat(dedupeFile)) !== undefined;
}

/** A key that is not on disk before its message is: after a power cut the next try would send it again. */
async function syncDedupeFile(ctx: FileContext, dedupeFile: string): Promise<void> {
  await ctx.disk.syncDir(folderOf(dedupeFile));
  await syncAncestorsOnce(ctx, folderOf(dedupeFile), ctx.layout.root);
}

async function repeat(ctx: FileContext, dedupeFile: string, outgoing: Outgoing): Promise<Sent> {
  const file = await ctx.disk.read(dedupeFile, { maxBytes: mostFileBytes });
  // Swept in between, so older than the memory: a new send.
  if (!file.ok && file.missing) return sendUnderDedupeKey(ctx, outgoing);
  const first = firstUnder(outgoing, file);
  if (essence(first) !== essence(outgoing.message)) {
    // Who is in a group may have changed since.
    const alike = essence(first) === essence({ ...outgoing.message, to: first.to });
    throw dedupeMismatch(first, alike);
  }
  // Whoever made the key may have died before it was synced or committed, or be paused there; both are safe to do twice.
  await syncDedupeFile(ctx, dedupeFile);
  if (
    !(await commit(ctx, first.id, durability)) &&
    (await ctx.disk.stat(ctx.layout.discarded(first.id))) &&
    !(await putBack(ctx, first.id, dedupeFile))
  ) {
    // Its sender's disk failed, and the sender died or is busy taking it back: never sent, so this is the first one.
    await removeDiscarded(ctx, first.id, dedupeFile);
    return sendUnderDedupeKey(ctx, outgoing);
  }
  await handOutOrLeave(ctx, first);
  const state = await stateOfFirst(ctx, outgoing, first.id);
  return { id: first.id, mailboxes: outgoing.mailboxes, state, durability, duplicate: true };
}

function firstUnder({ message }: Outgoing, file: ReadResult): Message {
  let why = file.ok ? '' : file.why;
  try {
    if (file.ok) return unseal(file.bytes);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    why = error.message;
  }
  throw new DreamosError(
    'invalid',
    'CORRUPT',
    `What was first sent under the dedupe key "${message.dedupeKey}" cannot be read any more (${why}), so nothing was sent now.`,
    { hint: `Look whether it arrived, then use another key: dreamos watch --since start` },
  );
}

/** What makes two sends the same: all but the id and the times, which differ in every try. */
function essence(message: Message): string {
  const { from, to, topic, subject, body, type, priority, thread, replyTo, tags, orderingKey } = message;
  return JSON.stringify([
    from.toLowerCase(),
    [...to].sort(),
    subject,
    body,
    type,
    priority,
    thread,
    replyTo,
    tags,
    dataJson(message),
    topic ?? null,
    orderingKey ?? null,
  ]);
}

function stateOf(outgoing: Outgoing): 'ready' | 'delayed' {
  return outgoing.dueAt === undefined ? 'ready' : 'delayed';
}

/** The first one's own, whatever delay the repeat asks for: `delayed` as long as it waits to be delivered anywhere. */
async function stateOfFirst(ctx: FileContext, outgoing: Outgoing, id: string): Promise<'ready' | 'delayed'> {
  try {
    for (const mailbox of outgoing.mailboxes) {
      const { delayed } = ctx.layout.mailbox(mailbox);
      for await (const { name, path } of listState(ctx, ctx.layout.mailbox(mailbox), 'delayed', id)) {
        // A later attempt's delay is a nack's; what lies in a request's inbox was delivered to it.
        if (name.attempt === 0 && liesIn(delayed, path)) return 'delayed';
      }
    }
    return 'ready';
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // It is sent, whatever the disk says now; told otherwise, the sender would try again for nothing.
    ctx.warn(`Where ${id} is now could not be seen: ${error.message}`);
    return stateOf(outgoing);
  }
}

/** Forgets every key that is old enough. @returns how many */
export async function sweepKeys(ctx: FileContext, dryRun: boolean): Promise<number> {
  let swept = 0;
  for (const folder of ((await ctx.disk.list(ctx.layout.dedupe)) ?? []).filter(isDedupeFolder).sort()) {
    for await (const path of oldDedupeFiles(ctx, pathIn(ctx.layout.dedupe, folder))) {
      if (dryRun || (await ctx.disk.remove(path))) swept++;
    }
  }
  return swept;
}

async function* oldDedupeFiles(ctx: FileContext, dir: string): AsyncGenerator<string, void, void> {
  for (const name of (await ctx.disk.list(dir)) ?? []) {
    const stat = await ctx.disk.stat(pathIn(dir, name));
    if (stat && stat.mtimeMs < ctx.clock.now() - rememberedMs) yield pathIn(dir, name);
  }
}

async function sweep(ctx: FileContext, dir: string): Promise<void> {
  try {
    for await (const path of oldDedupeFiles(ctx, dir)) await ctx.disk.remove(path);
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // The message is sent; a later send sweeps.
    ctx.warn(`Old dedupe keys could not be swept: ${error.message}`);
  }
}
