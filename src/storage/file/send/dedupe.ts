/**
 * Idempotent sends. The key's file is a hard link to the body, made and synced before the commit; link() is the
 * compare-and-swap that lets one of several senders win. A repeat finds the file, finishes the first send if that was cut
 * off, and answers with its id.
 *
 * They are always synced, also where `relaxed` is asked for: a key that outlives its message in a power cut, or that
 * holds half of it, would call a lost message sent, or refuse its sender as long as it is remembered.
 *
 * The key's place depends on the key alone. In folders by day two senders on both sides of midnight would both win.
 * A key is remembered for the root's `dedupeWindow` since its file was made. One that is older, or lies further ahead than
 * that, is over: it is forgotten by whoever sends under it; the others are swept, a few at a time, by later sends with keys.
 */
import { mostFileBytes } from '../../../model/basics/limits.ts';
import type { FormerName } from '../../../model/agent.ts';
import { DreamosError } from '../../../model/errors.ts';
import { unseal, type Message } from '../../../model/message.ts';
import type { Durability } from '../../../model/settings.ts';
import { sha256 } from '../../../model/basics/sha256.ts';
import type { Outgoing, Sent } from '../../port/mail.ts';
import { MailboxFull } from '../../port/refusals.ts';
import { asFormer, mismatchOf } from '../../port/repeat.ts';
import { takeRoom } from './room.ts';
import type { FileContext } from '../disk/context.ts';
import type { ReadResult } from '../disk/disk.ts';
import { ensureFolder, syncAncestorsOnce } from '../disk/folders.ts';
import { forget, isOver, oldDedupeFiles, windowMs } from './dedupe-keys.ts';
import { handOutOrLeave } from './hand-out.ts';
import { commit, discard, prepare, putBack, removeDiscarded, uncertain } from './outbox.ts';
import { outboxBody } from '../names/outbox-name.ts';
import { folderOf, pathIn } from '../names/path.ts';

const sweepEvery = 64;
const durability: Durability = 'full';

export async function sendUnderDedupeKey(ctx: FileContext, outgoing: Outgoing): Promise<Sent> {
  const { message } = outgoing;
  const dedupeFile = dedupeFileOf(ctx, message);
  // First, because nothing may be looked for through a link in its place.
  await ensureFolder(ctx, folderOf(dedupeFile));
  if (await isRemembered(ctx, dedupeFile)) return repeat(ctx, dedupeFile, outgoing);
  for (const former of outgoing.formerSenders ?? []) {
    const sent = await repeatOfFormer(ctx, outgoing, former);
    if (sent) return sent;
  }
  if (outgoing.refusal) throw outgoing.refusal;
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
  const done = await handOutOrLeave(ctx, message);
  if (ctx.ids.fraction() * sweepEvery < 1) await sweep(ctx, folderOf(dedupeFile));
  return { id: message.id, mailboxes: outgoing.mailboxes, state: stateOf(outgoing), durability, ...done };
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
  // A repeat has committed it while this process was paused; it is sent as long as its own key says so, and no other's.
  const file = await ctx.disk.read(dedupeFile, { maxBytes: mostFileBytes });
  return (file.ok || !file.missing) && firstUnder(outgoing, file).id === id;
}

/** A key that is not on disk before its message is: after a power cut the next try would send it again. */
async function syncDedupeFile(ctx: FileContext, dedupeFile: string): Promise<void> {
  await ctx.disk.syncDir(folderOf(dedupeFile));
  await syncAncestorsOnce(ctx, folderOf(dedupeFile), ctx.layout.root);
}

/** Of what its sender has sent under the same key before he was renamed. */
async function repeatOfFormer(ctx: FileContext, outgoing: Outgoing, former: FormerName): Promise<Sent | undefined> {
  const dedupeFile = dedupeFileOf(ctx, { ...outgoing.message, from: former.name });
  await ensureFolder(ctx, folderOf(dedupeFile));
  if (!(await isRemembered(ctx, dedupeFile))) return undefined;
  const file = await ctx.disk.read(dedupeFile, { maxBytes: mostFileBytes });
  if (!file.ok && file.missing) return undefined;
  const said = asFormer(firstUnder(outgoing, file), outgoing.message, former);
  return said && repeat(ctx, dedupeFile, outgoing, said);
}

/** @param said what is compared with the first one */
async function repeat(
  ctx: FileContext,
  dedupeFile: string,
  outgoing: Outgoing,
  said = outgoing.message,
): Promise<Sent> {
  const file = await ctx.disk.read(dedupeFile, { maxBytes: mostFileBytes });
  // Forgotten in between: a new send.
  if (!file.ok && file.missing) return sendUnderDedupeKey(ctx, outgoing);
  const first = firstUnder(outgoing, file);
  const mismatch = mismatchOf(first, said, outgoing.formerMacs);
  if (mismatch) throw mismatch;
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
  // Who was subscribed to a topic the message itself does not say.
  const mailboxes = first.topic === undefined ? first.to : outgoing.mailboxes;
  return { id: first.id, mailboxes, state: stateOf(outgoing), durability, duplicate: true };
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

function stateOf(outgoing: Outgoing): 'ready' | 'delayed' {
  return outgoing.dueAt === undefined ? 'ready' : 'delayed';
}

/** Whether there is such a key; one that is over is forgotten, and is none. */
async function isRemembered(ctx: FileContext, dedupeFile: string): Promise<boolean> {
  if (!(await ctx.disk.stat(dedupeFile))) return false;
  if (await isOver(ctx, dedupeFile, await windowMs(ctx))) await forget(ctx, [dedupeFile]);
  return (await ctx.disk.stat(dedupeFile)) !== undefined;
}

async function sweep(ctx: FileContext, dir: string): Promise<void> {
  try {
    await forget(ctx, await oldDedupeFiles(ctx, dir));
  } catch (error) {
    if (!(error instanceof DreamosError)) throw error;
    // The message is sent; a later send sweeps.
    ctx.warn(`Old dedupe keys could not be swept: ${error.message}`);
  }
}
